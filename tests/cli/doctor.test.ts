import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '../../cli/context';
import { keyCheckOf } from '../../shared/watches/clientState';
import { CLI_ENV, createCliWorld } from '../support/createCliWorld';
import { graphError } from '../support/createFakeGraph';
import { OTHER_TENANT, putServed, TENANT } from '../support/createSubscriptionWorld';
import { testKey } from '../support/testKey';

/** A deployed app with the key of CLI_ENV, which answers as docs/http-api.md says. */
const app: typeof fetch = (input) => {
  const { pathname, searchParams } = new URL(input instanceof Request ? input.url : input);
  const route = pathname.replace('/api', '');
  const token = searchParams.get('validationToken');
  if (token !== null) return Promise.resolve(new Response(token, { headers: { 'content-type': 'text/plain' } }));
  const isAnonymous = route === '/health' || route === '/consent';
  return Promise.resolve(new Response(null, { status: isAnonymous ? 200 : 401 }));
};

interface Found {
  check: string;
  state: string;
  seen: string;
  remedies?: string[];
}

/** No check takes longer than its limit. */
const sleep = (_ms: number, signal?: AbortSignal) =>
  new Promise<void>((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('stopped'))));

function createDeployment(overrides: Parameters<typeof createCliWorld>[0] = {}) {
  const world = createCliWorld({ fetch: app, sleep, ...overrides });
  // No pull print printers, and no printers or jobs with the ids of the tries.
  const callGraph: typeof world.graph.callGraph = ({ path }) => {
    if (path === '/print/pullPrintPrinters' || path === '/print/taskDefinitions')
      return Promise.resolve({ status: 200, body: { value: [] } });
    return Promise.reject(graphError('notFound'));
  };
  world.graph.callGraph = callGraph;
  const examine = async (...argv: string[]) => {
    const { json, ...rest } = await world.runJson('doctor', ...argv);
    const { state, findings } = json as { state: string; findings: Found[] };
    return { ...rest, state, findings, of: (check: string) => findings.find((one) => one.check === check) };
  };
  return { ...world, examine };
}

