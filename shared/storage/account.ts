import type { TokenCredential } from '@azure/identity';
import type { OwnIdentity } from '../config';

/** The queues of the product. The poison queue of each is its name with `-poison`, except for those without a trigger. */
export const QUEUE_NAMES = {
  jobs: 'print-notifications',
  /** Without a trigger: what waits for a place, or longer than a minute. Its messages fail in the queue they came from. */
  waiting: 'print-notifications-waiting',
  subscriptions: 'subscription-events',
  archive: 'print-archive',
  jobEvents: 'print-job-events',
  /** Without a trigger: events that the sink has not accepted yet. */
  waitingEvents: 'print-job-events-waiting',
  /** Without a trigger: events that the sink has not accepted within three days. */
  deadEvents: 'print-job-events-dead',
} as const;

/** The queues that have a poison queue. */
export const QUEUES_WITH_POISON = [
  QUEUE_NAMES.jobs,
  QUEUE_NAMES.subscriptions,
  QUEUE_NAMES.archive,
  QUEUE_NAMES.jobEvents,
] as const;

export function hasPoison(name: string): boolean {
  return QUEUES_WITH_POISON.some((one) => one === name);
}

/** The queues whose messages make the app act: each message carries a mac. */
export type SignedQueue = FairQueue | typeof QUEUE_NAMES.archive;

/** The signed queues whose messages wait in the waiting queue where a tenant has more than its share. */
export type FairQueue = typeof QUEUE_NAMES.jobs | typeof QUEUE_NAMES.subscriptions;

export function isSignedQueue(name: string): name is SignedQueue {
  return isFairQueue(name) || name === QUEUE_NAMES.archive;
}

export function isFairQueue(name: string): name is FairQueue {
  return name === QUEUE_NAMES.jobs || name === QUEUE_NAMES.subscriptions;
}

/** The vendor's systems read these queues: they may lie in an account of their own (EVENTS_STORAGE__queueServiceUri). */
export function isEventsQueue(name: string): boolean {
  return name.startsWith(QUEUE_NAMES.jobEvents);
}

/** The tables of the product. */
export const TABLE_NAMES = {
  tenants: 'Tenants',
  /** A row is a watch. */
  subscriptions: 'Subscriptions',
  /** The ledger. */
  printJobs: 'PrintJobs',
  /** A row is the token of a device. */
  deviceTokens: 'DeviceTokens',
} as const;

/** The blob containers of the product. They may lie in an account of their own (DATA_STORAGE__blobServiceUri). */
export const CONTAINER_NAMES = {
  /** Rules. The app only reads them. */
  config: 'config',
  /** Archived documents. */
  documents: 'documents',
} as const;

/** host.json says the same (a test holds them equal): after this many tries the host moves a message to poison. */
export const MAX_DEQUEUE_COUNT = 5;

/** Signs in to services in Azure, as the settings say. */
export async function openOwnIdentity({ managedIdentityClientId, azureCli }: OwnIdentity): Promise<TokenCredential> {
  const { AzureCliCredential, ManagedIdentityCredential } = await import('@azure/identity');
  if (azureCli) return new AzureCliCredential();
  return managedIdentityClientId === undefined
    ? new ManagedIdentityCredential()
    : new ManagedIdentityCredential({ clientId: managedIdentityClientId });
}
