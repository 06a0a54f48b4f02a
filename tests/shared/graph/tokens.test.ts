import type { ClientSecretCredentialOptions } from '@azure/identity';
import type { Config, GraphCredential } from '../../../shared/config';
import { createRequestToken } from '../../../shared/graph/tokens';
import { createFakeClock } from '../../support/createFakeClock';

type Policy = NonNullable<ClientSecretCredentialOptions['additionalPolicies']>[number]['policy'];
type SendRequest = Policy['sendRequest'];

interface Made {
  kind: string;
  args: unknown[];
}

/** What the stand-in credentials were made with, and how they answer. */
const made: Made[] = [];
let asked: { scope: string; tenantId: unknown }[] = [];
/** Status that the sign-in host answers before the credential fails; undefined: it gives a token. */
let answer: { status?: number; headers?: Record<string, string>; error?: Error; token?: null; hang?: true } = {};
/** How the managed identity fails; undefined: it gives a token. */
let identityFails: 'refuses' | 'hangs' | undefined;

jest.mock('@azure/identity', () => {
  class FakeCredential {
    readonly args: unknown[];
    constructor(...args: unknown[]) {
      this.args = args;
      made.push({ kind: new.target.name, args });
    }
    async getToken(scope: string) {
      asked.push({ scope, tenantId: this.args[0] });
      if (answer.hang) return new Promise(() => undefined);
      await this.askHost();
      if (answer.error) throw answer.error;
      return answer.token === null ? null : { token: `token of ${String(this.args[0])}` };
    }
    /** Sends one request through the policy that the product added. */
    private async askHost() {
      const options = this.args.at(-1) as ClientSecretCredentialOptions;
      const policy = options.additionalPolicies?.[0]?.policy;
      await policy?.sendRequest(
        {} as Parameters<SendRequest>[0],
        (() =>
          answer.status === undefined && answer.error
            ? Promise.reject(answer.error)
            : Promise.resolve({
                status: answer.status ?? 200,
                headers: { toJSON: () => answer.headers ?? {} },
              })) as unknown as Parameters<SendRequest>[1],
      );
    }
  }
  return {
    ClientSecretCredential: class ClientSecretCredential extends FakeCredential {},
    ClientCertificateCredential: class ClientCertificateCredential extends FakeCredential {},
    ClientAssertionCredential: class ClientAssertionCredential extends FakeCredential {
      /** Reads the metadata of the tenant, then asks for the assertion, whose error it replaces by one of its own. */
      override async getToken(scope: string) {
        const found = await super.getToken(scope);
        if (identityFails === undefined) return found;
        const getAssertion = this.args[2] as () => Promise<string>;
        return getAssertion().then(
          () => found,
          () => Promise.reject(new Error('Authentication failed')),
        );
      }
    },
    ManagedIdentityCredential: class ManagedIdentityCredential {
      constructor(...args: unknown[]) {
        made.push({ kind: 'ManagedIdentityCredential', args });
      }
      getToken(scope: string) {
        if (identityFails === 'hangs') return new Promise(() => undefined);
        if (identityFails === 'refuses') return Promise.reject(new Error('Identity not found'));
        return Promise.resolve({ token: `assertion for ${scope}` });
      }
    },
  };
});

const CLIENT_ID = '99999999-9999-9999-9999-999999999999';

function configOf(credential: GraphCredential, changes: Partial<Config> = {}): Config {
  return {
    storage: { connectionString: 'unused' },
    eventsStorage: { connectionString: 'unused' },
    dataStorage: { connectionString: 'unused' },
    graphBaseUrl: 'https://graph.microsoft.com/v1.0',
    credential,
    authorityHost: 'https://login.microsoftonline.com',
    clientId: CLIENT_ID,
    clientStateKeys: [{ keyId: 'k1', key: Buffer.alloc(32) }],
    trustedHosts: [],
    publicBaseUrl: 'https://receiver.example/api',
    ...changes,
  };
}

function createGetToken(config: Config): (tenantId: string) => Promise<string> {
  const request = createRequestToken(config, createFakeClock());
  return (tenantId) => request(tenantId, { fresh: false });
}

function optionsOf(index: number): Record<string, unknown> {
  return made[index]?.args.at(-1) as Record<string, unknown>;
}

beforeEach(() => {
  made.length = 0;
  asked = [];
  answer = {};
  identityFails = undefined;
});

test('the development credential is the word development and the tenant, without a request', async () => {
  await expect(createGetToken(configOf('development'))('t1')).resolves.toBe('development.t1');
  expect(made).toEqual([]);
});