describe('doctor', () => {
  it('finds nothing wrong with a deployment that is right, and names each check', async () => {
    const world = createDeployment();
    await world.addTenant();
    await putServed(world, { keyCheck: keyCheckOf({ keyId: 'k1', key: testKey(7) }) });
    const { code, stderr, state, findings } = await world.examine();
    expect({ code, state, wrong: findings.filter((one) => one.state !== 'ok') }).toEqual({
      code: 0,
      state: 'ok',
      wrong: [],
    });
    expect(stderr).toContain('checks done');
    expect(findings.map(({ check }) => check)).toEqual([
      'settings',
      'key k1',
      'queue print-notifications',
      'queue print-notifications-waiting',
      'queue subscription-events',
      'queue print-archive',
      'queue print-job-events',
      'queue print-job-events-waiting',
      'queue print-job-events-dead',
      'queue print-notifications-poison',
      'queue subscription-events-poison',
      'queue print-archive-poison',
      'queue print-job-events-poison',
      'table Tenants',
      'table Subscriptions',
      'table PrintJobs',
      'table DeviceTokens',
      'container config',
      'container documents',
      'handshake /notifications',
      'handshake /lifecycle',
      'route GET /health',
      'route GET /status',
      'route POST /jobs/search',
      'route POST /device/jobs/search',
      'key of the deployed app',
      'keys of watches',
      `permissions of ${TENANT}`,
      `pull printing of ${TENANT}`,
    ]);
  });

  it('shows the fingerprint of each key, the same for the same key in every deployment', async () => {
    const ring = `${CLI_ENV.CLIENT_STATE_KEYS},k0:${testKey(3).toString('base64')}`;
    const { of } = await createDeployment({ env: { ...CLI_ENV, CLIENT_STATE_KEYS: ring } }).examine();
    const renamed = { ...CLI_ENV, CLIENT_STATE_KEYS: `k9:${testKey(7).toString('base64')}` };
    const other = await createDeployment({ env: renamed }).examine();
    const fingerprint = (found?: Found) => /fingerprint (\S{8})$/.exec(found?.seen ?? '')?.[1];
    expect(of('key k1')?.seen).toMatch(/^signs, fingerprint \S{8}$/);
    expect(of('key k0')?.seen).toMatch(/^verifies, fingerprint \S{8}$/);
    expect(fingerprint(other.of('key k9'))).toBe(fingerprint(of('key k1')));
    expect(fingerprint(of('key k0'))).not.toBe(fingerprint(of('key k1')));
  });

  it('prints what is wrong with the commands that correct it, and ends with 1', async () => {
    const world = createDeployment({ calledAs: 'upr', fetch: () => Promise.reject(new TypeError('no network')) });
    await world.addTenant();
    await putServed(world, { keyId: 'k0', keyCheck: keyCheckOf({ keyId: 'k0', key: testKey(1) }) });
    const { code, stdout } = await world.run('doctor');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^CHECK +RESULT +SEEN\n/);
    expect(stdout).toContain(
      'keys of watches: failed. 1 watch is signed with k0 (missing). Restore the key, or replace the subscriptions.\n' +
        '  Run: az keyvault secret set --vault-name <vault> --name client-state-keys --file <file> --encoding utf-8 --output none\n' +
        '  Run: az rest --method post --url "$(az functionapp show --name <app> --resource-group <group> --query id --output tsv)/config/configreferences/appsettings/refresh?api-version=2025-03-01"\n' +
        '  Run: az functionapp restart --name <app> --resource-group <group>\n' +
        '  Run: upr subscriptions reconcile\n',
    );
    expect(stdout).toMatch(/\n29 checks: 8 failed, 0 warnings\.\n$/);
  });

  it('names each setting to correct, and tries nothing else', async () => {
    const env = { ...CLI_ENV, ENTRA_CLIENT_ID: '', PUBLIC_BASE_URL: 'app' };
    const { code, state, findings } = await createDeployment({ env }).examine();
    expect({ code, state }).toEqual({ code: 1, state: 'failed' });
    expect(findings.map(({ check, state: one }) => `${check}: ${one}`).sort()).toEqual([
      'all others: skipped',
      'setting ENTRA_CLIENT_ID: failed',
      'setting PUBLIC_BASE_URL: failed',
    ]);
    expect(findings.find(({ check }) => check === 'setting PUBLIC_BASE_URL')?.remedies).toEqual([
      'az functionapp config appsettings set --name <app> --resource-group <group> --settings "PUBLIC_BASE_URL=<value>"',
    ]);
  });

  it('names no command that shows a secret to other users of the machine', async () => {
    const env = { ...CLI_ENV, ENTRA_CLIENT_SECRET: '', GRAPH_CREDENTIAL: 'secret', CLIENT_STATE_KEYS: 'k1' };
    const { findings } = await createDeployment({ env }).examine();
    const remedies = (name: string) => findings.find(({ check }) => check === `setting ${name}`)?.remedies?.join('\n');
    expect(remedies('ENTRA_CLIENT_SECRET')).toBe(
      'az functionapp config appsettings set --name <app> --resource-group <group> --settings @<file.json>',
    );
    expect(remedies('CLIENT_STATE_KEYS')).toMatch(/^az keyvault secret set [^\n]* --file <file> /);
  });

  it('checks the first 20 customers, and one with --tenant', async () => {
    const world = createDeployment();
    for (let n = 0; n < 23; n += 1) await world.addTenant(`00000000-0000-0000-0000-${String(n).padStart(12, '0')}`);
    await world.addTenant(TENANT, 'paused');
    const { findings, of } = await world.examine();
    expect(findings.filter(({ check }) => check.startsWith('permissions of'))).toHaveLength(20);
    expect(of('customers')).toMatchObject({ state: 'skipped', seen: '3 more customers: doctor --tenant <name or id>' });
    const one = await world.examine('--tenant', TENANT);
    expect(one.findings.filter(({ check }) => check.includes(' of ') && check.endsWith(TENANT))).toHaveLength(2);
    expect((await world.run('doctor', '--tenant', OTHER_TENANT)).code).toBe(1);
    expect((await createDeployment().examine()).of('customers')).toMatchObject({ seen: 'none is active' });
  });

  describe('asks the deployed app for its status', () => {
    const OWN_STATUS = 'status of the deployed app';
    let directory: string;
    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'doctor-'));
    });
    afterEach(() => rm(directory, { recursive: true }));

    /** What the command sends as the function key. */
    const keysSent = async (env: Environment, values: Record<string, string>) => {
      await writeFile(join(directory, 'local.settings.json'), JSON.stringify({ Values: values }));
      const keys = new Set<string>();
      const watched: typeof fetch = (input, init) => {
        const key = new Headers(init?.headers).get('x-functions-key');
        if (key !== null) keys.add(`${key} to ${new URL(input instanceof Request ? input.url : input).origin}`);
        return app(input, init);
      };
      const { of } = await createDeployment({ env, directory, fetch: watched }).examine();
      return { keys: [...keys], finding: of(OWN_STATUS) };
    };
    const stranger = { ...CLI_ENV, PUBLIC_BASE_URL: 'https://evil.example/api' };

    it('never with the key of the environment where the address is from a file', async () => {
      const { keys, finding } = await keysSent({ FUNCTION_KEY: 'the-key' }, stranger);
      expect(keys).toEqual([]);
      expect(finding).toMatchObject({
        state: 'skipped',
        seen: expect.stringMatching(/FUNCTION_KEY.*Values/) as string,
      });
    });

    it.each([
      ['the environment', { ...CLI_ENV, FUNCTION_KEY: 'the-key' }, stranger],
      ['the file', { FUNCTION_KEY: 'other' }, { ...CLI_ENV, FUNCTION_KEY: 'the-key' }],
    ])('with the key and the address of %s', async (_name, env, values) => {
      const { keys } = await keysSent(env, values);
      expect(keys).toEqual([`the-key to ${new URL(CLI_ENV.PUBLIC_BASE_URL).origin}`]);
    });
  });

  it('has failed where the tables cannot be read, and still checks the rest', async () => {
    const world = createDeployment();
    const read = () => Promise.reject(new Error('closed'));
    world.tenantTable.list = () => ({ [Symbol.asyncIterator]: () => ({ next: read }) });
    const { code, of } = await world.examine();
    expect(code).toBe(1);
    expect(of('customers')).toMatchObject({ state: 'failed' });
    expect(of('keys of watches')).toMatchObject({ state: 'failed' });
    expect(of('handshake /lifecycle')).toMatchObject({ state: 'ok' });
  });
});
