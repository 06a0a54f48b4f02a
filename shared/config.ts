import { ReceiverError } from './errors';
import {
  checkGraphBaseUrl,
  checkOrigin,
  checkPublicBaseUrl,
  checkTrustedHosts,
  trustedOrigins,
} from './settings/addresses';
import { readCertificate, type CertificateConfig } from './settings/certificate';
import { checkHosts, isInAzure, isLoopback, type Address, type Checked } from './settings/clouds';
import { checkConnectionString, isDevelopmentAccount } from './settings/connectionString';
import { readEventSink, type EventSinkConfig } from './settings/eventSink';
import { checkKeyRing, KEYS_FORM, type KeyRing } from './settings/keyRing';
import { createReader, type Check, type Reader, type SettingsEnvironment } from './settings/reader';

export type { KeyRing } from './settings/keyRing';

const CREDENTIALS = ['federated', 'certificate', 'secret', 'development'] as const;

export type GraphCredential = (typeof CREDENTIALS)[number];

/**
 * The identity that opens services in Azure: the managed identity that is named, without a name the system-assigned one, or
 * with `azureCli` the person of `az login`.
 */
export interface OwnIdentity {
  managedIdentityClientId?: string;
  azureCli?: true;
}

/** The queues of a storage account: by connection string or by identity. */
export type QueueStorageConfig = { connectionString: string } | ({ queueServiceUri: string } & OwnIdentity);

export type StorageConfig = QueueStorageConfig &
  ({ connectionString: string } | { blobServiceUri: string; tableServiceUri: string });

/** The blobs of a storage account: by connection string or by identity. */
export type BlobStorageConfig = { connectionString: string } | ({ blobServiceUri: string } & OwnIdentity);

export interface Config extends CertificateConfig {
  storage: StorageConfig;
  /** Where the queue of job events lies: `storage`, unless the settings name another account. */
  eventsStorage: QueueStorageConfig;
  /** Where rules and archived documents lie: `storage`, unless the settings name another account. */
  dataStorage: BlobStorageConfig;
  /** Where the app delivers the events. Without it the vendor's systems read their queue. */
  eventSink?: EventSinkConfig;
  /** Graph root with version, without a slash at the end. */
  graphBaseUrl: string;
  credential: GraphCredential;
  /** Entra's sign-in host, without a slash at the end. */
  authorityHost: string;
  /** Origins outside Microsoft's clouds that may receive credentials and data. */
  trustedHosts: readonly string[];
  /** The vendor's multi-tenant app. */
  clientId: string;
  clientSecret?: string;
  managedIdentityClientId?: string;
  clientStateKeys: KeyRing;
  /** Where Graph reaches the app, route prefix included, without a slash at the end. */
  publicBaseUrl: string;
}

/** Where a person signs in, and to which app. */
export type SignInPlace = Pick<Config, 'authorityHost' | 'clientId' | 'graphBaseUrl'>;

/** The name of every setting that this product reads. A test compares them with the example file and docs/settings.md. */
export const SETTING_NAMES = [
  'AzureWebJobsStorage',
  'AzureWebJobsStorage__blobServiceUri',
  'AzureWebJobsStorage__queueServiceUri',
  'AzureWebJobsStorage__tableServiceUri',
  'AzureWebJobsStorage__clientId',
  'EVENTS_STORAGE__queueServiceUri',
  'DATA_STORAGE__blobServiceUri',
  'EVENTS_SINK_WEBHOOK_URL',
  'EVENTS_SINK_WEBHOOK_SECRETS',
  'EVENTS_SINK_EVENT_GRID_ENDPOINT',
  'GRAPH_BASE_URL',
  'ENTRA_AUTHORITY_HOST',
  'TRUSTED_HOSTS',
  'ENTRA_CLIENT_ID',
  'GRAPH_CREDENTIAL',
  'ENTRA_CLIENT_SECRET',
  'ENTRA_CLIENT_CERTIFICATE',
  'ENTRA_CLIENT_CERTIFICATE_PATH',
  'MANAGED_IDENTITY_CLIENT_ID',
  'CLIENT_STATE_KEYS',
  'PUBLIC_BASE_URL',
] as const;