test('a secret is used for the tenant of the call, with the scope .default of the Graph root (concepts/auth-v2-service.md)', async () => {
  const getToken = createGetToken(configOf('secret', { clientSecret: 'the secret' }));
  await expect(getToken('t1')).resolves.toBe('token of t1');
  expect(made.map(({ kind }) => kind)).toEqual(['ClientSecretCredential']);
  expect(made[0]?.args.slice(0, 3)).toEqual(['t1', CLIENT_ID, 'the secret']);
  expect(asked).toEqual([{ scope: 'https://graph.microsoft.com/.default', tenantId: 't1' }]);
});

test('the scope follows GRAPH_BASE_URL into another cloud (concepts/deployments.md)', async () => {
  await createGetToken(configOf('secret', { graphBaseUrl: 'https://graph.microsoft.us/v1.0' }))('t1');
  expect(asked[0]?.scope).toBe('https://graph.microsoft.us/.default');
});

test('a certificate is handed over as PEM text', async () => {
  await createGetToken(configOf('certificate', { clientCertificate: 'PEM' }))('t1');
  expect(made[0]?.kind).toBe('ClientCertificateCredential');
  expect(made[0]?.args.slice(0, 3)).toEqual(['t1', CLIENT_ID, { certificate: 'PEM' }]);
});

test('a certificate file that cannot be read is named, and no token is requested', async () => {
  const getToken = createGetToken(configOf('certificate', { clientCertificatePath: '/no/such/folder/app.pem' }));
  await expect(getToken('t1')).rejects.toThrow('ENTRA_CLIENT_CERTIFICATE_PATH names a file that does not exist');
  expect({ made, asked }).toEqual({ made: [], asked: [] });
});

test('federated: the managed identity signs for the app, with the scope that Entra fixes for federation', async () => {
  await createGetToken(configOf('federated', { managedIdentityClientId: 'identity' }))('t1');
  expect(made.map(({ kind }) => kind)).toEqual(['ManagedIdentityCredential', 'ClientAssertionCredential']);
  expect(made[0]?.args).toEqual([{ clientId: 'identity' }]);
  const getAssertion = made[1]?.args[2] as () => Promise<string>;
  await expect(getAssertion()).resolves.toBe('assertion for api://AzureADTokenExchange/.default');
});

test.each(['refuses', 'hangs'] as const)(
  'federated: a managed identity that %s is named, and not Entra, whether or not Entra has answered before',
  async (how) => {
    const spy = jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(new Error('over')), 20);
      return controller.signal;
    });
    const getToken = createGetToken(configOf('federated', { managedIdentityClientId: 'wrong' }));
    await expect(getToken('t1')).resolves.toBe('token of t1');
    identityFails = how;
    const failed = getToken('t1');
    await expect(failed).rejects.toMatchObject({ code: 'tokenUnavailable', retryable: true });
    await expect(failed).rejects.toThrow(/managed identity.*MANAGED_IDENTITY_CLIENT_ID is the client id/);
    await expect(failed).rejects.not.toThrow(/Entra|ENTRA_AUTHORITY_HOST/);
    spy.mockRestore();
  },
);

test('federated: when the managed identity answers again, the words are of Entra again', async () => {
  const getToken = createGetToken(configOf('federated', { managedIdentityClientId: 'identity' }));
  identityFails = 'refuses';
  await expect(getToken('t1')).rejects.toThrow(/managed identity/);
  identityFails = undefined;
  answer = { status: 503, error: new Error('busy') };
  await expect(getToken('t1')).rejects.toThrow(/Entra at https:\/\/login.microsoftonline.com returned 503/);
});

test('a credential whose setting is absent is made with an empty one and left to fail on its own words', async () => {
  await createGetToken(configOf('secret'))('t1');
  await createGetToken(configOf('certificate'))('t1');
  await createGetToken(configOf('federated'))('t1');
  expect([made[0]?.args[2], made[1]?.args[2], made[2]?.args[0]]).toEqual(['', { certificate: '' }, { clientId: '' }]);
});

test.each([
  ['https://login.microsoftonline.com', false],
  ['https://login.microsoftonline.us', false],
  ['https://login.chinacloudapi.cn', false],
  ['https://login.partner.microsoftonline.cn', false],
  ['https://127.0.0.1:7443', true],
])('the sign-in host %s: discovery at Microsoft switched off is %s', async (authorityHost, disabled) => {
  await createGetToken(configOf('secret', { authorityHost }))('t1');
  expect(optionsOf(0)).toMatchObject({ authorityHost, disableInstanceDiscovery: disabled });
});

