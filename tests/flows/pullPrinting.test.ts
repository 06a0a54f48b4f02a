import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runCliCommand } from '../../local/processes';
import { ROOT, startFlow, type Flow } from '../support/startFlow';

jest.setTimeout(90_000);

/** docs/pull-printing.md from the virtual printer to the job at the reader, with the real command line and the built app. */
describe('pull printing', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pull-printing-'));
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow();
    await flow.control.setVariants({ deviceCodeIntervalSeconds: 1, printerCreationMs: 500 });
  }, 60_000);
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await flow.stop();
  }, 30_000);

  /** Runs a command with `--json`. Where it asks for a sign-in, a Printer Administrator signs in. */
  async function cli(...argv: string[]): Promise<Record<string, unknown>> {
    let isRunning = true;
    const ran = runCliCommand(ROOT, flow.cloud.environment, argv).finally(() => (isRunning = false));
    const answered = new Set<string>();
    while (isRunning) {
      for (const { userCode } of await flow.control.deviceCodes()) {
        if (answered.has(userCode)) continue;
        answered.add(userCode);
        await flow.control.answerDeviceCode(userCode, { as: 'printerAdministrator' });
      }
      await delay(100);
    }
    return (await ran) as Record<string, unknown>;
  }

  it('registers a virtual printer, holds its jobs, and prints one at the reader where the badge is shown', async () => {
    const { tenantId, printerId: reader, definitionId } = await flow.onboard(['jobStarted'], { trigger: false });
    const created = await cli(
      'printers',
      'create-virtual',
      '--tenant',
      tenantId,
      '--name',
      'Pull printing',
      '--device-code',
    );
    const virtual = String(created['printerId']);
    const trigger = ['--printer', virtual, '--definition', definitionId];
    await cli('triggers', 'create', '--tenant', tenantId, ...trigger, '--device-code');
    const rules = join(folder, 'pull.json');
    writeFileSync(
      rules,
      JSON.stringify({
        version: 1,
        onFailure: 'abort',
        virtualPrinters: [virtual],
        rules: [true, false].map((redirected) => ({
          name: redirected ? 'pull printing, redirected' : 'pull printing',
          on: 'jobStarted',
          when: { printer: virtual, ...(redirected ? { redirected } : {}) },
          then: { hold: { for: '4h', else: 'abort' } },
        })),
      }),
    );
    await cli('rules', 'push', rules, '--tenant', tenantId, '--name', 'Customer');
    const { token } = await cli(
      'tenants',
      'token',
      'create',
      '--tenant',
      tenantId,
      '--name',
      'Reader',
      '--printer',
      reader,
    );

    const user = 'ada@contoso.example';
    await flow.control.print(tenantId, {
      printerId: virtual,
      user: { id: null, displayName: 'Ada', userPrincipalName: user },
    });
    expect(await flow.untilEvents(1)).toMatchObject([{ type: 'print.job.started', data: { outcome: 'held' } }]);

    const post = async (path: string, body: object) => {
      const answer = await fetch(`${flow.cloud.settings['PUBLIC_BASE_URL'] ?? ''}/device/jobs/${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${String(token)}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: answer.status, body: (await answer.json()) as { jobs?: { key: string }[] } };
    };
    const found = await post('search', { user });
    const key = found.body.jobs?.[0]?.key ?? '';
    expect((await post(`${key}/redirect`, { printer: reader })).status).toBe(202);
    const events = await flow.untilEvents(2);
    expect(events[1]).toMatchObject({
      type: 'print.job.ended',
      data: { outcome: 'redirected', redirectedTo: { printerId: reader }, rule: 'pull printing' },
    });
    const { tenants } = await flow.control.state();
    const jobs = tenants.find((tenant) => tenant.tenantId === tenantId)?.jobs ?? [];
    expect(jobs.filter((job) => job.printerId === reader)).toHaveLength(1);
  });
});
