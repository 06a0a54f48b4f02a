import fc from 'fast-check';
import { HOST_SETTING_NAMES, readConfig, readQueueStorage, SETTING_NAMES } from '../../shared/config';
import { ReceiverError } from '../../shared/errors';
import { makeCertificate } from '../support/makeCertificate';
import { readCase } from '../support/readCase';
import { testKey } from '../support/testKey';

const KEY = testKey(7).toString('base64');
const CLIENT = '99999999-0000-4000-8000-00000000000A';
const IDENTITY = '11111111-0000-4000-8000-000000000001';

const complete = {
  AzureWebJobsStorage: 'UseDevelopmentStorage=true',
  ENTRA_CLIENT_ID: CLIENT,
  MANAGED_IDENTITY_CLIENT_ID: IDENTITY,
  CLIENT_STATE_KEYS: `k1:${KEY}`,
  PUBLIC_BASE_URL: 'https://app.azurewebsites.net/api/',
};
type Env = Record<string, string | undefined>;
const read = (replaced: Env = {}) => readConfig({ ...complete, ...replaced });
const problemOf = (env: Env): string => {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ReceiverError && error.code === 'configInvalid') return error.message;
    throw error;
  }
  throw new Error('These settings were accepted');
};
const problem = (replaced: Env) => problemOf({ ...complete, ...replaced });

describe('settings that are complete', () => {
  it('have the defaults of docs/settings.md', () => {
    const storage = { connectionString: expect.stringContaining('TableEndpoint=http://127.0.0.1:10002/') as string };
    expect(read()).toEqual({
      storage,
      eventsStorage: storage,
      dataStorage: storage,
      graphBaseUrl: 'https://graph.microsoft.com/v1.0',
      credential: 'federated',
      authorityHost: 'https://login.microsoftonline.com',
      trustedHosts: [],
      clientId: CLIENT.toLowerCase(),
      managedIdentityClientId: IDENTITY,
      clientStateKeys: [{ keyId: 'k1', key: testKey(7) }],
      publicBaseUrl: 'https://app.azurewebsites.net/api',
    });
  });

  it('count an empty or blank value as missing', () => {
    expect(read({ GRAPH_BASE_URL: '', ENTRA_AUTHORITY_HOST: '  ' })).toEqual(read());
    expect(problem({ PUBLIC_BASE_URL: ' ' })).toMatch(/PUBLIC_BASE_URL is missing/);
  });

  it('lose the trailing slash of URLs', () => {
    expect(
      read({
        AzureWebJobsStorage: undefined,
        AzureWebJobsStorage__blobServiceUri: 'https://a.blob.core.usgovcloudapi.net',
        AzureWebJobsStorage__queueServiceUri: 'https://a.queue.core.usgovcloudapi.net/',
        AzureWebJobsStorage__tableServiceUri: 'https://a.table.core.usgovcloudapi.net',
        GRAPH_BASE_URL: 'https://graph.microsoft.us/beta/',
        ENTRA_AUTHORITY_HOST: 'https://login.microsoftonline.us//',
      }),
    ).toMatchObject({
      graphBaseUrl: 'https://graph.microsoft.us/beta',
      authorityHost: 'https://login.microsoftonline.us',
    });
  });

  it('take storage by identity: the person of az login outside Azure, system-assigned in it, or named', () => {
    const byIdentity = {
      AzureWebJobsStorage: undefined,
      AzureWebJobsStorage__blobServiceUri: 'https://a.blob.core.windows.net',
      AzureWebJobsStorage__queueServiceUri: 'https://a.queue.core.windows.net',
      AzureWebJobsStorage__tableServiceUri: 'https://a.table.core.windows.net',
    };
    const storage = {
      blobServiceUri: 'https://a.blob.core.windows.net',
      queueServiceUri: 'https://a.queue.core.windows.net',
      tableServiceUri: 'https://a.table.core.windows.net',
    };
    expect(read(byIdentity).storage).toEqual({ ...storage, azureCli: true });
    expect(read({ ...byIdentity, WEBSITE_INSTANCE_ID: 'i' }).storage).toEqual(storage);
    expect(read({ ...byIdentity, AzureWebJobsStorage__clientId: IDENTITY }).storage).toEqual({
      ...storage,
      managedIdentityClientId: IDENTITY,
    });
  });

  it.each([
    [{ GRAPH_CREDENTIAL: 'secret', ENTRA_CLIENT_SECRET: 'x' }, { clientSecret: 'x' }],
    [{ GRAPH_CREDENTIAL: 'development', GRAPH_BASE_URL: 'http://127.0.0.1:7080/v1.0' }, { credential: 'development' }],
  ])('take the credential of %j', (replaced, expected) => {
    expect(read({ MANAGED_IDENTITY_CLIENT_ID: undefined, ...replaced })).toMatchObject(expected);
  });

  it('take a certificate whose line ends were lost', async () => {
    const { certificate, key } = await makeCertificate();
    const lost = `${certificate}${key}`.trim().replaceAll('\n', ' ');
    const { clientCertificate } = read({ GRAPH_CREDENTIAL: 'certificate', ENTRA_CLIENT_CERTIFICATE: lost });
    expect(clientCertificate).toBe(`${certificate}${key}`);
  });

  it('take the path of a certificate, which is not read here', () => {
    const clientCertificatePath = '/no/such/folder/app.pem';
    const path = { GRAPH_CREDENTIAL: 'certificate', ENTRA_CLIENT_CERTIFICATE_PATH: clientCertificatePath };
    expect(read(path)).toMatchObject({ clientCertificatePath });
    expect(read(path)).not.toHaveProperty('clientCertificate');
  });

  it('take several keys in their order, in both alphabets of base64', () => {
    const urlSafe = Buffer.concat([testKey(2), Buffer.from([0xfb])]).toString('base64url');
    const { clientStateKeys } = read({ CLIENT_STATE_KEYS: ` new:${urlSafe} , k1:${KEY}` });
    expect(clientStateKeys.map(({ keyId, key }) => [keyId, key.length])).toEqual([
      ['new', 33],
      ['k1', 32],
    ]);
  });
});