/** Settings that the Functions host, Node itself or shared/telemetry/ reads. Telemetry has to work while others are wrong. */
export const HOST_SETTING_NAMES = [
  'FUNCTIONS_WORKER_RUNTIME',
  'FUNCTIONS_REQUEST_BODY_SIZE_LIMIT',
  'AzureWebJobsStorage__credential',
  'EVENTS_STORAGE__credential',
  'EVENTS_STORAGE__clientId',
  'APPLICATIONINSIGHTS_CONNECTION_STRING',
  'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
  'OTEL_METRIC_EXPORT_INTERVAL',
  'NODE_EXTRA_CA_CERTS',
] as const;

type SettingName = (typeof SETTING_NAMES)[number];

const DEFAULT_GRAPH = 'https://graph.microsoft.com/v1.0';
const DEFAULT_AUTHORITY = 'https://login.microsoftonline.com';
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const CLIENT_FORM = 'the application (client) id of your Entra app, a GUID';
const IDENTITY_FORM = 'the client id of a user-assigned managed identity, a GUID';

/**
 * Reads and checks all settings at once.
 *
 * @param env the environment. Empty values count as missing
 * @throws ReceiverError `configInvalid` with each missing or wrong setting and its remedy as `details`, never a value
 */
export function readConfig(env: SettingsEnvironment): Config {
  const reader = createReader<SettingName>(env, [...SETTING_NAMES, ...HOST_SETTING_NAMES]);
  const { read, need, problems } = reader;
  const inAzure = isInAzure(env);

  const storage = readStorage(reader, inAzure);
  const graphBaseUrl = read('GRAPH_BASE_URL', checkGraphBaseUrl) ?? DEFAULT_GRAPH;
  const authorityHost = read('ENTRA_AUTHORITY_HOST', (text) => checkOrigin(text, DEFAULT_AUTHORITY));
  const trustedHosts = read('TRUSTED_HOSTS', checkTrustedHosts) ?? [];
  const clientId = need('ENTRA_CLIENT_ID', CLIENT_FORM, checkGuid(CLIENT_FORM));
  const credential = read('GRAPH_CREDENTIAL', checkCredential) ?? 'federated';
  const because = ` (GRAPH_CREDENTIAL is ${credential})`;
  const needIf = <T>(chosen: GraphCredential, name: SettingName, form: string, check: Check<T>) =>
    credential === chosen ? need(name, form, check, because) : read(name, check);
  const clientSecret = needIf('secret', 'ENTRA_CLIENT_SECRET', 'a client secret of your Entra app', checkSecret);
  const certificate = readCertificate(reader, credential === 'certificate');
  const managedIdentityClientId = needIf(
    'federated',
    'MANAGED_IDENTITY_CLIENT_ID',
    IDENTITY_FORM,
    checkGuid(IDENTITY_FORM),
  );
  if (credential === 'development' && (inAzure || !isLoopback(graphBaseUrl))) {
    const where = inAzure ? 'never works in Azure' : 'works only while GRAPH_BASE_URL is on loopback';
    problems.push(`GRAPH_CREDENTIAL is development, which ${where}: choose another`);
  }
  const clientStateKeys = need('CLIENT_STATE_KEYS', KEYS_FORM, checkKeyRing);
  const publicForm = 'an https URL, e.g. https://<app>.azurewebsites.net/api';
  const publicBaseUrl = need('PUBLIC_BASE_URL', publicForm, checkPublicBaseUrl);
  const own = storage?.identity === undefined ? {} : { managedIdentityClientId: storage.identity };
  const sink = readEventSink(reader, { graphBaseUrl, ...own });
  const addresses = [
    { name: 'GRAPH_BASE_URL', role: 'graph', url: graphBaseUrl },
    { name: 'ENTRA_AUTHORITY_HOST', role: 'signIn', url: authorityHost ?? DEFAULT_AUTHORITY },
    ...(publicBaseUrl === undefined ? [] : [{ name: 'PUBLIC_BASE_URL', role: 'own', url: publicBaseUrl } as const]),
    ...(storage?.endpoints ?? []),
    ...(sink?.addresses ?? []),
  ] as const;
  problems.push(...checkHosts(addresses, { trusted: trustedHosts, inAzure }));

  if (problems.length > 0 || !storage || !clientId || !clientStateKeys || !publicBaseUrl) {
    throw invalid(problems);
  }
  return {
    ...storage.config,
    ...(sink === undefined ? {} : { eventSink: sink.config }),
    graphBaseUrl,
    credential,
    authorityHost: authorityHost ?? DEFAULT_AUTHORITY,
    trustedHosts,
    clientId: clientId.toLowerCase(),
    clientStateKeys,
    publicBaseUrl,
    ...(clientSecret === undefined ? {} : { clientSecret }),
    ...certificate,
    ...(managedIdentityClientId === undefined ? {} : { managedIdentityClientId }),
  };
}

