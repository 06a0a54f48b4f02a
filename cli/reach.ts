import {
  readQueueStorage,
  type QueueOwner,
  type SignInPlace,
  type BlobStorageConfig,
  type QueueStorageConfig,
  type StorageConfig,
} from '../shared/config';
import { once } from '../shared/concurrency';
import { ERRORS, ReceiverError, type ErrorCode } from '../shared/errors';
import { GraphError } from '../shared/graph/errors';
import { isLoopback } from '../shared/settings/clouds';
import { checkConnectionString } from '../shared/settings/connectionString';
import { isEventsQueue } from '../shared/storage/account';
import { addressOf } from '../shared/storage/errors';
import type { CliServices, Environment } from './context';
import type { Probe, Silence } from './probe';

/**
 * The same services. Before the first use of storage, Graph or the sign-in host, the command makes sure that the host answers:
 * the app itself has more patience, and a person waits for this answer. Rejects with the address, the cause and a remedy.
 */
export function withReachChecks(services: CliServices, env: Environment, probe: Probe): CliServices {
  // The SDKs of storage and of the sign-in use such a proxy, and this command does not ask through one.
  const probeDirect: Probe = async (url) => (isProxied(env) && !isLoopback(url) ? undefined : probe(url));
  const table = once(async () =>
    requireStorage(probeDirect, 'Table', urlOf((await services.config()).storage, 'table')),
  );
  const blob = once(async () => {
    const isOwn = Boolean(env['DATA_STORAGE__blobServiceUri']?.trim());
    const setting = isOwn ? 'DATA_STORAGE__blobServiceUri' : 'AzureWebJobsStorage';
    await requireStorage(probeDirect, 'Blob', urlOf((await services.config()).dataStorage, 'blob'), setting);
  });
  const ownQueues = once(() => requireQueues(probeDirect, env, 'app'));
  const eventQueues = once(() => requireQueues(probeDirect, env, 'events'));
  const queue = (name: string) => (isEventsQueue(name) ? eventQueues() : ownQueues());
  const signIn = once(async () => requireSignIn(probeDirect, (await services.config()).authorityHost));
  const userHosts = async ({ authorityHost, graphBaseUrl }: SignInPlace) => {
    await requireSignIn(probeDirect, authorityHost);
    await requireGraph(probe, graphBaseUrl);
  };
  const graph = once(async () => {
    const { graphBaseUrl, credential } = await services.config();
    if (credential !== 'development') await signIn();
    await requireGraph(probe, graphBaseUrl);
  });
  const after =
    <Args extends unknown[], T>(checks: (() => Promise<void>)[], open: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      for (const check of checks) await check();
      return open(...args);
    };
  return {
    config: services.config,
    signers: services.signers,
    tenants: after([table], services.tenants),
    watches: after([table], services.watches),
    ledger: after([table], services.ledger),
    deviceTokens: after([table], services.deviceTokens),
    configBlobs: after([blob], services.configBlobs),
    documents: after([blob], services.documents),
    rules: after([blob], services.rules),
    graph: after([table, graph], () => services.graph()),
    userGraph: async (place, signInPerson) => {
      await userHosts(place);
      return services.userGraph(place, signInPerson);
    },
    subscriptions: after([table, graph], services.subscriptions),
    sweep: after([table, ownQueues, graph], services.sweep),
    queue: async (name) => {
      await queue(name);
      return services.queue(name);
    },
    queueContents: async (name) => {
      await queue(name);
      return services.queueContents(name);
    },
  };
}

const STORAGE_CODES = {
  Table: 'storageUnavailable',
  Queue: 'queueUnavailable',
  Blob: 'blobsUnavailable',
} as const satisfies Record<string, ErrorCode>;

const PROXY_SETTINGS = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY'];

function isProxied(env: Environment): boolean {
  return PROXY_SETTINGS.some((name) => Boolean(env[name] ?? env[name.toLowerCase()]));
}

/** Queues can be opened although another setting is wrong. Where their own is wrong, opening them says so. */
async function requireQueues(probe: Probe, env: Environment, owner: QueueOwner): Promise<void> {
  const storage = findQueueStorage(env, owner);
  const isOwn = owner === 'events' && Boolean(env['EVENTS_STORAGE__queueServiceUri']?.trim());
  const setting = isOwn ? 'EVENTS_STORAGE__queueServiceUri' : 'AzureWebJobsStorage';
  if (storage) await requireStorage(probe, 'Queue', urlOf(storage, 'queue'), setting);
}

function findQueueStorage(env: Environment, owner: QueueOwner): QueueStorageConfig | undefined {
  try {
    return readQueueStorage(env, owner);
  } catch (error) {
    if (error instanceof ReceiverError && error.code === 'configInvalid') return undefined;
    throw error;
  }
}

/** The message is the one that storage itself gives, which the documentation quotes. */
async function requireStorage(
  probe: Probe,
  service: keyof typeof STORAGE_CODES,
  url: string,
  setting = 'AzureWebJobsStorage',
): Promise<void> {
  const silence = await probe(url);
  if (silence === undefined) return;
  const code = STORAGE_CODES[service];
  const problem = `Cannot reach ${service} storage at ${addressOf(url)} (${silence.cause})`;
  const remedy = silence.isTls ? TLS_REMEDY : ERRORS[code].remedy.replace('AzureWebJobsStorage', setting);
  throw new ReceiverError(code, problem, { remedy });
}

async function requireGraph(probe: Probe, url: string): Promise<void> {
  const silence = await probe(url);
  if (silence === undefined) return;
  const problem = `Cannot reach Microsoft Graph at ${url} (${silence.cause})`;
  throw new GraphError('graphUnavailable', problem, { remedy: remedyOf(silence, url, 'GRAPH_BASE_URL') });
}

async function requireSignIn(probe: Probe, url: string): Promise<void> {
  const silence = await probe(url);
  if (silence === undefined) return;
  const problem = `Cannot reach the sign-in host at ${url} (${silence.cause})`;
  throw new ReceiverError('tokenUnavailable', problem, { remedy: remedyOf(silence, url, 'ENTRA_AUTHORITY_HOST') });
}

const TLS_REMEDY =
  'Check the address and the clock of this machine. Behind a proxy that inspects TLS, set NODE_EXTRA_CA_CERTS to its certificate authority.';

function remedyOf({ isTls }: Silence, url: string, setting: string): string {
  if (isTls) return TLS_REMEDY;
  const check = `${setting} and the network, proxy and firewall of this machine.`;
  return isLoopback(url) ? `Is \`npm start\` running? Otherwise check ${check}` : `Check ${check}`;
}

function urlOf(
  storage: StorageConfig | QueueStorageConfig | BlobStorageConfig,
  kind: 'blob' | 'queue' | 'table',
): string {
  if ('connectionString' in storage) {
    const checked = checkConnectionString(storage.connectionString);
    // The settings have been checked.
    if ('problem' in checked) throw new TypeError(`The connection string ${checked.problem}`);
    return checked.value[`${kind}Endpoint`];
  }
  if (kind === 'queue' && 'queueServiceUri' in storage) return storage.queueServiceUri;
  if (kind === 'blob' && 'blobServiceUri' in storage) return storage.blobServiceUri;
  if (kind === 'table' && 'tableServiceUri' in storage) return storage.tableServiceUri;
  throw new TypeError(`The account has no ${kind} storage`);
}