describe('settings that are missing or wrong', () => {
  it('are all named in one message, each with its expected form', () => {
    const message = problemOf({});
    expect(message).toMatch(/^7 settings to correct: /);
    for (const part of [
      /AzureWebJobsStorage__blobServiceUri is missing .*connection string/,
      /AzureWebJobsStorage__queueServiceUri is missing .*connection string/,
      /AzureWebJobsStorage__tableServiceUri is missing/,
      /ENTRA_CLIENT_ID is missing: set it to .*GUID/,
      /MANAGED_IDENTITY_CLIENT_ID is missing \(GRAPH_CREDENTIAL is federated\)/,
      /CLIENT_STATE_KEYS is missing: set it to keyId:base64.*32 bytes/,
      /PUBLIC_BASE_URL is missing: set it to an https URL/,
    ]) {
      expect(message).toMatch(part);
    }
  });

  it('are named once each when all are wrong at the same time', () => {
    const checked = SETTING_NAMES.filter((name) => name !== 'AzureWebJobsStorage' && name !== 'ENTRA_CLIENT_SECRET');
    const message = problemOf(Object.fromEntries(checked.map((name) => [name, '?'])));
    for (const name of checked) expect(message.match(new RegExp(`${name} (is not|has|names) `, 'g'))).toHaveLength(1);
    expect(message).not.toMatch(/missing/);
  });

  it.each([
    ['ENTRA_CLIENT_SECRET', 'secret'],
    ['ENTRA_CLIENT_CERTIFICATE', 'certificate'],
    ['MANAGED_IDENTITY_CLIENT_ID', 'federated'],
  ])('%s is needed by the credential %s', (name, GRAPH_CREDENTIAL) => {
    expect(problem({ GRAPH_CREDENTIAL, [name]: undefined })).toContain(
      `${name} is missing (GRAPH_CREDENTIAL is ${GRAPH_CREDENTIAL})`,
    );
  });

  it('take one certificate, as text or as an absolute path', async () => {
    const { certificate, key } = await makeCertificate();
    const pem = `${certificate}${key}`;
    const both = { ENTRA_CLIENT_CERTIFICATE: pem, ENTRA_CLIENT_CERTIFICATE_PATH: '/app.pem' };
    expect(problem(both)).toMatch(
      /^1 setting to correct: ENTRA_CLIENT_CERTIFICATE_PATH and .* are both set: remove one/,
    );
    expect(problem({ ENTRA_CLIENT_CERTIFICATE_PATH: 'app.pem' })).toContain('_PATH is not an absolute path');
    expect(problem({ ENTRA_CLIENT_CERTIFICATE_PATH: pem })).toMatch(/_PATH is PEM text: set ENTRA_CLIENT_CERTIFICATE /);
    expect(problem({ GRAPH_CREDENTIAL: 'certificate', ENTRA_CLIENT_CERTIFICATE: '/run/app.pem' })).toMatch(
      /^1 setting to correct: ENTRA_CLIENT_CERTIFICATE names a file: set ENTRA_CLIENT_CERTIFICATE_PATH to its path/,
    );
  });

  it.each(['http://graph.microsoft.com/v1.0', 'ftp://x', 'graph.microsoft.com', 'http://127.0.0.1.example.com'])(
    'GRAPH_BASE_URL refuses %p',
    (GRAPH_BASE_URL) => {
      expect(problem({ GRAPH_BASE_URL })).toMatch(/GRAPH_BASE_URL is not an https URL \(plain http only on loopback\)/);
    },
  );

  it('development works only while Graph is on loopback', () => {
    expect(problem({ GRAPH_CREDENTIAL: 'development' })).toMatch(/development.*GRAPH_BASE_URL is on loopback/);
  });

  it('CLIENT_STATE_KEYS says which entry is wrong, and the form of all', () => {
    expect(problem({ CLIENT_STATE_KEYS: 'foo' })).toMatch(
      /CLIENT_STATE_KEYS has no keyId in entry 1: set it to keyId:base64\[,keyId:base64\]/,
    );
  });

  it.each([
    '@Microsoft.KeyVault(SecretUri=https://vault.example/secrets/one/)',
    '@Microsoft.KeyVault(VaultName=one;SecretName=two)',
    '@microsoft.appconfiguration(Endpoint=https://one.example; Key=two)',
  ])('a reference that was not resolved is refused by name: %s', (reference) => {
    for (const name of [...SETTING_NAMES, ...HOST_SETTING_NAMES]) {
      const storage = name.startsWith('AzureWebJobsStorage') ? { AzureWebJobsStorage: undefined } : {};
      expect(
        problem({ ...storage, GRAPH_CREDENTIAL: 'secret', ENTRA_CLIENT_SECRET: 'x', [name]: reference }),
      ).toContain(`${name} is a reference that was not resolved`);
    }
  });
});

