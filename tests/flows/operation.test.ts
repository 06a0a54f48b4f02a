import { eventually } from '../support/eventually';
import { runCommand } from '../support/runCommand';
import { signedMessage } from '../support/signedMessage';
import { startFlow, type Flow } from '../support/startFlow';

const TENANT = '11111111-1111-1111-1111-111111111111';

/** The life of a customer by the command line, against the local cloud: consent, trigger, job, poison, removal. */
describe('operating the built app', () => {
  let flow: Flow;
  let printerId: string;
  let definitionId: string;
  beforeAll(async () => {
    flow = await startFlow();
    await flow.control.createTenant({ tenantId: TENANT });
    printerId = (await flow.control.createPrinter(TENANT, { displayName: 'First floor' })).id;
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  /** The command as an operator runs it. Who signs in by the browser says `as`. */
  const cli = (argv: string[], as: 'printerAdministrator' | 'user' = 'printerAdministrator') =>
    runCommand(argv, { env: { ...flow.cloud.environment, SIGN_IN_AS: as } });
  const cliJson = async <T>(...argv: string[]): Promise<T> => {
    const { code, stdout, stderr } = await cli([...argv, '--json']);
    if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as T;
  };

  it('the consent page takes only our link, and onboards nobody', async () => {
    const { consentUrl } = await cliJson<{ consentUrl: string }>('tenants', 'consent-url', TENANT);
    const link = new URL(consentUrl);
    const back = new URL(link.searchParams.get('redirect_uri') ?? '');
    back.search = new URLSearchParams({
      tenant: TENANT,
      state: link.searchParams.get('state') ?? '',
      admin_consent: 'True',
    }).toString();
    const answer = await fetch(back);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    // Anyone who has the link can make a browser say so: only Entra's token counts, of a customer that was added.
    expect(await answer.text()).toContain('does not see the consent');
    back.searchParams.set('state', 'forged');
    expect((await fetch(back)).status).toBe(400);
    expect(await cliJson('tenants', 'list')).toEqual([]);
  }, 60_000);

  it('a trigger is created by the Printer Administrator, and by nobody else', async () => {
    await cliJson('tenants', 'add', TENANT, '--name', 'First customer');
    const named = await cliJson<{ id: string }>('definitions', 'create', '--tenant', TENANT, '--name', 'Ours');
    definitionId = named.id;
    const trigger = ['--tenant', TENANT, '--printer', printerId, '--definition', definitionId];
    const refused = await cli(['triggers', 'create', ...trigger], 'user');
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toContain('Sign in as a Printer Administrator');
    expect(await cliJson('triggers', 'create', ...trigger)).toMatchObject({ printerId, definitionId });
    expect(await cliJson('triggers', 'list', '--tenant', TENANT)).toMatchObject([{ printerId, ours: true }]);
  }, 90_000);

  it('tenants show names the permission that the customer has not granted', async () => {
    const { missing } = await cliJson<{ missing: string[] }>('tenants', 'show', TENANT);
    expect(missing).toEqual([]);
    await flow.control.changeTenant(TENANT, {
      roles: ['PrintTaskDefinition.ReadWrite.All', 'Printer.Read.All', 'PrintJob.ReadBasic.All'],
    });
    const narrowed = await cliJson<{ missing: string[] }>('tenants', 'show', TENANT);
    expect(narrowed.missing.sort()).toEqual([
      ...['PrintJob.Manage.All', 'PrintJob.Read.All', 'PrintJob.ReadWriteBasic.All'],
      'PullPrintPrinter.Read.All',
    ]);
  }, 60_000);

  it('status and poison show a message that failed, and a second replay does no harm', async () => {
    await cliJson('subscriptions', 'add', '--tenant', TENANT, '--definition', definitionId);
    const [job] = await flow.control.print(TENANT, { printerId, count: 1 });
    const [event] = await flow.untilEvents(1);
    await flow.untilQuiet();
    const message = signedMessage(flow.cloud.settings, 'print-notifications', {
      v: 1,
      kind: 'jobStarted',
      tenantId: TENANT,
      definitionId,
      taskId: job?.taskId,
      foundBy: 'graph',
      receivedAt: '',
      traceparent: '',
      deferrals: 0,
    });
    await flow.queues.put('print-notifications-poison', message);
    expect(await cliJson('poison', 'list')).toMatchObject([
      { queue: 'print-notifications', cause: 'done since', count: 1, replayable: 1, tenants: [TENANT] },
    ]);
    expect(await cliJson('status')).toMatchObject({
      tenants: { active: 1 },
      watches: { live: 1 },
      keys: [{ role: 'signs', watches: 1 }],
      queues: [
        { queue: 'print-notifications', poison: 1, oldestPoisonMinutes: 0 },
        { queue: 'print-notifications-waiting' },
        { queue: 'subscription-events' },
        { queue: 'print-archive' },
        { queue: 'print-job-events' },
        { queue: 'print-job-events-waiting' },
        { queue: 'print-job-events-dead' },
      ],
    });
    const base = flow.cloud.settings['PUBLIC_BASE_URL'] ?? '';
    const shown = await fetch(`${base}/status`, { headers: { 'x-functions-key': flow.cloud.functionKey } });
    expect([shown.status, shown.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(await shown.json()).toEqual(await cliJson('status'));
    expect(await cliJson('status')).toMatchObject({ state: 'ATTENTION', reasons: [{ reason: 'poison' }] });
    // Without a key the host answers, and health alone is for anyone.
    expect((await fetch(`${base}/status`)).status).toBe(401);
    const health = await fetch(`${base}/health`);
    expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }]);
    expect(await cliJson('poison', 'replay', '--all')).toEqual({ replayed: 1, left: [] });
    expect(await cliJson('poison', 'replay', '--all')).toEqual({ replayed: 0, left: [] });
    await eventually('the replayed message', () => (flow.logged('job.duplicate').length > 0 ? true : undefined));
    expect((await flow.events()).map(({ id }) => id)).toEqual([event?.id]);
  }, 60_000);

  it('a job of a paused customer prints without an event', async () => {
    await cliJson('tenants', 'pause', TENANT);
    // What is served is remembered for a minute, by the process that served it.
    await flow.cloud.restartHost();
    await flow.control.print(TENANT, { printerId, count: 1 });
    await eventually('the release of the task', async () =>
      (await flow.control.calls()).filter(({ method, path }) => method === 'PATCH' && path.includes('/tasks/'))
        .length >= 2
        ? true
        : undefined,
    );
    await flow.untilQuiet();
    expect(await flow.events()).toHaveLength(1);
    expect(await cliJson('tenants', 'resume', TENANT)).toMatchObject({ status: 'active' });
  }, 60_000);

  it('a customer is removed only when no printer would wait for us, with its ledger on request', async () => {
    const refused = await cli(['tenants', 'remove', TENANT, '--yes']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      new RegExp(`First floor: .*triggers delete \\S+ --tenant ${TENANT} --printer ${printerId}`),
    );
    const [trigger] = await cliJson<{ id: string }[]>('triggers', 'list', '--tenant', TENANT);
    await cliJson(
      ...['triggers', 'delete', trigger?.id ?? '', '--tenant', TENANT],
      ...['--printer', printerId, '--yes'],
    );
    expect(await cliJson('tenants', 'remove', TENANT, '--ledger', '--yes')).toMatchObject({
      status: 'removed',
      watches: 1,
      leftToLapse: 0,
      ledgerRows: 2,
      failures: [],
    });
    expect((await flow.control.state()).subscriptions).toEqual([]);
    expect(await cliJson('subscriptions', 'list')).toEqual([]);
    expect(await flow.control.violations()).toEqual([]);
  }, 120_000);
});
