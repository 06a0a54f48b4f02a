import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOST_SETTING_NAMES, readConfig, SETTING_NAMES } from '../../shared/config';
import { PLACES } from '../../shared/fairness/limits';
import {
  CONTAINER_NAMES,
  isEventsQueue,
  QUEUE_NAMES,
  QUEUES_WITH_POISON,
  TABLE_NAMES,
} from '../../shared/storage/account';
import { MAX_BODY_BYTES } from '../../shared/webhook/receive';
import { testKey } from '../support/testKey';
import {
  ofType,
  PARAMETER_SETS,
  readSnapshot,
  record,
  records,
  settingsInAzure,
  single,
  type ParameterSet,
  type PredictedResource,
} from './snapshots';

const SECRETS = {
  'client-state-keys': `k1:${testKey(1).toString('base64')}`,
  'events-sink-webhook-secrets': `whsec_${testKey(2).toString('base64')}`,
};

/** Settings that a deployment of this template never has, and why. */
const NEVER_SET: Readonly<Record<string, string>> = {
  AzureWebJobsStorage: 'a connection string has a shared key, and the accounts accept none',
  ENTRA_CLIENT_SECRET: 'the app signs in with its identity',
  ENTRA_CLIENT_CERTIFICATE: 'the app signs in with its identity',
  ENTRA_CLIENT_CERTIFICATE_PATH: 'the app signs in with its identity',
  FUNCTIONS_WORKER_RUNTIME: 'Flex Consumption refuses it (functions-app-settings, Flex Consumption plan deprecations)',
  OTEL_METRIC_EXPORT_INTERVAL: 'alerts expect an export each minute, the default',
  NODE_EXTRA_CA_CERTS: 'only the local cloud has a certificate authority of its own',
};

const QUEUES = [...Object.values(QUEUE_NAMES), ...QUEUES_WITH_POISON.map((name) => `${name}-poison`)];

/** The app by the environment of a process in Azure (isInAzure). */
const IN_AZURE = { WEBSITE_INSTANCE_ID: 'instance' };

/** The children of an account, by the kind of its name. */
const childrenOf = (resources: readonly PredictedResource[], type: string, account: string) =>
  ofType(resources, `Microsoft.Storage/storageAccounts/${type}`)
    .filter(({ id }) => id.includes(`/storageAccounts/${account}`))
    .map(({ name }) => name)
    .sort();