/** Whose queues: those of the app, or that of job events. */
export type QueueOwner = 'app' | 'events';

/**
 * The storage account of these queues, by the settings that the triggers of the host use too: any other setting may be wrong.
 * Outside Azure, a token is sent to known hosts only. In Azure the host has opened this address with the same identity.
 *
 * @throws ReceiverError `configInvalid`
 */
export function readQueueStorage(env: SettingsEnvironment, owner: QueueOwner): QueueStorageConfig {
  const inAzure = isInAzure(env);
  const isMissing = (name: SettingName) => !env[name]?.trim();
  const isOther = owner === 'events' && !isMissing('EVENTS_STORAGE__queueServiceUri');
  if (!isOther && !isMissing('AzureWebJobsStorage')) {
    const reader = createReader<SettingName>(env, ['AzureWebJobsStorage']);
    const account = readConnection(reader, inAzure);
    if (reader.problems.length > 0 || !account) throw invalid(reader.problems);
    return { connectionString: account.connectionString };
  }
  const name = isOther ? 'EVENTS_STORAGE__queueServiceUri' : 'AzureWebJobsStorage__queueServiceUri';
  const reader = createReader<SettingName>(env, [name, 'AzureWebJobsStorage__clientId']);
  const queueServiceUri = reader.need(name, `an https URL, e.g. ${QUEUE_FORM}`, checkServiceUri(QUEUE_FORM));
  const identity = reader.read('AzureWebJobsStorage__clientId', checkGuid(IDENTITY_FORM));
  if (queueServiceUri && !inAzure) {
    const rules = { trusted: trustedOrigins(env['TRUSTED_HOSTS']), inAzure };
    reader.problems.push(...checkHosts([storageAddress(name, queueServiceUri)], rules));
  }
  if (reader.problems.length > 0 || !queueServiceUri) throw invalid(reader.problems);
  return { queueServiceUri, ...signInAs(identity, inAzure) };
}

function invalid(problems: readonly string[]): ReceiverError {
  const { length } = problems;
  const problem = length === 1 ? '1 setting to correct' : `${length} settings to correct`;
  return new ReceiverError('configInvalid', problem, { details: problems });
}

const QUEUE_FORM = 'https://<account>.queue.core.windows.net';
const BLOB_FORM = QUEUE_FORM.replace('queue', 'blob');