test('one credential per tenant is kept, so that the next call uses its cache of tokens', async () => {
  const getToken = createGetToken(configOf('secret'));
  await getToken('t1');
  await getToken('t2');
  await getToken('t1');
  expect(made.map(({ args }) => args[0])).toEqual(['t1', 't2']);
});

test('beyond 2,000 tenants the first one is forgotten, and only that', async () => {
  const getToken = createGetToken(configOf('secret'));
  for (let tenant = 0; tenant <= 2_000; tenant += 1) await getToken(`t${tenant}`);
  await getToken('t1');
  expect(made).toHaveLength(2_001);
  await getToken('t0');
  expect(made).toHaveLength(2_002);
});

test.each([400, 401])('an answer %i of the sign-in host is a refusal that no retry heals', async (status) => {
  answer = { status, error: new Error('AADSTS700016: secret words of Entra') };
  const refused = createGetToken(configOf('secret'))('t1');
  await expect(refused).rejects.toMatchObject({ code: 'tokenRefused', retryable: false });
  await expect(refused).rejects.toThrow(/customer has consented.*secret credential/);
  await expect(refused).rejects.not.toThrow(/AADSTS/);
});

test.each([
  ['answers 503', { status: 503, error: new Error('busy') }],
  ['answers 429', { status: 429, error: new Error('busy') }],
  ['cannot be reached', { error: new Error('ENOTFOUND') }],
  ['gives no token', { token: null }],
] as const)('a sign-in host that %s may be asked again', async (_name, behaviour) => {
  answer = { ...behaviour };
  await expect(createGetToken(configOf('certificate'))('t1')).rejects.toMatchObject({
    code: 'tokenUnavailable',
    retryable: true,
    message: expect.stringMatching(/ENTRA_AUTHORITY_HOST and the certificate credential/) as string,
  });
});

test.each<[string, number, Record<string, string>, number | undefined]>([
  ['seconds', 429, { 'retry-after': '30' }, 30_000],
  ['hours', 503, { 'retry-after': '7200' }, 15 * 60_000],
  // The sign-in host's clock is days away from ours.
  ['a date', 429, { 'retry-after': 'Sun, 06 Nov 1994 08:50:37 GMT', date: 'Sun, 06 Nov 1994 08:49:37 GMT' }, 60_000],
  ['nothing', 429, {}, 0],
  ['less than nothing', 429, { 'retry-after': '-1' }, 0],
  ['nothing', 503, {}, undefined],
])('a Retry-After of %s with %i is reported', async (_form, status, headers, retryAfterMs) => {
  answer = { status, headers, error: new Error('busy') };
  await expect(createGetToken(configOf('secret'))('t1')).rejects.toMatchObject({
    code: 'tokenUnavailable',
    retryAfterMs,
  });
});

test('a lost connection after a refusal counts as unreachable: only the last request tells', async () => {
  const getToken = createGetToken(configOf('secret'));
  await getToken('t1');
  answer = { error: new Error('reset') };
  const lost = getToken('t1');
  await expect(lost).rejects.toMatchObject({ retryable: true });
  await expect(lost).rejects.toThrow(/Entra at https:\/\/login.microsoftonline.com did not answer/);
});

test('an answer of an earlier request is not taken for that of one that was never sent', async () => {
  const getToken = createGetToken(configOf('secret'));
  await getToken('t1');
  answer = { hang: true };
  const spy = jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => AbortSignal.abort(new Error('over')));
  await expect(getToken('t1')).rejects.toThrow(/did not answer/);
  spy.mockRestore();
});

test('after a failure the tenant gets a new credential, so that a corrected secret is not hidden by a cache', async () => {
  const getToken = createGetToken(configOf('secret'));
  answer = { status: 401, error: new Error('refused') };
  await expect(getToken('t1')).rejects.toMatchObject({ code: 'tokenRefused' });
  answer = {};
  await expect(getToken('t1')).resolves.toBe('token of t1');
  expect(made).toHaveLength(2);
});

test('a credential that never answers is abandoned after 15 seconds', async () => {
  const limits: number[] = [];
  const spy = jest.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    limits.push(ms);
    return AbortSignal.abort(new Error('over'));
  });
  answer = { hang: true };
  await expect(createGetToken(configOf('secret'))('t1')).rejects.toMatchObject({
    code: 'tokenUnavailable',
    retryable: true,
  });
  expect(limits).toEqual([15_000]);
  spy.mockRestore();
});

test('a fresh token comes from a new credential, because the old one has cached the token that Graph refused', async () => {
  const request = createRequestToken(configOf('secret'), createFakeClock());
  await request('t1', { fresh: false });
  await request('t1', { fresh: true });
  await request('t1', { fresh: false });
  expect(made).toHaveLength(2);
});
