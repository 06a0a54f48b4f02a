import type { Config } from '../../shared/config';
import { openBlobs } from '../../shared/storage/blobs';
import type { BlobContainer } from '../../shared/storage/blobs';
import type { EntityTable } from '../../shared/storage/entityTable';
import type { QueueContents } from '../../shared/storage/queueContents';
import { isEventsQueue } from '../../shared/storage/account';
import { openQueues } from '../../shared/storage/queues';
import { openTables } from '../../shared/storage/tables';

/** Storage by the names of its queues, tables and containers. Nothing is read before it is used. */
export interface OpenStorage {
  queue: (name: string) => QueueContents;
  table: (name: string) => EntityTable;
  container: (name: string) => BlobContainer;
}

/** Opens the accounts of the settings. */
export async function openStorage({ storage, eventsStorage, dataStorage }: Config): Promise<OpenStorage> {
  const [own, events, table, container] = await Promise.all([
    openQueues(storage),
    openQueues(eventsStorage),
    openTables(storage),
    openBlobs(dataStorage),
  ]);
  return { queue: (name) => (isEventsQueue(name) ? events : own).contents(name), table, container };
}
