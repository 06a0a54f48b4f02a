import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../local/findPorts';
import { eventually } from '../support/eventually';
import { BROWSER, runCommand, type RunOptions } from '../support/runCommand';
import { startFlow, type Flow } from '../support/startFlow';

jest.setTimeout(60_000);

const TENANT = '11111111-1111-1111-1111-111111111111';
const LIST = ['triggers', 'list', '--tenant', TENANT];

/** How a Printer Administrator signs in, with the real command line, real MSAL and a program in place of the browser. */
describe('signing in', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sign-in-'));
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow();
    await flow.control.createTenant({ tenantId: TENANT });
    await flow.control.createPrinter(TENANT, { displayName: 'First floor' });
    await run(['tenants', 'add', TENANT, '--name', 'First customer']);
  }, 60_000);
  beforeEach(() =>
    flow.control.setVariants({ nativeRedirect: true, deviceCodeFlow: 'allowed', deviceCodeIntervalSeconds: 1 }),
  );
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await flow.stop();
  }, 30_000);

  const run = (argv: string[], env: Record<string, string> = {}, onStderr?: RunOptions['onStderr']) =>
    runCommand(argv, { env: { ...flow.cloud.environment, ...env }, ...(onStderr && { onStderr }) });
  /** Enters the code that the command shows. */
  const enterCode: RunOptions['onStderr'] = (said) => {
    const code = / enter the code (\S+),/.exec(said)?.[1];
    if (code !== undefined) flow.control.answerDeviceCode(code, { as: 'printerAdministrator' }).catch(() => undefined);
  };

  it('opens a browser, says so on stderr, and continues when the person has signed in', async () => {
    const { code, stdout, stderr } = await run([...LIST, '--json']);
    expect(stderr).toMatch(
      new RegExp(
        `^Sign in as a Printer Administrator of tenant ${TENANT}\\. A browser opens on this machine\\..*:\nhttps://localhost:\\d+/${TENANT}/oauth2/v2\\.0/authorize\\?\\S+\n$`,
      ),
    );
    // PKCE by SHA-256, and a port of its own for each run (RFC 8252, 7.3).
    expect(stderr).toContain('code_challenge_method=S256');
    expect(stderr).toMatch(/redirect_uri=http%3A%2F%2Flocalhost%3A\d+&/);
    expect([code, JSON.parse(stdout)]).toEqual([0, []]);
  });

  it('names what a person without the role lacks', async () => {
    const { code, stderr } = await run(LIST, { SIGN_IN_AS: 'user' });
    expect(code).toBe(1);
    expect(stderr).toContain('error: Graph returned 403');
    expect(stderr).toContain('Sign in as a Printer Administrator of the tenant');
  });

  it('says that the person has canceled, with the code of Entra', async () => {
    const { code, stdout, stderr } = await run(LIST, { SIGN_IN_AS: 'decline' });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /^error: No person signed in to tenant \S+ at https:\/\/localhost:\d+ \(AADSTS65004: the sign-in was canceled or declined\)\. Run the command again\.$/m,
    );
  });

  it.each([
    ['AADSTS50011', { nativeRedirect: false }, 'printerAdministrator'],
    // The person chose an account of another tenant, and may choose again.
    ['AADSTS50020', {}, 'otherTenant'],
  ])('ends with Ctrl-C and closes its listener while the browser shows %s', async (shown, variants, as) => {
    await flow.control.setVariants(variants);
    const log = join(folder, shown);
    let port = '';
    const { code, stderr } = await run(LIST, { BROWSER_LOG: log, SIGN_IN_AS: as }, (said, child) => {
      port = /redirect_uri=http%3A%2F%2Flocalhost%3A(\d+)/.exec(said)?.[1] ?? '';
      if (port === '') return;
      void eventually('the page', () => readIfPresent(log)).then(() => child.kill('SIGINT'));
    });
    expect(readIfPresent(log)).toMatch(new RegExp(`^400 .*${shown}`));
    expect([code, stderr.endsWith('\nStopped.\n')]).toEqual([130, true]);
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('fetch failed');
  });

  it('is enough for fleet apply with a file, on a machine without a setting of the app', async () => {
    const at = mkdtempSync(join(folder, 'customer-'));
    const plan = join(at, 'plan.json');
    writeFileSync(
      join(at, 'fleet.json'),
      JSON.stringify({ version: 1, jobStarted: [{ definition: 'Receiver', printers: { include: ['*'] } }] }),
    );
    const of = ['--tenant', TENANT];
    expect(await run(['fleet', 'import', join(at, 'fleet.json'), ...of])).toMatchObject({ code: 0 });
    expect(await run(['fleet', 'plan', ...of, '--out', plan, '--yes'])).toMatchObject({ code: 0 });
    expect(readFileSync(plan, 'utf8')).not.toMatch(/AccountKey|local1|secret/i);
    const certificate = flow.cloud.environment['NODE_EXTRA_CA_CERTS'] ?? '';
    const env = { NODE_EXTRA_CA_CERTS: certificate };
    const applied = await runCommand(['fleet', 'apply', 'plan.json', '--yes'], { env, cwd: at });
    expect(applied).toMatchObject({ code: 0, stdout: expect.stringContaining('1 step of 1 done.') as unknown });
    const again = await runCommand(['fleet', 'apply', 'plan.json', '--device-code', '--yes', '--json'], {
      ...{ env, cwd: at },
      onStderr: enterCode,
    });
    expect([again.code, JSON.parse(again.stdout)]).toEqual([
      0,
      { tenantId: TENANT, done: 0, left: 0, failed: 0, taken: 0 },
    ]);
  });

  it('says where no browser can be opened, and the address works all the same', async () => {
    let opened: Promise<unknown> | undefined;
    const { code, stderr } = await run(LIST, { BROWSER: join(folder, 'missing') }, (said) => {
      const address = /^https:\S+$/m.exec(said)?.[0];
      // Only after the warning, which may come later than the address.
      if (address !== undefined && said.includes('warning:')) opened ??= openAddress(address);
    });
    await opened;
    expect(stderr).toMatch(/^warning: No browser could be opened\..*--device-code\.$/m);
    expect(code).toBe(0);
  });

  /** The stand-in, as a person pastes the address into it. */
  async function openAddress(address: string): Promise<void> {
    await new Promise((resolve) => execFile(BROWSER, [address], { env: flow.cloud.environment }, resolve));
  }

  it('takes a device code where that is asked for', async () => {
    const { code, stderr } = await run([...LIST, '--device-code'], {}, enterCode);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^Open http:\/\/127\.0\.0\.1:\d+\/devicelogin and enter the code [A-Z]{9}, as a/);
  });

  it.each([
    [
      'blocked',
      /AADSTS53003: Conditional Access of the customer blocks the device code flow\)\. Run the command without --device-code/,
    ],
    [
      'notAllowed',
      /AADSTS7000218: the app registration does not allow public client flows\)\. Run the command without --device-code/,
    ],
  ] as const)('explains a device code that is %s', async (deviceCodeFlow, words) => {
    await flow.control.setVariants({ deviceCodeFlow });
    const { code, stdout, stderr } = await run([...LIST, '--device-code'], {}, enterCode);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(words);
  });

  it.each([[[]], [['--device-code']]])('names a sign-in host that does not answer, with %j', async (option) => {
    const host = `https://localhost:${await freePort()}`;
    const { code, stderr } = await run([...LIST, ...option], { ENTRA_AUTHORITY_HOST: host });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: Cannot reach the sign-in host at https:\/\/localhost:\d+/m);
  });
});

function readIfPresent(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
