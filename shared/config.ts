import * as z from 'zod/mini';
import { ReceiverError } from './errors';

export type GraphCredential = 'federated' | 'certificate' | 'secret' | 'development';

export type StorageConfig =
  { connectionString: string } | { queueServiceUri: string; tableServiceUri: string; managedIdentityClientId?: string };

/** A key of the setting CLIENT_STATE_KEYS. */
export interface ClientStateKey {
  keyId: string;
  key: Buffer;
}

/** At least one key. The first signs, all verify. */
export type KeyRing = readonly [ClientStateKey, ...ClientStateKey[]];

export interface Config {
  storage: StorageConfig;
  /** Graph root with version, without a slash at the end. */
  graphBaseUrl: string;
  credential: GraphCredential;
  /** Entra's sign-in host, without a slash at the end. */
  authorityHost: string;
  /** The vendor's multi-tenant app. */
  clientId: string;
  clientSecret?: string;
  /** PEM: certificate and private key. */
  clientCertificate?: string;
  managedIdentityClientId?: string;
  clientStateKeys: KeyRing;
  /** Where Graph reaches the app, route prefix included, without a slash at the end. */
  publicBaseUrl: string;
}

/** The name of every setting that this product reads. A test compares them with the example file and the README. */
export const SETTING_NAMES = [
  'AzureWebJobsStorage',
  'AzureWebJobsStorage__queueServiceUri',
  'AzureWebJobsStorage__tableServiceUri',
  'AzureWebJobsStorage__clientId',
  'GRAPH_BASE_URL',
  'ENTRA_AUTHORITY_HOST',
  'ENTRA_CLIENT_ID',
  'GRAPH_CREDENTIAL',
  'ENTRA_CLIENT_SECRET',
  'ENTRA_CLIENT_CERTIFICATE',
  'MANAGED_IDENTITY_CLIENT_ID',
  'CLIENT_STATE_KEYS',
  'PUBLIC_BASE_URL',
] as const;

type SettingName = (typeof SETTING_NAMES)[number];

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** 256 bits, the output length of SHA-256, which the keys sign with. */
const KEY_BYTES = 32;

const text = z.string();
const guid = text.check(z.regex(GUID));
const url = text.check(z.refine((value) => isHttpsOrLoopback(value)));
const pem = text.check(
  z.refine(
    (value) => value.includes('-----BEGIN CERTIFICATE-----') && /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(value),
  ),
);

const HTTPS_URL = 'an https URL (plain http only on loopback), e.g.';

