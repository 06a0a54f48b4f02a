import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Silence } from '../../cli/probe';
import { withReachChecks } from '../../cli/reach';
import { ERRORS, ReceiverError } from '../../shared/errors';
import { toStorageError } from '../../shared/storage/errors';
import { CLI_ENV, createCliWorld } from '../support/createCliWorld';
import { PRINTER, TENANT } from '../support/createSubscriptionWorld';

const REFUSED: Silence = { cause: 'connection refused', isTls: false };
const UNTRUSTED: Silence = { cause: 'TLS failed: CERT_HAS_EXPIRED', isTls: true };
const TABLES = 'http://127.0.0.1:10002/devstoreaccount1';
const QUEUES = 'http://127.0.0.1:10001/devstoreaccount1';
const BLOBS = 'http://127.0.0.1:10000/devstoreaccount1';
const GRAPH = 'http://127.0.0.1:7080/v1.0';
const SIGN_IN = 'https://login.microsoftonline.com';

/** The command with hosts that do not answer. `probed`: the addresses that it asked, in order. */
function createReachWorld(silent: Readonly<Record<string, Silence>>, env: Readonly<Record<string, string>> = {}) {
  const probed: string[] = [];
  const probe = (url: string) => {
    probed.push(url);
    return Promise.resolve(silent[url]);
  };
  const world = createCliWorld({ env: { ...CLI_ENV, ...env } }, (services, settings) =>
    withReachChecks(services, settings, probe),
  );
  return { ...world, probed };
}

describe('a host that does not answer ends the verb with its address, the cause and a remedy', () => {
  it.each([
    [
      'tenants list',
      TABLES,
      'Cannot reach Table storage at http://127.0.0.1:10002/devstoreaccount1 (connection refused).',
    ],
    ['status', TABLES, 'Cannot reach Table storage at'],
    [
      'poison list',
      QUEUES,
      'Cannot reach Queue storage at http://127.0.0.1:10001/devstoreaccount1 (connection refused).',
    ],
    ['listen --forward-to http://127.0.0.1:1', QUEUES, 'Cannot reach Queue storage at'],
    ['rules pull', BLOBS, 'Cannot reach Blob storage at http://127.0.0.1:10000/devstoreaccount1 (connection refused).'],
    [`definitions list --tenant ${TENANT}`, GRAPH, 'Cannot reach Microsoft Graph at http://127.0.0.1:7080/v1.0 (conn'],
    [
      `triggers list --tenant ${TENANT}`,
      SIGN_IN,
      'Cannot reach the sign-in host at https://login.microsoftonline.com (',
    ],
    ['subscriptions reconcile', GRAPH, 'Cannot reach Microsoft Graph at'],
    ['jobs sweep', GRAPH, 'Cannot reach Microsoft Graph at'],
    [`subscriptions add --tenant ${TENANT} --printer ${PRINTER}`, GRAPH, 'Cannot reach Microsoft Graph at'],
  ])('%s, without %s', async (verb, url, words) => {
    const world = createReachWorld({ [url]: REFUSED });
    await world.addTenant();
    const { code, stdout, stderr } = await world.run(...verb.split(' '));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^error: /);
    expect(stderr).toContain(words);
    expect(stderr).toMatch(
      url === SIGN_IN ? /Check ENTRA_AUTHORITY_HOST/ : /Is `npm start` running\? Otherwise check /,
    );
    expect(world.graph.calls).toEqual([]);
  });

  it('tenants show does not call permissions unknown when Graph is out of reach', async () => {
    const world = createReachWorld({ [GRAPH]: REFUSED });
    await world.addTenant();
    for (const format of [[], ['--json']]) {
      const { code, stdout, stderr } = await world.run('tenants', 'show', TENANT, ...format);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain('Cannot reach Microsoft Graph at http://127.0.0.1:7080/v1.0 (connection refused)');
    }
  });

  it('the sign-in host counts for every credential but that of the simulator', async () => {
    const world = createReachWorld(
      { [SIGN_IN]: REFUSED },
      { GRAPH_CREDENTIAL: 'secret', ENTRA_CLIENT_SECRET: 'x', GRAPH_BASE_URL: 'https://graph.microsoft.com/v1.0' },
    );
    const { code, stderr } = await world.run('definitions', 'list', '--tenant', TENANT);
    expect(code).toBe(1);
    expect(stderr).toContain(
      'Cannot reach the sign-in host at https://login.microsoftonline.com (connection refused).',
    );
    const simulated = createReachWorld({ [SIGN_IN]: REFUSED });
    expect((await simulated.run('definitions', 'list', '--tenant', TENANT)).code).toBe(0);
  });

  it.each([TABLES, GRAPH])('a failure of TLS at %s has the remedy of TLS', async (url) => {
    const world = createReachWorld({ [url]: UNTRUSTED });
    const { stderr } = await world.run('definitions', 'list', '--tenant', TENANT);
    expect(stderr).toContain('(TLS failed: CERT_HAS_EXPIRED). Check the address and the clock of this machine.');
    expect(stderr).toContain('NODE_EXTRA_CA_CERTS');
  });

  it('the account of the events is named by its own setting', async () => {
    const events = 'https://events.queue.core.windows.net';
    const world = createReachWorld({ [events]: REFUSED }, { EVENTS_STORAGE__queueServiceUri: events });
    const { code, stderr } = await world.run('events', 'tail');
    expect(code).toBe(1);
    expect(stderr).toContain(`Cannot reach Queue storage at ${events} (connection refused).`);
    expect(stderr).toContain('EVENTS_STORAGE__queueServiceUri');
  });

  it('the account of the rules is named by its own setting', async () => {
    const data = 'https://data.blob.core.windows.net';
    const world = createReachWorld({ [data]: REFUSED }, { DATA_STORAGE__blobServiceUri: data });
    const { code, stderr } = await world.run('rules', 'pull');
    expect(code).toBe(1);
    expect(stderr).toContain(`Cannot reach Blob storage at ${data} (connection refused).`);
    expect(stderr).toContain('DATA_STORAGE__blobServiceUri');
  });
});