/** Storage by connection string, else by identity. The queue of job events, and rules and documents, may lie in other accounts. */
function readStorage(reader: Reader<SettingName>, inAzure: boolean) {
  const { read } = reader;
  const own = readOwnStorage(reader, inAzure);
  const [eventsSetting, dataSetting] = ['EVENTS_STORAGE__queueServiceUri', 'DATA_STORAGE__blobServiceUri'] as const;
  const queueServiceUri = read(eventsSetting, checkServiceUri(QUEUE_FORM));
  const blobServiceUri = read(dataSetting, checkServiceUri(BLOB_FORM));
  const identity = read('AzureWebJobsStorage__clientId', checkGuid(IDENTITY_FORM));
  if (!own) return undefined;
  const signIn = signInAs(identity, inAzure);
  const storage = 'connectionString' in own.config ? own.config : { ...own.config, ...signIn };
  const eventsStorage: QueueStorageConfig = queueServiceUri === undefined ? storage : { queueServiceUri, ...signIn };
  const dataStorage: BlobStorageConfig = blobServiceUri === undefined ? storage : { blobServiceUri, ...signIn };
  const endpoints = [
    ...own.endpoints,
    ...(queueServiceUri === undefined ? [] : [storageAddress(eventsSetting, queueServiceUri)]),
    ...(blobServiceUri === undefined ? [] : [storageAddress(dataSetting, blobServiceUri)]),
  ];
  return { identity, config: { storage, eventsStorage, dataStorage }, endpoints };
}

function readConnection({ read, problems }: Reader<SettingName>, inAzure: boolean) {
  const account = read('AzureWebJobsStorage', checkConnectionString);
  if (account && inAzure && isDevelopmentAccount(account)) {
    problems.push('AzureWebJobsStorage is the development storage: set it to an account in Azure');
  }
  return account;
}

function readOwnStorage(reader: Reader<SettingName>, inAzure: boolean) {
  const { need, isMissing } = reader;
  const setting = 'AzureWebJobsStorage';
  if (!isMissing(setting)) {
    const account = readConnection(reader, inAzure);
    if (!account) return undefined;
    const { connectionString, ...urls } = account;
    return { config: { connectionString }, endpoints: Object.values(urls).map((url) => storageAddress(setting, url)) };
  }
  const why = ` (${setting}, a connection string, is also missing)`;
  const needUri = (kind: 'blob' | 'queue' | 'table') => {
    const form = QUEUE_FORM.replace('queue', kind);
    return need(`${setting}__${kind}ServiceUri`, `an https URL, e.g. ${form}`, checkServiceUri(form), why);
  };
  const [blobServiceUri, queueServiceUri, tableServiceUri] = [needUri('blob'), needUri('queue'), needUri('table')];
  if (!blobServiceUri || !queueServiceUri || !tableServiceUri) return undefined;
  const config = { blobServiceUri, queueServiceUri, tableServiceUri };
  return { config, endpoints: Object.entries(config).map(([name, url]) => storageAddress(`${setting}__${name}`, url)) };
}

function storageAddress(name: string, url: string): Address {
  return { name, role: 'storage', url };
}

/** A machine outside Azure has no managed identity, unless one is named: there an operator runs the command line. */
function signInAs(identity: string | undefined, inAzure: boolean): OwnIdentity {
  if (identity !== undefined) return { managedIdentityClientId: identity };
  return inAzure ? {} : { azureCli: true };
}

/** A service that is opened with a token of the managed identity. Its SDK sends tokens over https alone. */
function checkServiceUri(form: string): Check<string> {
  return (text) => {
    const checked = checkOrigin(text, form);
    const isPlain = 'value' in checked && !checked.value.startsWith('https:');
    return isPlain ? { problem: `is not https, e.g. ${form}: a token is sent to it` } : checked;
  };
}

function checkGuid(form: string): Check<string> {
  return (text) => (GUID.test(text) ? { value: text } : { problem: `is not a GUID: set it to ${form}` });
}

function checkCredential(text: string): Checked<GraphCredential> {
  const credential = CREDENTIALS.find((one) => one === text);
  return credential ? { value: credential } : { problem: `is not one of ${CREDENTIALS.join(', ')}` };
}

/** Entra generates no secret of this form. The portal shows the id of a secret beside its value. */
function checkSecret(text: string): Checked<string> {
  return GUID.test(text)
    ? { problem: 'is the id of a client secret: set it to the value of the secret' }
    : { value: text };
}