/**
 * Reads and checks all settings at once.
 *
 * @param env the environment. Empty values count as missing
 * @throws ReceiverError `configInvalid` with each missing or wrong setting and its expected form as `details`, never a
 *   value
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = [];
  const raw = (name: SettingName) => env[name]?.trim() || undefined;
  const read = <T>(name: SettingName, schema: z.ZodMiniType<T, string>, form: string): T | undefined => {
    const value = raw(name);
    if (value === undefined) return undefined;
    const parsed = z.safeParse(schema, value);
    if (parsed.success) return parsed.data;
    problems.push(`${name} is not ${form}`);
    return undefined;
  };
  /** Reports a missing setting. `read` reports a setting that is wrong. */
  const need = <T>(name: SettingName, value: T | undefined, form: string, why = ''): T | undefined => {
    if (value === undefined && raw(name) === undefined) problems.push(`${name} is missing${why}: set it to ${form}`);
    return value;
  };

  const storage = readStorage();
  const graphForm = `${HTTPS_URL} https://graph.microsoft.com/v1.0`;
  const graphBaseUrl = read('GRAPH_BASE_URL', url, graphForm) ?? 'https://graph.microsoft.com/v1.0';
  const authorityForm = `${HTTPS_URL} https://login.microsoftonline.com`;
  const authorityHost = read('ENTRA_AUTHORITY_HOST', url, authorityForm) ?? 'https://login.microsoftonline.com';
  const clientIdForm = 'the application (client) id of your Entra app, a GUID';
  const clientId = need('ENTRA_CLIENT_ID', read('ENTRA_CLIENT_ID', guid, clientIdForm), clientIdForm);
  const credentials = z.enum(['federated', 'certificate', 'secret', 'development']);
  const credentialForm = 'one of federated, certificate, secret, development';
  const credential = read('GRAPH_CREDENTIAL', credentials, credentialForm) ?? 'federated';
  const clientSecret = raw('ENTRA_CLIENT_SECRET');
  const certificateForm = 'PEM text with the certificate and its private key';
  const clientCertificate = read('ENTRA_CLIENT_CERTIFICATE', pem, certificateForm);
  const identityForm = 'the client id of the user-assigned managed identity, a GUID';
  const managedIdentityClientId = read('MANAGED_IDENTITY_CLIENT_ID', guid, identityForm);
  const because = ` (GRAPH_CREDENTIAL is ${credential})`;
  if (credential === 'secret') need('ENTRA_CLIENT_SECRET', clientSecret, 'a client secret of your Entra app', because);
  if (credential === 'certificate') need('ENTRA_CLIENT_CERTIFICATE', clientCertificate, certificateForm, because);
  if (credential === 'federated') need('MANAGED_IDENTITY_CLIENT_ID', managedIdentityClientId, identityForm, because);
  if (credential === 'development' && !isLoopback(graphBaseUrl)) {
    problems.push(
      'GRAPH_CREDENTIAL is development, which works only while GRAPH_BASE_URL is on loopback: choose another',
    );
  }
  const keysForm = `keyId:base64[,keyId:base64], keyId of 1 to 16 letters, digits, _ or -, each key ${KEY_BYTES} bytes or more (openssl rand -base64 32)`;
  const clientStateKeys = need('CLIENT_STATE_KEYS', readKeys(), keysForm);
  const publicForm = `${HTTPS_URL} https://<app>.azurewebsites.net/api`;
  const publicBaseUrl = need('PUBLIC_BASE_URL', read('PUBLIC_BASE_URL', url, publicForm), publicForm);

  if (problems.length > 0 || !storage || !clientId || !clientStateKeys || !publicBaseUrl) {
    const count = problems.length;
    throw new ReceiverError('configInvalid', count === 1 ? '1 setting to correct' : `${count} settings to correct`, {
      details: problems,
    });
  }
  return {
    storage,
    graphBaseUrl: withoutSlash(graphBaseUrl),
    credential,
    authorityHost: withoutSlash(authorityHost),
    clientId: clientId.toLowerCase(),
    clientStateKeys,
    publicBaseUrl: withoutSlash(publicBaseUrl),
    ...(clientSecret === undefined ? {} : { clientSecret }),
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...(managedIdentityClientId === undefined ? {} : { managedIdentityClientId }),
  };

  function readStorage(): StorageConfig | undefined {
    const connectionString = raw('AzureWebJobsStorage');
    if (connectionString !== undefined) return { connectionString };
    const form = (kind: string) => `${HTTPS_URL} https://<account>.${kind}.core.windows.net`;
    const why = ' (AzureWebJobsStorage, a connection string, is also missing)';
    const queue = 'AzureWebJobsStorage__queueServiceUri';
    const table = 'AzureWebJobsStorage__tableServiceUri';
    const queueServiceUri = need(queue, read(queue, url, form('queue')), form('queue'), why);
    const tableServiceUri = need(table, read(table, url, form('table')), form('table'), why);
    const identity = read('AzureWebJobsStorage__clientId', guid, 'the client id of a managed identity, a GUID');
    if (!queueServiceUri || !tableServiceUri) return undefined;
    return { queueServiceUri, tableServiceUri, ...(identity ? { managedIdentityClientId: identity } : {}) };
  }

  function readKeys(): KeyRing | undefined {
    const value = raw('CLIENT_STATE_KEYS');
    if (value === undefined) return undefined;
    const keys: ClientStateKey[] = [];
    value.split(',').forEach((part, index) => {
      const found = /^\s*([A-Za-z0-9_-]{1,16}):([A-Za-z0-9+/_-]+={0,2})\s*$/.exec(part);
      const key = Buffer.from(found?.[2] ?? '', 'base64');
      const keyId = found?.[1];
      if (keyId === undefined || key.length < KEY_BYTES) {
        problems.push(`CLIENT_STATE_KEYS, entry ${index + 1}, is not ${keysForm}`);
      } else if (keys.some((other) => other.keyId === keyId)) {
        problems.push(`CLIENT_STATE_KEYS has the keyId of entry ${index + 1} twice: give each key its own id`);
      } else {
        keys.push({ keyId, key });
      }
    });
    const [first, ...others] = keys;
    return first && [first, ...others];
  }
}

/** True for addresses of this machine, where plain http and the development credential are allowed. */
export function isLoopback(value: string): boolean {
  const host = parseUrl(value)?.hostname;
  return host !== undefined && (host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host));
}

function isHttpsOrLoopback(value: string): boolean {
  const protocol = parseUrl(value)?.protocol;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(value));
}

function parseUrl(value: string): URL | undefined {
  return URL.canParse(value) ? new URL(value) : undefined;
}

function withoutSlash(value: string): string {
  return value.replace(/\/+$/, '');
}