it('each host is asked once, and only by a verb that uses it', async () => {
  const world = createReachWorld({});
  await world.addTenant();
  await world.run('status');
  expect([...world.probed].sort()).toEqual([BLOBS, QUEUES, QUEUES, TABLES].sort());
  world.probed.length = 0;
  await world.run('tenants', 'consent-url', TENANT);
  expect(world.probed).toEqual([]);
});

it('wrong settings are said before anything is asked', async () => {
  const world = createReachWorld({ [TABLES]: REFUSED, [QUEUES]: REFUSED }, { CLIENT_STATE_KEYS: 'foo' });
  const { stderr } = await world.run('tenants', 'list');
  expect(stderr).toContain('CLIENT_STATE_KEYS has no keyId in entry 1');
  expect(stderr).not.toContain('Cannot reach');
  expect((await world.run('status')).stderr).toContain('CLIENT_STATE_KEYS has no keyId in entry 1');
});

it('behind a proxy only Graph is asked, because the SDKs of storage and sign-in use the proxy', async () => {
  const env = { HTTPS_PROXY: 'http://proxy:3128', EVENTS_STORAGE__queueServiceUri: 'https://a.queue.core.windows.net' };
  const world = createReachWorld({}, env);
  await world.run('definitions', 'list', '--tenant', TENANT);
  await world.run('events', 'list');
  expect(new Set(world.probed)).toEqual(new Set([TABLES, GRAPH]));
});

describe('the words', () => {
  const world = createReachWorld({ [TABLES]: REFUSED });
  const page = readFileSync(join(__dirname, '..', '..', 'docs', 'troubleshooting.md'), 'utf8');

  it('are those of storage itself and of the documentation', async () => {
    const { stderr } = await world.run('tenants', 'list');
    const refused = Object.assign(new Error('secret'), { name: 'RestError', code: 'ECONNREFUSED' });
    const ofStorage = toStorageError(refused, 'storageUnavailable', TABLES);
    if (!(ofStorage instanceof ReceiverError)) throw new Error('not translated');
    expect(stderr).toBe(`error: ${ofStorage.message}\n`);
    const quoted = /`(error: Cannot reach <service> storage[^`]*)`/.exec(page)?.[1] ?? 'not quoted';
    const filled = quoted.replace('<service>', 'Table').replace('<address>', TABLES);
    expect(stderr).toContain(`${filled} `);
    // What the remedy names is in the remedy of the documentation too.
    for (const named of ['`npm start`', 'AzureWebJobsStorage', 'storage firewall']) {
      expect(stderr).toContain(named);
      expect(/^\| `error: Cannot reach <service> storage.*$/m.exec(page)?.[0]).toContain(named);
    }
    expect(ERRORS.storageUnavailable.remedy).toBe(ERRORS.queueUnavailable.remedy);
  });
});
