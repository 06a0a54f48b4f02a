import { ReceiverError } from '../errors';
import { parseOrReport, type EntityTable, type StoredRow } from '../storage/entityTable';
import { parseWatchRowKey, watchRowKey, type WatchKey } from './watchKey';

/** A watch and the subscription that serves it today, as the table Subscriptions holds it. */
export interface Watch extends WatchKey {
  /** Jobs created before this are none of our business; ISO 8601. */
  since: string;
  /** False once the operator asked for its removal. */
  wanted: boolean;
  /** Goes into the clientState; raised when the subscription is replaced. */
  generation: number;
  /** The key that signed the clientState of the current subscription. */
  keyId?: string;
  notificationUrl?: string;
  subscriptionId?: string;
  resource?: string;
  changeType?: string;
  /** As Graph answered it; ISO 8601. */
  expirationDateTime?: string;
  /** Last success of POST or PATCH; ISO 8601. */
  renewedAt?: string;
  /** Not before this; ISO 8601. */
  nextTryAt?: string;
  /** Graph said with the last failure that it wants no call before this, whoever asks; ISO 8601. */
  retryAfterUntil?: string;
  /** Failures in a row. */
  failures: number;
  lastError?: string;
}

export interface StoredWatch {
  watch: Watch;
  etag: string;
}

/** The table of watches. */
export interface Watches {
  get(key: WatchKey): Promise<StoredWatch | undefined>;
  /** False when this watch exists. */
  add(watch: Watch): Promise<boolean>;
  /** The new ETag, or undefined when somebody else changed the row since it was read. */
  save(watch: Watch, etag: string): Promise<string | undefined>;
  /** As `save` for up to 100 watches of one tenant, in one call where nobody else changed one of them. */
  saveAll(changes: readonly StoredWatch[]): Promise<(string | undefined)[]>;
  /** False when somebody else changed the row since it was read. */
  remove(key: WatchKey, etag: string): Promise<boolean>;
  /**
   * All watches of a tenant, or of everybody. A row that is none of ours is told to `onUnreadable` and passed over;
   * without it the listing rejects.
   */
  list(tenantId?: string, onUnreadable?: (error: ReceiverError) => void): AsyncIterable<StoredWatch>;
}

/** @throws ReceiverError `rowUnreadable` from every read of a row that is none of ours */
export function createWatches(table: EntityTable): Watches {
  return {
    async get(key) {
      const row = await table.get(key.tenantId, watchRowKey(key));
      return row && parseWatch(row);
    },
    async add(watch) {
      return (await table.insert(toRow(watch))) !== undefined;
    },
    save: (watch, etag) => table.replace(toRow(watch), etag),
    saveAll: (changes) => table.replaceEach(changes.map(({ watch, etag }) => ({ row: toRow(watch), etag }))),
    remove: (key, etag) => table.remove(key.tenantId, watchRowKey(key), etag),
    async *list(tenantId, onUnreadable) {
      for await (const row of table.list(tenantId)) {
        const stored = onUnreadable ? parseOrReport(() => parseWatch(row), onUnreadable) : parseWatch(row);
        if (stored) yield stored;
      }
    },
  };
}

function toRow(watch: Watch) {
  const { tenantId, kind, id, ...cells } = watch;
  return { partitionKey: tenantId, rowKey: watchRowKey({ kind, id }), ...cells };
}

const TEXTS = [
  'keyId',
  'notificationUrl',
  'subscriptionId',
  'resource',
  'changeType',
  'expirationDateTime',
  'renewedAt',
  'nextTryAt',
  'retryAfterUntil',
  'lastError',
] as const;

function parseWatch({ cells, etag }: StoredRow): StoredWatch {
  const { partitionKey, rowKey, since, wanted, generation, failures } = cells;
  const named = typeof rowKey === 'string' ? parseWatchRowKey(rowKey) : undefined;
  if (typeof partitionKey !== 'string' || !named) {
    throw new ReceiverError(
      'rowUnreadable',
      'A row of the table Subscriptions is not named jobStarted_{definitionId} or jobFetchable_{printerId}: delete it',
    );
  }
  const watch: Watch = {
    tenantId: partitionKey,
    ...named,
    since: typeof since === 'string' ? since : '',
    wanted: wanted !== false,
    generation: typeof generation === 'number' ? generation : 0,
    failures: typeof failures === 'number' ? failures : 0,
  };
  for (const name of TEXTS) {
    const value = cells[name];
    if (typeof value === 'string') watch[name] = value;
  }
  return { watch, etag };
}
