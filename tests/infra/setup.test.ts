import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkKeyRing } from '../../shared/settings/keyRing';
import { isRecord, parseJson, parseText } from '../../shared/parse';

const root = join(__dirname, '..', '..');
const [SUBSCRIPTION, TENANT, CLIENT, PRINCIPAL] = [
  '22222222-2222-4222-8222-222222222222',
  '11111111-1111-4111-8111-111111111111',
  '00000000-0000-4000-8000-000000000001',
  '55555555-5555-4555-8555-555555555555',
];
/** What azd knows after a deployment. */
const AZD = {
  AZURE_SUBSCRIPTION_ID: SUBSCRIPTION,
  AZURE_RESOURCE_GROUP: 'print',
  FUNCTION_APP_NAME: 'print-a1b2c3d4',
  ENTRA_CLIENT_ID: CLIENT,
  ENTRA_AUTHORITY_HOST: 'https://login.microsoftonline.com/',
  IDENTITY_PRINCIPAL_ID: PRINCIPAL,
  KEY_VAULT_NAME: 'kv-a1b2c3d4e5f6g',
  KEY_VAULT_SECRETS: 'client-state-keys',
  PRIVATE_NETWORK: 'false',
};
// resources/federatedidentitycredentials-overview: issuer, subject and audience of a managed identity.
const CREDENTIAL = {
  name: 'universal-print-receiver-55555555',
  issuer: `https://login.microsoftonline.com/${TENANT}/v2.0`,
  subject: PRINCIPAL,
  audiences: ['api://AzureADTokenExchange'],
};
const FRESH = {
  account: { id: SUBSCRIPTION, tenantId: TENANT },
  app: { displayName: 'Print vendor', signInAudience: 'AzureADMultipleOrgs' },
  credentials: [] as object[],
  secrets: [] as object[],
  deletedSecrets: [] as string[],
  statuses: {} as Record<string, string>,
  statusAfterRefresh: 'Resolved',
  failures: {} as Record<string, string>,
  outputs: {},
};
const WRITES = /^(put|post|ad app federated-credential create)/;