describe.each(PARAMETER_SETS)('the template with the parameters %s', (set) => {
  const resources = readSnapshot(set);

  it('sets each setting of the code, or never, with a reason', () => {
    const set = Object.keys(single(resources, 'Microsoft.Web/sites/config').properties);
    expect([...set, ...Object.keys(NEVER_SET)].sort()).toEqual([...SETTING_NAMES, ...HOST_SETTING_NAMES].sort());
  });

  it('gives settings that the code accepts in Azure', () => {
    const config = readConfig({ ...settingsInAzure(resources, SECRETS), ...IN_AZURE });
    expect(config.publicBaseUrl).toMatch(/^https:\/\/print-[a-z0-9.-]+\.azurewebsites\.net\/api$/);
    expect(config).toMatchObject({ credential: 'federated', clientId: '00000000-0000-4000-8000-000000000001' });
  });

  it('lets the host pass on bodies up to twice the limit of the webhook', () => {
    expect(settingsInAzure(resources, SECRETS)['FUNCTIONS_REQUEST_BODY_SIZE_LIMIT']).toBe(String(2 * MAX_BODY_BYTES));
  });

  it('has the queues, tables and containers of the code, each in the account that the settings name', () => {
    const config = readConfig({ ...settingsInAzure(resources, SECRETS), ...IN_AZURE });
    const accountOf = (url: string) => new URL(url).hostname.split('.')[0] ?? '';
    const of = (storage: object, name: string) => accountOf(String(record(storage)[name]));
    const host = of(config.storage, 'queueServiceUri');
    const events = of(config.eventsStorage, 'queueServiceUri');
    const data = of(config.dataStorage, 'blobServiceUri');
    expect(data).not.toBe(host);
    const queuesIn = (account: string) =>
      QUEUES.filter((name) => (isEventsQueue(name) ? events : host) === account).sort();
    expect(childrenOf(resources, 'queueServices/queues', host)).toEqual(queuesIn(host));
    expect(childrenOf(resources, 'queueServices/queues', events)).toEqual(queuesIn(events));
    expect(childrenOf(resources, 'tableServices/tables', host)).toEqual(Object.values(TABLE_NAMES).sort());
    expect(childrenOf(resources, 'blobServices/containers', data)).toEqual(Object.values(CONTAINER_NAMES).sort());
    expect(childrenOf(resources, 'blobServices/containers', host)).toEqual(['deployment']);
  });

  it('has accounts without shared keys, public blobs and old protocols', () => {
    const accounts = ofType(resources, 'Microsoft.Storage/storageAccounts');
    expect(accounts.length).toBeGreaterThanOrEqual(2);
    for (const { properties } of accounts) {
      expect(properties).toMatchObject({
        allowSharedKeyAccess: false,
        allowBlobPublicAccess: false,
        minimumTlsVersion: 'TLS1_2',
        supportsHttpsTrafficOnly: true,
      });
    }
  });

  it('keeps nothing of a deleted document (docs/data-protection.md)', () => {
    for (const { properties } of ofType(resources, 'Microsoft.Storage/storageAccounts/blobServices')) {
      expect(properties).toEqual({
        deleteRetentionPolicy: { enabled: false },
        containerDeleteRetentionPolicy: { enabled: false },
        isVersioningEnabled: false,
        changeFeed: { enabled: false },
      });
    }
  });

  it('has names that Azure accepts (resource-name-rules)', () => {
    for (const { name } of ofType(resources, 'Microsoft.Storage/storageAccounts'))
      expect(name).toMatch(/^[a-z0-9]{3,24}$/);
    expect(single(resources, 'Microsoft.KeyVault/vaults').name).toMatch(/^[a-z](?!.*--)[a-z0-9-]{1,22}[a-z0-9]$/);
    // The host cuts its id, which names the locks of timers, to 32 characters.
    expect(single(resources, 'Microsoft.Web/sites').name).toMatch(/^[a-z0-9][a-z0-9-]{0,30}[a-z0-9]$/);
    for (const { name } of ofType(resources, 'Microsoft.Storage/storageAccounts/queueServices/queues')) {
      expect(name).toMatch(/^[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]$/);
    }
  });

  it('ingests telemetry with Entra tokens alone', () => {
    expect(single(resources, 'Microsoft.Insights/components').properties).toMatchObject({ DisableLocalAuth: true });
    expect(single(resources, 'Microsoft.OperationalInsights/workspaces').properties).toMatchObject({
      features: { disableLocalAuth: true },
    });
  });

  it('keeps a lost signing key recoverable', () => {
    expect(single(resources, 'Microsoft.KeyVault/vaults').properties).toMatchObject({
      enableRbacAuthorization: true,
      enableSoftDelete: true,
      enablePurgeProtection: true,
    });
  });

  it('tests health and handshake from outside', () => {
    const tests = ofType(resources, 'Microsoft.Insights/webtests').map(({ properties }) => properties);
    const requests = tests.map(({ Request }) => record(Request));
    expect(
      requests.map(({ HttpVerb, RequestUrl }) => [HttpVerb, /\{0\}([^']*)/.exec(String(RequestUrl))?.[1]]),
    ).toEqual([
      ['GET', '/health'],
      ['POST', '/notifications?validationToken=availability-test'],
    ]);
    expect(tests[1]).toMatchObject({
      ValidationRules: {
        ExpectedHttpStatusCode: 200,
        ContentValidation: { ContentMatch: 'availability-test', PassIfTextFound: true },
      },
    });
  });
});

describe('the function app', () => {
  const appConfig = (set: ParameterSet) =>
    record(single(readSnapshot(set), 'Microsoft.Web/sites').properties['functionAppConfig']);
  const scale = (set: ParameterSet) => record(appConfig(set)['scaleAndConcurrency']);

  it('runs on Node 24 with 40 instances at most', () => {
    expect(appConfig('smallest')).toMatchObject({
      runtime: { name: 'node', version: '24' },
      siteUpdateStrategy: { type: 'Recreate' },
    });
    expect(scale('smallest')).toMatchObject({ instanceMemoryMB: 2048, maximumInstanceCount: 40 });
  });

  it('keeps an instance ready for the webhook and for the worker, and two in zones', () => {
    const ready = (count: number) => [
      { name: 'http', instanceCount: count },
      { name: 'function:processNotification', instanceCount: count },
    ];
    expect(scale('smallest')['alwaysReady']).toEqual(ready(1));
    expect(scale('zoneRedundant')['alwaysReady']).toEqual(ready(2));
  });

  it('names as ready only functions that exist with a trigger of their own', () => {
    const folder = join(__dirname, '..', '..', 'functions');
    const sources = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
    const names = records(scale('smallest')['alwaysReady']).map(({ name }) => String(name));
    for (const name of names.filter((one) => one.startsWith('function:'))) {
      const pattern = new RegExp(`app\\.(storageQueue|timer)\\('${name.slice('function:'.length)}'`);
      expect(sources.some((source) => pattern.test(source))).toBe(true);
    }
  });

  it('stays under the limit of Graph with all instances busy, 130,000 calls in ten seconds (throttling-limits)', () => {
    // Even if each call took no longer than 75 ms.
    const callsIn10s = Number(scale('smallest')['maximumInstanceCount']) * PLACES * (10_000 / 75);
    expect(callsIn10s).toBeLessThan(130_000);
  });

  it('updates without a restart where RollingUpdate is chosen', () => {
    expect(appConfig('zoneRedundant')).toMatchObject({ siteUpdateStrategy: { type: 'RollingUpdate' } });
  });

  it('accepts https and Entra alone, for requests and deployments', () => {
    const resources = readSnapshot('smallest');
    expect(single(resources, 'Microsoft.Web/sites').properties).toMatchObject({ httpsOnly: true });
    const passwords = ofType(resources, 'Microsoft.Web/sites/basicPublishingCredentialsPolicies');
    expect(passwords.map(({ name, properties }) => [name, properties['allow']])).toEqual([
      ['scm', false],
      ['ftp', false],
    ]);
  });
});

it('is tried with each documented parameter set', () => {
  const files = readdirSync(join(__dirname, '..', '..', 'infra', 'parameters'));
  const expected = PARAMETER_SETS.flatMap((set) => [`${set}.bicepparam`, `${set}.snapshot.json`]);
  expect(files.sort()).toEqual(expected.sort());
});

describe('zone redundancy', () => {
  it('spreads plan and storage', () => {
    const resources = readSnapshot('zoneRedundant');
    expect(single(resources, 'Microsoft.Web/serverfarms').properties).toMatchObject({ zoneRedundant: true });
    for (const account of ofType(resources, 'Microsoft.Storage/storageAccounts')) {
      expect(account.record['sku']).toEqual({ name: 'Standard_ZRS' });
    }
  });
});