describe('references that were not resolved', () => {
  const reference = '@Microsoft.KeyVault(SecretUri=https://vault.example/secrets/one/)';

  it('(06) are named as such', () => {
    const message = problem(readCase('06-keyvault-unresolved.json'));
    expect(message).toMatch(/^1 setting to correct: ENTRA_CLIENT_SECRET is a reference that was not resolved: give .*/);
    expect(message).not.toContain('vault.example');
  });

  it('are found in a setting that is not used, and inside a value', () => {
    expect(problem({ AzureWebJobsStorage__clientId: reference })).toContain('AzureWebJobsStorage__clientId is a ref');
    expect(problem({ CLIENT_STATE_KEYS: `k1:${reference}` })).toMatch(
      /^1 setting to correct: CLIENT_STATE_KEYS is a ref/,
    );
    expect(problem({ AzureWebJobsStorage: reference })).toMatch(/^1 setting to correct: AzureWebJobsStorage is a ref/);
  });

  it('in other settings leave the queues of the app readable, so that the app can hold its messages', () => {
    const env = { ...complete, ENTRA_CLIENT_SECRET: reference };
    expect(readQueueStorage(env, 'app')).toEqual(read().storage);
    expect(() => readQueueStorage({ ...env, AzureWebJobsStorage: reference }, 'app')).toThrow(/^1 setting to correct/);
  });
});