describe('infra/setup.mjs', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'setup-test-'));
    const standIn = join(root, 'tests', 'fixtures', 'azForSetup.cjs');
    writeFileSync(join(folder, 'az'), `#!/bin/sh\nexec "${process.execPath}" "${standIn}" "$@"\n`, { mode: 0o755 });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const start = (state: Partial<typeof FRESH>) =>
    writeFileSync(join(folder, 'state.json'), JSON.stringify({ ...FRESH, ...state }));

  /** One run, with the calls that it made. */
  function run({ argv = [] as string[], env = {}, path = folder } = {}) {
    const log = join(folder, 'log.jsonl');
    rmSync(log, { force: true });
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'infra', 'setup.mjs'), ...argv], {
      env: { PATH: path, AZ_STATE: join(folder, 'state.json'), AZ_LOG: log, ...(argv.length > 0 ? {} : AZD), ...env },
      encoding: 'utf8',
      cwd: folder,
    });
    const lines = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
    const calls = lines.map(parseJson).filter(isRecord);
    const writes = calls.filter(({ verb }) => WRITES.test(parseText(verb)));
    return { status, stdout, stderr, calls, writes, verbs: writes.map(({ verb }) => verb) };
  }

  const SECRET_WRITE =
    'put Microsoft.KeyVault/vaults/kv-a1b2c3d4e5f6g/secrets/client-state-keys?api-version=2025-05-01';
  const SITE = 'Microsoft.Web/sites/print-a1b2c3d4';
  const LOAD = [
    `post ${SITE}/config/configreferences/appsettings/refresh?api-version=2025-03-01`,
    `post ${SITE}/restart?api-version=2025-03-01`,
  ];

  it('connects the identity, creates the key and restarts the app, and a second run changes nothing', () => {
    start({});
    const first = run();
    expect(first).toMatchObject({ status: 0, stderr: '' });
    expect(first.verbs).toEqual([expect.stringMatching(/^ad app federated-credential create/), SECRET_WRITE, ...LOAD]);
    expect(first.writes[0]?.['body']).toEqual(CREDENTIAL);
    const second = run();
    expect(second).toMatchObject({ status: 0, stderr: '', verbs: [] });
    expect(second.stdout).toContain('client-state-keys exists and stays as it is');
  });

  it('creates a key that the app accepts, and shows it neither in output nor in arguments', () => {
    start({});
    const { stdout, calls, writes } = run();
    const body = writes.find(({ verb }) => verb === SECRET_WRITE)?.['body'];
    const properties = isRecord(body) ? body['properties'] : undefined;
    const value = isRecord(properties) ? parseText(properties['value']) : '';
    expect(checkKeyRing(value)).toHaveProperty('value');
    expect(stdout).not.toContain(value.split(':')[1]);
    expect(JSON.stringify(calls.map(({ args }) => args))).not.toContain(value);
    const files = calls.filter(({ file }) => file !== undefined);
    expect(files.map(({ mode, file }) => [mode, existsSync(parseText(file))])).toEqual([
      ['600', false],
      ['600', false],
    ]);
  });

  it('creates the secret of the webhook where that is the sink, beside the key that exists', () => {
    start({ secrets: [{ name: 'client-state-keys' }] });
    const { status, writes } = run({
      env: { KEY_VAULT_SECRETS: 'client-state-keys,events-sink-webhook-secrets' },
    });
    expect(status).toBe(0);
    const secrets = writes.filter(({ verb }) => parseText(verb).startsWith('put'));
    expect(secrets.map(({ verb }) => parseText(verb).split(/[/?]/).at(-2))).toEqual(['events-sink-webhook-secrets']);
    // docs/sinks.md
    expect(JSON.stringify(secrets[0]?.['body'])).toMatch(/"value":"whsec_[A-Za-z0-9+/]{43}="/);
  });

  it('completes a run that ended after the key was written', () => {
    start({ credentials: [CREDENTIAL], secrets: [{ name: 'client-state-keys' }] });
    expect(run().verbs).toEqual(LOAD);
  });

  it('says that a reference is not resolved yet', () => {
    start({ statusAfterRefresh: 'AccessToKeyVaultDenied' });
    const { status, stdout } = run();
    expect(status).toBe(0);
    expect(stdout).toContain('ATTENTION: CLIENT_STATE_KEYS is not resolved yet (AccessToKeyVaultDenied)');
  });

  it('writes to a private vault through Azure Resource Manager, and says it', () => {
    start({});
    const { status, stdout, verbs } = run({ env: { PRIVATE_NETWORK: 'true' } });
    expect(status).toBe(0);
    expect(verbs).toContain(SECRET_WRITE);
    expect(stdout).toContain('written through Azure Resource Manager');
    expect(stdout).toMatch(
      /The vault is private: to read the secret, run az keyvault secret show .* inside its network/,
    );
  });

  it('reads the outputs of a deployment by hand, whose names Resource Manager returns in another case', () => {
    const outputs = Object.entries(AZD).map(([name, value]) => [
      name.replace(/_(.)/, (text) => text.toLowerCase()),
      { value },
    ]);
    start({ outputs: Object.fromEntries(outputs) as object });
    const { status, calls } = run({ argv: ['--resource-group', 'print', '--deployment', 'first'] });
    expect(status).toBe(0);
    expect(calls[1]?.['args']).toEqual(expect.arrayContaining(['--resource-group', 'print', '--name', 'first']));
  });

  it('uses a credential of another name that fits', () => {
    start({
      credentials: [{ ...CREDENTIAL, name: 'by-hand' }],
      secrets: [{ name: 'client-state-keys' }],
      statuses: { CLIENT_STATE_KEYS: 'Resolved' },
    });
    expect(run()).toMatchObject({
      status: 0,
      verbs: [],
      stdout: expect.stringContaining('by-hand of Print vendor exists') as string,
    });
  });

  it('says that customers cannot consent to an app of one tenant', () => {
    start({ app: { displayName: 'Print vendor', signInAudience: 'AzureADMyOrg' } });
    expect(run()).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('ATTENTION: Print vendor is not multi-tenant') as string,
    });
  });

  it.each<[string, Partial<typeof FRESH>, RegExp]>([
    [
      'not signed in',
      { failures: { 'account show': "ERROR: Please run 'az login' to setup account." } },
      /^az is not signed in\. Run: az login/,
    ],
    [
      'another subscription',
      { account: { id: '99999999-9999-4999-8999-999999999999', tenantId: TENANT } },
      /^az uses the subscription 9+-.*az account set --subscription 22222222/,
    ],
    [
      'an Entra app of another tenant',
      {
        failures: {
          'ad app show':
            "ERROR: Resource '0' does not exist or one of its queried reference-property objects are not present.",
        },
      },
      /^The Entra app 00000000-.* is not in the tenant 11111111/,
    ],
    [
      'a credential of the same name with another subject',
      { credentials: [{ ...CREDENTIAL, id: 'old-id', subject: 'another' }] },
      /subject another.*federated-credential delete .*--federated-credential-id old-id/,
    ],
    [
      'a credential with another audience',
      { credentials: [{ ...CREDENTIAL, audiences: ['api://other'] }] },
      /is another: .*audience api:\/\/other; needed are/,
    ],
    [
      'as many credentials as Entra allows',
      {
        credentials: Array.from({ length: 20 }, (_, index) => ({
          ...CREDENTIAL,
          name: `${index}`,
          subject: `${index}`,
        })),
      },
      /^Print vendor has 20 federated credentials, and Entra allows 20/,
    ],
    [
      'no permission on the Entra app',
      {
        failures: { 'ad app federated-credential create': 'ERROR: Insufficient privileges to complete the operation.' },
      },
      /^You may not change Print vendor\. An owner of it, or an Application Administrator/,
    ],
    [
      'a vault that cannot be listed',
      { failures: { 'get Microsoft.KeyVault': 'ERROR: Forbidden({"error":{"code":"AuthorizationFailed"}})' } },
      /^az rest --method get failed: .*AuthorizationFailed/,
    ],
    [
      'a key that was deleted',
      { deletedSecrets: ['client-state-keys'] },
      /was deleted and can be recovered\. Run: az keyvault secret recover --vault-name kv-a1b2c3d4e5f6g --name client-state-keys/,
    ],
    [
      'a key that is disabled',
      { secrets: [{ name: 'client-state-keys', properties: { attributes: { enabled: false } } }] },
      /is disabled or has expired/,
    ],
    [
      'a key that has expired',
      { secrets: [{ name: 'client-state-keys', properties: { attributes: { enabled: true, exp: 1_600_000_000 } } }] },
      /is disabled or has expired/,
    ],
  ])('ends with a remedy for %s, and never restarts the app', (_name, state, message) => {
    start(state);
    const { status, stderr, verbs } = run();
    expect(status).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
    expect(verbs.filter((verb) => /restart|put/.test(parseText(verb))).filter((verb) => verb !== SECRET_WRITE)).toEqual(
      [],
    );
  });

  it('says how to install the Azure CLI where it is missing', () => {
    start({});
    expect(run({ path: join(folder, 'empty') })).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^The Azure CLI is missing\. Install it/) as string,
    });
  });

  it('names the outputs that a deployment does not have', () => {
    start({});
    const { status, stderr } = run({ env: { FUNCTION_APP_NAME: '', KEY_VAULT_NAME: '' } });
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^Outputs of the deployment are missing: FUNCTION_APP_NAME, KEY_VAULT_NAME\. Deploy infra\/main\.bicep first/,
    );
  });

  it.each([[['--deployment', 'first']], [['--unknown']]])('shows its usage for %j', (argv) => {
    const { status, stderr, calls } = run({ argv });
    expect({ status, calls }).toEqual({ status: 2, calls: [] });
    expect(stderr).toContain('Usage: node infra/setup.mjs');
  });
});
