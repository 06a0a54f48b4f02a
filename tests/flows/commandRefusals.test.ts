import { randomBytes } from 'node:crypto';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { QueueServiceClient } from '@azure/storage-queue';
import { openTables } from '../../shared/storage/tables';
import { runCommand } from '../support/runCommand';
import { startFlow, type Flow } from '../support/startFlow';

const TENANT = '11111111-1111-1111-1111-111111111111';
const UNKNOWN = '33333333-3333-3333-3333-333333333333';

/** The built command where Graph, storage or the command itself refuses, against the local cloud. */
describe('the command, when something refuses or does not answer', () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow();
    await flow.control.createTenant({ tenantId: TENANT });
    await cli('tenants', 'add', TENANT, '--name', 'First customer');
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  const cliWith = (env: Readonly<Record<string, string>>, ...argv: string[]) =>
    runCommand(argv, { env: { ...flow.cloud.environment, ...env } });
  const cli = (...argv: string[]) => cliWith({}, ...argv);

  /** A host that connects and never answers, as some proxies do. */
  async function hang<T>(use: (port: number) => Promise<T>): Promise<T> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => void sockets.add(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      return await use((server.address() as AddressInfo).port);
    } finally {
      sockets.forEach((socket) => socket.destroy());
      server.close();
    }
  }

  it('Graph out of reach ends tenants show with address, cause and exit code 1', async () => {
    const refused = await cliWith({ GRAPH_BASE_URL: 'http://127.0.0.1:1/v1.0' }, 'tenants', 'show', TENANT);
    expect(refused).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'error: Cannot reach Microsoft Graph at http://127.0.0.1:1/v1.0 (connection refused). Is `npm start` running? Otherwise check GRAPH_BASE_URL and the network, proxy and firewall of this machine.\n',
    });
    const hanging = await hang((port) =>
      cliWith({ GRAPH_BASE_URL: `http://127.0.0.1:${port}/v1.0` }, 'tenants', 'show', TENANT, '--json'),
    );
    expect(hanging).toMatchObject({ code: 1, stdout: '' });
    expect(hanging.stderr).toContain('(connected, but no answer within 4 s)');
  }, 60_000);

  it('a sign-in host whose certificate is not trusted is named', async () => {
    const env = { GRAPH_CREDENTIAL: 'secret', ENTRA_CLIENT_SECRET: 'secret', NODE_EXTRA_CA_CERTS: '' };
    const { code, stdout, stderr } = await cliWith(env, 'definitions', 'list', '--tenant', TENANT);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`Cannot reach the sign-in host at ${flow.cloud.simulator.authorityUrl} (TLS failed: `);
    expect(stderr).toContain('NODE_EXTRA_CA_CERTS');
  }, 60_000);

  it('Graph that is slow or throttles is waited for', async () => {
    await flow.control.addFault({ pathPattern: 'taskDefinitions', action: { type: 'delay', ms: 6_000 }, count: 1 });
    expect(await cli('definitions', 'list', '--tenant', TENANT, '--json')).toMatchObject({ code: 0, stdout: '[]\n' });
    await flow.control.addFault({
      pathPattern: 'taskDefinitions',
      action: { type: 'status', status: 429, retryAfterSeconds: 1 },
      count: 1,
    });
    expect(await cli('definitions', 'list', '--tenant', TENANT, '--json')).toMatchObject({ code: 0, stdout: '[]\n' });
    await flow.control.clearFaults();
  }, 60_000);

  it('storage out of reach is named with its address, in every verb', async () => {
    const storage = 'DefaultEndpointsProtocol=http;AccountName=acc;AccountKey=a2V5';
    const at = (kind: string) => `${kind}Endpoint=http://127.0.0.1:1/acc`;
    const env = { AzureWebJobsStorage: [storage, at('Blob'), at('Queue'), at('Table')].join(';') };
    for (const [verb, service] of [
      ['tenants list', 'Table'],
      ['status', 'Table'],
      ['listen --forward-to http://127.0.0.1:1', 'Queue'],
      ['rules pull', 'Blob'],
    ] as const) {
      expect(await cliWith(env, ...verb.split(' '))).toEqual({
        code: 1,
        stdout: '',
        stderr: `error: Cannot reach ${service} storage at http://127.0.0.1:1/acc (connection refused). Is \`npm start\` running? Otherwise check AzureWebJobsStorage and the storage firewall.\n`,
      });
    }
  }, 60_000);

  it('subscriptions add with an unknown printer shows the words of Graph and the likely causes', async () => {
    const argv = ['subscriptions', 'add', '--tenant', TENANT, '--printer', UNKNOWN];
    const { code, stdout, stderr } = await cli(...argv);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('Graph returned 400 (ExtensionError');
    expect(stderr).toContain(
      `Graph says: Operation: Create; Exception: 'print/printers/${UNKNOWN}/jobs' was not found.`,
    );
    expect(stderr).toContain(`likely cause: ${UNKNOWN} is not the id of a printer`);
    expect(stderr).toContain('another tenant');
    expect(stderr).toContain('Printer.Read.All');
    expect((await cli('subscriptions', 'remove', ...argv.slice(2), '--yes')).code).toBe(0);
  }, 60_000);

  it('definitions create refuses a second definition of one name', async () => {
    const create = ['definitions', 'create', '--tenant', TENANT, '--name', 'Receiver', '--json'];
    const { id } = JSON.parse((await cli(...create)).stdout) as { id: string };
    const refused = await cli(...create);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(`${id} (Receiver, app Universal Print Receiver)`);
    expect((await cli(...create, '--force')).code).toBe(0);
    const { stdout } = await cli('definitions', 'list', '--tenant', TENANT, '--json');
    expect(JSON.parse(stdout)).toHaveLength(2);
  }, 60_000);

  it('tenants add of a known customer with another name says that the name stays, and tenants rename changes it', async () => {
    const added = await cli('tenants', 'add', TENANT, '--name', 'Fabrikam', '--json');
    expect(JSON.parse(added.stdout)).toMatchObject({ name: 'First customer', added: false });
    const [, hint = ''] = /To change it: (.*)\n/.exec(added.stderr) ?? [];
    expect(hint).toBe(`npm run -s cli -- tenants rename ${TENANT} --name "Fabrikam"`);
    const renamed = await cli('tenants', 'rename', TENANT, '--name', 'Fabrikam', '--json');
    expect(JSON.parse(renamed.stdout)).toMatchObject({ tenantId: TENANT, name: 'Fabrikam' });
  }, 60_000);

  it('status names the customers whose watches another key has signed, and reconcile replaces them', async () => {
    const { id: printerId } = await flow.control.createPrinter(TENANT, { displayName: 'Reception' });
    expect((await cli('subscriptions', 'add', '--tenant', TENANT, '--printer', printerId)).code).toBe(0);
    expect(await cli('status')).toMatchObject({ stdout: expect.stringMatching(/^OK /) as unknown, stderr: '' });
    const [keyId] = (flow.cloud.settings['CLIENT_STATE_KEYS'] ?? '').split(':');
    const changed = { CLIENT_STATE_KEYS: `${keyId}:${randomBytes(32).toString('base64')}` };
    const status = await cliWith(changed, 'status');
    expect(status).toMatchObject({ code: 0, stderr: '' });
    expect(status.stdout).toMatch(/^ATTENTION /);
    expect(status.stdout).toContain(`CLIENT_STATE_KEYS lacks ${keyId} (changed), which signed 1 watch of ${TENANT}`);
    expect(status.stdout).toContain('Next: npm run -s cli -- subscriptions reconcile\n');
    expect((await cliWith(changed, 'status', '--check')).code).toBe(1);
    await flow.cloud.restartHost(0, changed);
    expect((await cliWith(changed, 'subscriptions', 'reconcile')).stdout).toMatch(/replaced +1\n/);
    expect(await cliWith(changed, 'status', '--check')).toMatchObject({ code: 0, stderr: '' });
  }, 90_000);

  describe('doctor', () => {
    const OWN_STATUS = 'status of the deployed app';
    interface Examined {
      state: string;
      findings: { check: string; state: string; seen: string; remedies?: string[] }[];
    }
    const doctor = async (env: Readonly<Record<string, string>> = {}) => {
      const { code, stdout, stderr } = await cliWith(
        { FUNCTION_KEY: flow.cloud.functionKey, ...env },
        ...['doctor', '--json'],
      );
      expect(stderr.replace(/^\d+ of \d+ checks done.*\n/gm, '')).toBe('');
      return { code, ...(JSON.parse(stdout) as Examined) };
    };
    const failedOf = ({ findings }: Examined) => findings.filter(({ state }) => state === 'failed');
    beforeAll(async () => {
      // An earlier test has changed the signing key of the app.
      await flow.cloud.restartHost(0, { CLIENT_STATE_KEYS: flow.cloud.settings['CLIENT_STATE_KEYS'] ?? '' });
      const { id } = await flow.control.createPrinter(TENANT, { displayName: 'Second floor' });
      await cli('subscriptions', 'add', '--tenant', TENANT, '--printer', id);
      await cli('subscriptions', 'reconcile');
    }, 60_000);

    it('finds nothing wrong with a healthy deployment, and leaves nothing behind', async () => {
      const { code, state, findings } = await doctor();
      expect(findings.filter(({ state: one }) => one === 'failed' || one === 'warning')).toEqual([]);
      expect({ code, state }).toEqual({ code: 0, state: 'ok' });
      const stateOf = (check: string) => findings.find((one) => one.check === check)?.state;
      for (const check of ['queue print-notifications-poison', 'table PrintJobs', 'container documents']) {
        expect([check, stateOf(check)]).toEqual([check, 'ok']);
      }
      for (const check of ['handshake /lifecycle', 'route GET /status', 'key of the deployed app', OWN_STATUS]) {
        expect([check, stateOf(check)]).toEqual([check, 'ok']);
      }
      expect(stateOf(`permissions of ${TENANT}`)).toBe('ok');
      const openTable = await openTables({ connectionString: flow.cloud.connectionString });
      for await (const { cells } of openTable('PrintJobs').list('doctor')) expect(cells).toBeUndefined();
      expect(await flow.control.violations()).toEqual([]);
    }, 90_000);

    it('warns where watched printers are members of a pull print printer', async () => {
      await flow.control.createPullPrintPrinter(TENANT, { displayName: 'Follow me' });
      const { code, findings } = await doctor();
      expect(code).toBe(0);
      expect(findings.filter(({ state }) => state !== 'ok')).toMatchObject([
        {
          check: `pull printing of ${TENANT}`,
          state: 'warning',
          seen: expect.stringContaining('Follow me') as unknown,
        },
      ]);
    }, 90_000);

    it('names a key that the deployed app does not have, and an address where no app answers', async () => {
      const changed = { CLIENT_STATE_KEYS: `other:${randomBytes(32).toString('base64')}` };
      const wrongKey = failedOf(await doctor(changed)).map(({ check }) => check);
      expect(wrongKey).toEqual(expect.arrayContaining(['key of the deployed app', 'keys of watches']));
      const nowhere = failedOf(await doctor({ PUBLIC_BASE_URL: 'http://127.0.0.1:2/api' }));
      const ofAddress = nowhere.filter(({ check }) => /^(handshake|route|key of the|status of)/.test(check));
      expect(ofAddress.map(({ seen }) => seen)).toEqual(
        Array(8).fill('Cannot reach http://127.0.0.1:2 (connection refused)'),
      );
      const { origin } = new URL(flow.cloud.settings['PUBLIC_BASE_URL'] ?? '');
      const otherPath = failedOf(await doctor({ PUBLIC_BASE_URL: `${origin}/other` }));
      expect(otherPath.map(({ check }) => check)).toEqual(expect.arrayContaining(['handshake /notifications']));
      expect(otherPath[0]?.seen).toContain('PUBLIC_BASE_URL has another path');
    }, 120_000);

    it('names each setting that is wrong', async () => {
      const { code, findings } = await doctor({ ENTRA_CLIENT_ID: 'contoso.com' });
      expect(code).toBe(1);
      expect(findings.map(({ check, state }) => [check, state])).toEqual([
        ['setting ENTRA_CLIENT_ID', 'failed'],
        ['all others', 'skipped'],
      ]);
    }, 60_000);

    it('names a queue that was deleted and a permission that was withdrawn, with the commands that correct them', async () => {
      const queues = QueueServiceClient.fromConnectionString(flow.cloud.connectionString);
      await queues.deleteQueue('print-archive');
      await flow.control.changeTenant(TENANT, { roles: ['PrintTaskDefinition.ReadWrite.All', 'Printer.Read.All'] });
      const examined = await doctor();
      expect(examined).toMatchObject({ code: 1, state: 'failed' });
      const failed = failedOf(examined);
      expect(failed.map(({ check, seen }) => [check, seen])).toEqual([
        ['queue print-archive', 'The queue does not exist'],
        // Its own status reads every queue.
        [OWN_STATUS, expect.stringContaining('The app cannot read its storage')],
        [`permissions of ${TENANT}`, 'Not granted: PrintJob.ReadBasic.All'],
      ]);
      expect(failed[0]?.remedies).toEqual([
        'az storage queue create --name print-archive --connection-string "$AzureWebJobsStorage"',
      ]);
      expect(failed[2]?.remedies?.at(-1)).toBe(`tenants consent-url ${TENANT}`);
      await queues.createQueue('print-archive');
    }, 90_000);
  });
});
