import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClockFile, onClock } from '../../local/clockFile';
import { requireFreePorts } from '../../local/findPorts';
import { baseEnvironment } from '../../local/processes';
import { eventually } from '../support/eventually';
import { bodyOf, startedItem } from '../support/notifications';
import { post } from '../support/post';
import { runCommand } from '../support/runCommand';
import { ROOT, startFlow, type Customer, type Flow } from '../support/startFlow';
import { missingIn, readTroubles } from '../support/troubleshooting';
import { testKey } from '../support/testKey';
import { UNREACHABLE_SETTINGS } from '../support/unreachableSettings';

const TENANT = '11111111-1111-1111-1111-111111111111';
const OTHER_TENANT = '22222222-2222-2222-2222-222222222222';
const UNKNOWN = '33333333-3333-3333-3333-333333333333';
const DAY_MS = 24 * 60 * 60_000;

/** Each message of docs/troubleshooting.md, printed by the built app or command in the situation that the page describes. */
describe('docs/troubleshooting.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'troubleshooting-'));
  const troubles = readTroubles(ROOT);
  let flow: Flow;
  let customer: Customer;
  beforeAll(async () => {
    flow = await startFlow({ clock: true });
    await flow.control.createTenant({ tenantId: TENANT });
    await cli('tenants', 'add', TENANT, '--name', 'First customer');
    const { id: printerId } = await flow.control.createPrinter(TENANT, { displayName: 'First floor' });
    await cli('definitions', 'create', '--tenant', TENANT, '--name', 'Receiver');
    const { stdout } = await cli('definitions', 'list', '--tenant', TENANT, '--json');
    const [{ id: definitionId }] = JSON.parse(stdout) as [{ id: string }];
    await flow.control.createTrigger(TENANT, { printerId, definitionId });
    await cli('subscriptions', 'add', '--tenant', TENANT, '--definition', definitionId);
    customer = { tenantId: TENANT, printerId, definitionId };
  }, 60_000);
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await flow.stop();
  }, 30_000);

  const cliWith = async (env: Readonly<Record<string, string>>, ...argv: string[]) =>
    runCommand(argv, { env: { ...flow.cloud.environment, ...env } });
  const cli = (...argv: string[]) => cliWith({}, ...argv);
  const said = async (run: ReturnType<typeof cli>) => {
    const { stdout, stderr } = await run;
    return `${stdout}${stderr}`;
  };
  const elsewhere = (settings: Readonly<Record<string, string>>) =>
    said(runCommand(['tenants', 'list'], { env: settings, cwd: folder }));
  const bySecret = { GRAPH_CREDENTIAL: 'secret', ENTRA_CLIENT_SECRET: 'secret' };
  const signIn = (env: Readonly<Record<string, string>>, ...options: string[]) =>
    said(cliWith(env, 'triggers', 'list', '--tenant', TENANT, ...options));

  /** The page that a consent link ends at, with what the sign-in host adds to the address. */
  async function consentPage(added: Record<string, string>): Promise<string> {
    const { stdout } = await cli('tenants', 'consent-url', TENANT, '--json');
    const state = stateIn(stdout);
    const back = new URL(`${flow.cloud.settings['PUBLIC_BASE_URL'] ?? ''}/consent`);
    back.search = new URLSearchParams({ tenant: TENANT, state, admin_consent: 'True', ...added }).toString();
    return (await fetch(back)).text();
  }

  /** The line of the log, as JSON. */
  const logged = async (event: string, isIt: (line: Record<string, unknown>) => boolean = () => true) =>
    JSON.stringify({ event, ...(await eventually(event, () => flow.logged(event).find(isIt))) });

  const print = () => flow.control.print(TENANT, { printerId: customer.printerId });

  /** By the name of the row. Each returns what is printed, and leaves everything as it was. */
  const SITUATIONS: Readonly<Record<string, () => Promise<string>>> = {
    'error: No local.settings.json in <folder>': () => elsewhere({}),
    'error: 1 setting to correct:': () => elsewhere({ ...UNREACHABLE_SETTINGS, CLIENT_STATE_KEYS: 'foo' }),
    'error: Tenant <id> is not on the allow-list.': () => said(cli('jobs', 'sweep', '--tenant', UNKNOWN)),
    'The local cloud cannot start. port <port> (<purpose>): already in use.': async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const refusal = await requireFreePorts({ graph: port }).catch((error: unknown) => String(error));
      server.close();
      return String(refusal);
    },

    'error: Cannot reach <service> storage at <address> (connection refused).': () => elsewhere(UNREACHABLE_SETTINGS),
    '<service> storage at <address> answered 403': () => {
      const { AzureWebJobsStorage: own = '' } = flow.cloud.settings;
      const wrongKey = own.replace(/AccountKey=[^;]+/, `AccountKey=${testKey(3).toString('base64')}`);
      return said(cliWith({ AzureWebJobsStorage: wrongKey }, 'tenants', 'list'));
    },
    'error: Cannot reach Microsoft Graph at <address> (connection refused).': () =>
      said(cliWith({ GRAPH_BASE_URL: 'http://127.0.0.1:1/v1.0' }, 'tenants', 'show', TENANT)),
    'error: Cannot reach the sign-in host at <address> (connection refused).': () =>
      said(
        cliWith(
          { ...bySecret, ENTRA_AUTHORITY_HOST: 'https://localhost:1' },
          'definitions',
          'list',
          '--tenant',
          TENANT,
        ),
      ),
    'error: Cannot reach the sign-in host at <address> (TLS failed: <cause>)': () =>
      said(cliWith({ ...bySecret, NODE_EXTRA_CA_CERTS: '' }, 'definitions', 'list', '--tenant', TENANT)),

    'This link is not valid': () => consentPage({ state: 'cut' }),
    'This link is too old': async () => {
      const clock = createClockFile(join(folder, 'clock'));
      clock.move(-31 * DAY_MS);
      const env = onClock(ROOT, join(folder, 'clock'), { ...baseEnvironment(), ...flow.cloud.settings });
      const { stdout } = await runCommand(['tenants', 'consent-url', TENANT, '--json'], { env });
      clock.remove();
      return consentPage({ state: stateIn(stdout) });
    },
    'Another organisation': () => consentPage({ tenant: OTHER_TENANT }),
    'Almost done': async () => {
      await flow.control.createTenant({ tenantId: OTHER_TENANT });
      const { stdout } = await cli('tenants', 'consent-url', OTHER_TENANT, '--json');
      return consentPage({ tenant: OTHER_TENANT, state: stateIn(stdout) });
    },
    'Consent was not given': () => consentPage({ admin_consent: '', error: 'access_denied' }),

    'error: No person signed in to tenant <id> at <host> (AADSTS65004: the sign-in was canceled or declined).': () =>
      signIn({ SIGN_IN_AS: 'decline' }),
    'AADSTS53003: Conditional Access of the customer blocks the device code flow': async () => {
      await flow.control.setVariants({ deviceCodeFlow: 'blocked', deviceCodeIntervalSeconds: 1 });
      return signInByCode();
    },
    'AADSTS7000218: the app registration does not allow public client flows': async () => {
      await flow.control.setVariants({ deviceCodeFlow: 'notAllowed', deviceCodeIntervalSeconds: 1 });
      return signInByCode();
    },
    'warning: No browser could be opened.': () => {
      const argv = ['triggers', 'list', '--tenant', TENANT];
      const env = { ...flow.cloud.environment, BROWSER: join(folder, 'missing') };
      // The address is not opened.
      return said(
        runCommand(argv, { env, onStderr: (text, child) => void (text.includes('warning:') && child.kill('SIGINT')) }),
      );
    },
    'Sign in as a Printer Administrator of the tenant': () => signIn({ SIGN_IN_AS: 'user' }),

    'error: No token for tenant <id>: Entra at <host> returned 400': async () => {
      await flow.control.setConsent(TENANT, { granted: false });
      const output = await said(cliWith(bySecret, 'definitions', 'list', '--tenant', TENANT));
      await flow.control.setConsent(TENANT, { granted: true });
      return output;
    },
    'missing <permission>': () => withRoles(['Printer.Read.All'], () => said(cli('tenants', 'show', TENANT))),
    'Grant the app the application permission <permission>': () =>
      withRoles(['Printer.Read.All'], () => said(cli('definitions', 'list', '--tenant', TENANT))),

    'error: This app has a definition of that name in tenant <id>': () =>
      said(cli('definitions', 'create', '--tenant', TENANT, '--name', 'Receiver')),
    'error: Printer <id> already has a trigger, and a printer can have only one': () =>
      said(
        cli(
          ...['triggers', 'create', '--tenant', TENANT, '--printer', customer.printerId],
          ...['--definition', customer.definitionId],
        ),
      ),
    'error: The watch is stored, but Graph did not create its subscription: Graph returned 400 <code> for POST /subscriptions':
      async () => {
        const watch = ['--tenant', TENANT, '--printer', UNKNOWN];
        const output = await said(cli('subscriptions', 'add', ...watch));
        await cli('subscriptions', 'remove', ...watch, '--yes');
        return output;
      },
    'The same Entra app has a subscription to <resource> for <host>': async () => {
      const { id } = await flow.control.createPrinter(TENANT, { displayName: 'Shared registration' });
      // Another deployment answers handshakes like this one, at another address.
      const notificationUrl = flow.notificationsUrl.replace('127.0.0.1', 'localhost');
      const answer = await fetch(`${flow.cloud.settings['GRAPH_BASE_URL'] ?? ''}/subscriptions`, {
        method: 'POST',
        headers: { authorization: `Bearer development.${TENANT}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          ...{ changeType: 'updated', notificationUrl, clientState: 'other' },
          resource: `print/printers/${id}/jobs`,
          expirationDateTime: new Date(flow.clock.now() + DAY_MS).toISOString(),
        }),
      });
      const watch = ['--tenant', TENANT, '--printer', id];
      const output = await said(cli('subscriptions', 'add', ...watch));
      await cli('subscriptions', 'remove', ...watch, '--yes');
      return `${answer.status} ${output}`;
    },

    'The ledger has no such job.': () => said(cli('jobs', 'list', '--tenant', TENANT, '--status', 'failed')),
    'warning: <tenant>: new jobs of printer <id> have no task of this app.': async () => {
      await print();
      await flow.untilQuiet();
      const trigger = ['--tenant', TENANT, '--printer', customer.printerId];
      const { stdout } = await cli('triggers', 'list', '--tenant', TENANT, '--json');
      const [{ id: triggerId }] = JSON.parse(stdout) as [{ id: string }];
      await cli('triggers', 'delete', triggerId, ...trigger, '--yes');
      await print();
      // A task follows its job within seconds, so younger jobs are not judged.
      flow.cloud.clock?.move(20 * 60_000);
      const output = await said(cli('jobs', 'sweep', '--tenant', TENANT));
      await cli('triggers', 'create', ...trigger, '--definition', customer.definitionId);
      return output;
    },
    'job.deferred': async () => {
      await flow.control.addFault({
        ...{ tenantId: TENANT, count: 1, pathPattern: '/jobs/' },
        action: { type: 'status', status: 429, retryAfterSeconds: 60 },
      });
      await print();
      return logged('job.deferred', ({ cause }) => cause === 'graphThrottled');
    },
    'notifications.received': async () => {
      const [subscription] = await flow.control.subscriptions({ tenantId: TENANT });
      const forged = (subscription?.clientState ?? '').replace(/\.[^.]+$/, `.${testKey(5).toString('base64url')}`);
      await post(flow.notificationsUrl, bodyOf(startedItem({ tenantId: TENANT, clientState: forged })));
      return logged('notifications.received', (line) => line['refused.wrongMac'] !== undefined);
    },
    'settings.invalid': async () => {
      await flow.queues.put('print-notifications', '{}');
      await flow.cloud.restartHost(0, { CLIENT_STATE_KEYS: 'foo' });
      const line = await logged('settings.invalid');
      await flow.cloud.restartHost();
      return line;
    },
    'job.poisoned': async () => {
      await flow.queues.put('print-notifications', '{}');
      return logged('job.poisoned');
    },
    'CLIENT_STATE_KEYS lacks <key>': () =>
      said(cliWith({ CLIENT_STATE_KEYS: `other:${testKey(6).toString('base64')}` }, 'status')),
  };

  async function withRoles(roles: string[], work: () => Promise<string>): Promise<string> {
    const { tenants } = await flow.control.state();
    const all = tenants.find(({ tenantId }) => tenantId === TENANT);
    await flow.control.changeTenant(TENANT, { roles });
    const output = await work();
    await flow.control.changeTenant(TENANT, { roles: all?.roles ?? [] });
    return output;
  }

  /** The person enters the code that the command shows. */
  async function signInByCode(): Promise<string> {
    const output = await said(
      runCommand(['triggers', 'list', '--tenant', TENANT, '--device-code'], {
        env: flow.cloud.environment,
        onStderr: (text) => {
          const code = / enter the code (\S+),/.exec(text)?.[1];
          if (code === undefined) return;
          flow.control.answerDeviceCode(code, { as: 'printerAdministrator' }).catch(() => undefined);
        },
      }),
    );
    await flow.control.setVariants({ deviceCodeFlow: 'allowed' });
    return output;
  }

  it('has a situation for each message', () => {
    expect(troubles.map(({ name }) => name).sort()).toEqual(Object.keys(SITUATIONS).sort());
  });

  it.each(troubles.map((trouble) => [trouble.name, trouble] as const))(
    'has what is printed: %s',
    async (name, trouble) => {
      const output = (await SITUATIONS[name]?.()) ?? '';
      const missing = missingIn(output, trouble);
      expect(missing.length === 0 ? [] : [output, ...missing]).toEqual([]);
    },
    60_000,
  );
});

/** The state of a consent link, as `tenants consent-url --json` shows it. */
function stateIn(stdout: string): string {
  const { consentUrl } = JSON.parse(stdout) as { consentUrl: string };
  return new URL(consentUrl).searchParams.get('state') ?? '';
}