describe('the account of queues is read from the settings of their trigger alone', () => {
  const QUEUES = 'https://a.queue.core.windows.net';
  const EVENTS = 'https://events.queue.core.windows.net';

  it.each([
    ['EVENTS_STORAGE__queueServiceUri', 'events'],
    ['DATA_STORAGE__blobServiceUri', 'http://data.blob.core.windows.net'],
    ['AzureWebJobsStorage__clientId', 'not a GUID'],
    ['AzureWebJobsStorage__tableServiceUri', 'tables'],
  ])('a wrong %s leaves the queues of an account by connection string open', (name, value) => {
    expect(readQueueStorage({ ...complete, [name]: value }, 'app')).toEqual(read().storage);
  });

  it.each([
    ['EVENTS_STORAGE__queueServiceUri', 'events'],
    ['AzureWebJobsStorage__blobServiceUri', 'blobs'],
    ['AzureWebJobsStorage__tableServiceUri', undefined],
  ])('a wrong %s leaves the queues of an account by identity open', (name, value) => {
    const env = { AzureWebJobsStorage__queueServiceUri: QUEUES, AzureWebJobsStorage__clientId: IDENTITY };
    const storage = { queueServiceUri: QUEUES, managedIdentityClientId: IDENTITY };
    expect(readQueueStorage({ ...env, [name]: value }, 'app')).toEqual(storage);
  });

  it('the queue of events opens in an account of its own while that of the app is wrong', () => {
    const env = { AzureWebJobsStorage: 'wrong', EVENTS_STORAGE__queueServiceUri: EVENTS };
    expect(readQueueStorage(env, 'events')).toEqual({ queueServiceUri: EVENTS, azureCli: true });
    expect(() => readQueueStorage(env, 'app')).toThrow(/AzureWebJobsStorage /);
  });

  it('a wrong setting of the account itself is named', () => {
    expect(() => readQueueStorage({}, 'app')).toThrow(/AzureWebJobsStorage__queueServiceUri is missing/);
    const plain = { AzureWebJobsStorage__queueServiceUri: 'http://a.queue.core.windows.net' };
    expect(() => readQueueStorage(plain, 'app')).toThrow(/is not an https URL/);
    const inAzure = { WEBSITE_INSTANCE_ID: 'x', AzureWebJobsStorage: complete.AzureWebJobsStorage };
    expect(() => readQueueStorage(inAzure, 'app')).toThrow(/is the development storage/);
  });
});

