import { QueueServiceClient } from '@azure/storage-queue';
import type { StorageConfig } from '../config';
import type { MessageQueue } from './messageQueue';
import type { QueueContents } from './queueContents';
import { createQueueInspection } from './queueInspection';
import { createQueueMessages } from './queueMessages';
import { storageCredential } from './storageCredential';

/** Tries and their limits are ours (see createBoundedQueue): the client's own would add to them. */
const ONE_TRY = { retryOptions: { maxTries: 1 } };

/** The queues of the storage account in the settings, by name. */
export interface QueueService {
  /** For sending. */
  queue(name: string): MessageQueue;
  /** For looking at what waits there. */
  contents(name: string): QueueContents;
}

/** Opens the queues of the storage account in the settings. Connections are kept alive. */
export async function openQueueService(storage: StorageConfig): Promise<QueueService> {
  const service =
    'connectionString' in storage
      ? QueueServiceClient.fromConnectionString(storage.connectionString, ONE_TRY)
      : new QueueServiceClient(storage.queueServiceUri, await storageCredential(storage), ONE_TRY);
  return {
    queue: (name) => createQueueMessages(service.getQueueClient(name)),
    contents: (name) => createQueueInspection(service.getQueueClient(name)),
  };
}
