import { QueueServiceClient } from '@azure/storage-queue';
import type { StorageConfig } from '../config';
import type { MessageQueue } from './messageQueue';
import { createQueueMessages } from './queueMessages';
import { storageCredential } from './storageCredential';

/** Tries and their limits are ours (see createBoundedQueue): the client's own would add to them. */
const ONE_TRY = { retryOptions: { maxTries: 1 } };

/** Opens the queues of the storage account in the settings. Connections are kept alive. */
export async function openQueueService(storage: StorageConfig): Promise<(name: string) => MessageQueue> {
  const service =
    'connectionString' in storage
      ? QueueServiceClient.fromConnectionString(storage.connectionString, ONE_TRY)
      : new QueueServiceClient(storage.queueServiceUri, await storageCredential(storage), ONE_TRY);
  return (name) => createQueueMessages(service.getQueueClient(name));
}