describe('the queues of the app, while other settings are wrong', () => {
  const at = (host: string) => ({ AzureWebJobsStorage__queueServiceUri: `https://a.queue.${host}` });
  const TRUSTED_HOSTS = 'https://a.queue.storage.example';

  it('are at no host of a stranger, which would receive the token of az login or of a managed identity', () => {
    for (const identity of [{}, { AzureWebJobsStorage__clientId: IDENTITY }]) {
      expect(() => readQueueStorage({ ...at('storage.example'), ...identity }, 'app')).toThrow(
        /^1 setting to correct.*TRUSTED/,
      );
    }
    const events = {
      AzureWebJobsStorage: 'UseDevelopmentStorage=true',
      EVENTS_STORAGE__queueServiceUri: 'https://e.example',
    };
    expect(() => readQueueStorage(events, 'events')).toThrow(
      /^1 setting to correct: EVENTS_STORAGE__queueServiceUri is not/,
    );
    expect(() => readQueueStorage({ ...at('storage.example'), TRUSTED_HOSTS: 'wrong' }, 'app')).toThrow(/^1 setting/);
  });

  it('are at known hosts and those of TRUSTED_HOSTS', () => {
    expect(readQueueStorage(at('core.windows.net'), 'app')).toMatchObject({ azureCli: true });
    expect(readQueueStorage({ ...at('storage.example'), TRUSTED_HOSTS }, 'app')).toMatchObject({
      queueServiceUri: TRUSTED_HOSTS,
    });
  });

  it('are at any host in Azure, where the platform has opened it already: the app holds its messages', () => {
    const inAzure = { ...at('storage.example'), WEBSITE_INSTANCE_ID: 'i', TRUSTED_HOSTS: 'wrong' };
    expect(readQueueStorage(inAzure, 'app')).toMatchObject({ queueServiceUri: TRUSTED_HOSTS });
  });
});

it('addresses of public reports (32) are refused by name, each with its remedy', () => {
  const remedies = [
    /GRAPH_BASE_URL has no version: add \/v1\.0 or \/beta/,
    /GRAPH_BASE_URL has a path other than its version: let it end with \/v1\.0 or \/beta/,
    /ENTRA_AUTHORITY_HOST has a path: remove it, such as the tenant/,
    /PUBLIC_BASE_URL has a query or fragment: remove it/,
    /PUBLIC_BASE_URL ends with a route of the app: remove \/notifications/,
  ];
  const messages = readCase<Env[]>('32-addresses.json').map(problem);
  expect(messages).toHaveLength(remedies.length);
  messages.forEach((message, index) => expect(message).toMatch(remedies[index] ?? /^$/));
});

it('the id of a client secret is not taken for its value', () => {
  const secret = { GRAPH_CREDENTIAL: 'secret', ENTRA_CLIENT_SECRET: CLIENT };
  expect(problem(secret)).toContain('ENTRA_CLIENT_SECRET is the id of a client secret: set it to the value');
});

describe('the storage account of the events', () => {
  const EVENTS = 'https://events.queue.core.windows.net';
  const byIdentity = {
    AzureWebJobsStorage: undefined,
    AzureWebJobsStorage__blobServiceUri: 'https://a.blob.core.windows.net',
    AzureWebJobsStorage__queueServiceUri: 'https://a.queue.core.windows.net',
    AzureWebJobsStorage__tableServiceUri: 'https://a.table.core.windows.net',
    AzureWebJobsStorage__clientId: IDENTITY,
  };

  it('may be another one, opened by the same identity', () => {
    const { storage, eventsStorage } = read({ ...byIdentity, EVENTS_STORAGE__queueServiceUri: `${EVENTS}/` });
    expect(eventsStorage).toEqual({ queueServiceUri: EVENTS, managedIdentityClientId: IDENTITY });
    expect(storage).toMatchObject({ queueServiceUri: 'https://a.queue.core.windows.net' });
    const beside = read({ EVENTS_STORAGE__queueServiceUri: EVENTS });
    expect(beside.eventsStorage).toEqual({ queueServiceUri: EVENTS, azureCli: true });
    expect(beside.storage).toEqual(read().storage);
  });

  it('is the one of the app by default', () => {
    const { storage, eventsStorage } = read(byIdentity);
    expect(eventsStorage).toBe(storage);
  });

  it.each([
    [
      'https://events.queue.core.usgovcloudapi.net',
      'EVENTS_STORAGE__queueServiceUri is not https://*.core.windows.net',
    ],
    ['https://events.example', 'EVENTS_STORAGE__queueServiceUri is not https://*.core.windows.net'],
    [`${EVENTS}/print-job-events`, 'EVENTS_STORAGE__queueServiceUri has a path'],
    ['http://127.0.0.1:10001', 'EVENTS_STORAGE__queueServiceUri is not https'],
  ])('is refused at %s', (EVENTS_STORAGE__queueServiceUri, words) => {
    expect(problem({ EVENTS_STORAGE__queueServiceUri })).toContain(words);
  });
});

describe('the storage account of rules and documents', () => {
  const DATA = 'https://data.blob.core.windows.net';

  it('may be another one, opened by the same identity', () => {
    const { storage, dataStorage } = read({
      AzureWebJobsStorage: undefined,
      AzureWebJobsStorage__blobServiceUri: 'https://a.blob.core.windows.net',
      AzureWebJobsStorage__queueServiceUri: 'https://a.queue.core.windows.net',
      AzureWebJobsStorage__tableServiceUri: 'https://a.table.core.windows.net',
      AzureWebJobsStorage__clientId: IDENTITY,
      DATA_STORAGE__blobServiceUri: `${DATA}/`,
    });
    expect(dataStorage).toEqual({ blobServiceUri: DATA, managedIdentityClientId: IDENTITY });
    expect(storage).toMatchObject({ blobServiceUri: 'https://a.blob.core.windows.net' });
  });

  it('is the one of the app by default', () => {
    const { storage, dataStorage } = read();
    expect(dataStorage).toBe(storage);
  });

  it.each([
    ['https://data.example', 'DATA_STORAGE__blobServiceUri is not https://*.core.windows.net'],
    [`${DATA}/documents`, 'DATA_STORAGE__blobServiceUri has a path'],
    ['http://127.0.0.1:10000', 'DATA_STORAGE__blobServiceUri is not https'],
  ])('is refused at %s', (DATA_STORAGE__blobServiceUri, words) => {
    expect(problem({ DATA_STORAGE__blobServiceUri })).toContain(words);
  });
});

describe('in Azure', () => {
  it('a container elsewhere is not in Azure', () => {
    const local = { GRAPH_CREDENTIAL: 'development', GRAPH_BASE_URL: 'http://127.0.0.1:7080/v1.0' };
    expect(read({ ...local, CONTAINER_NAME: 'x' })).toMatchObject({ credential: 'development' });
  });

  it.each([['WEBSITE_INSTANCE_ID'], ['WEBSITE_POD_NAME'], ['CONTAINER_NAME', 'WEBSITE_SITE_NAME']])(
    '%s says so, and nothing local is accepted',
    (...names) => {
      const local = {
        GRAPH_CREDENTIAL: 'development',
        GRAPH_BASE_URL: 'http://127.0.0.1:7080/v1.0',
        ENTRA_AUTHORITY_HOST: 'https://localhost:7443',
        PUBLIC_BASE_URL: 'http://127.0.0.1:7071/api',
      };
      expect(read(local)).toMatchObject({ credential: 'development' });
      const message = problem({ ...local, ...Object.fromEntries(names.map((name) => [name, 'x'])) });
      for (const part of [
        'GRAPH_CREDENTIAL is development, which never works in Azure',
        'GRAPH_BASE_URL is on loopback',
        'ENTRA_AUTHORITY_HOST is on loopback',
        'PUBLIC_BASE_URL is on loopback',
        'AzureWebJobsStorage is the development storage',
      ]) {
        expect(message).toContain(part);
      }
    },
  );
});

it('the message never contains a value', () => {
  // No word of the messages begins like this.
  const value = fc.stringMatching(/^zq[A-Za-z0-9:+/=.,-]{6,40}$/);
  const env = fc.dictionary(fc.constantFrom(...SETTING_NAMES), value, { maxKeys: SETTING_NAMES.length });
  fc.assert(
    fc.property(env, (values) => {
      const message = problemOf({ ...values, PUBLIC_BASE_URL: 'zq-no-url' });
      expect(message).toContain('PUBLIC_BASE_URL is not');
      expect(message).not.toContain('zq');
    }),
  );
});
