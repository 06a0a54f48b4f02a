import type { ReceiverError } from '../errors';
import { readCells } from '../storage/cells';
import { ageOf, parseOrReport, type EntityTable, type Stored, type StoredRow } from '../storage/entityTable';
import { DUE, heldPrefix, indexChanges, isIndexKey, keyInIndex, OPEN, parseIndexRow, userTag } from './ledgerIndex';
import { CELLS_OF_LISTING, formatLedgerRow, parseLedgerRow, TABLE, type LedgerRow } from './ledgerRow';
import { ledgerKey, type JobReference } from './message';

/** Names a row of the ledger. */
export interface LedgerKey {
  tenantId: string;
  rowKey: string;
}

export interface LastChange {
  /** When the row was last written, as the table says; ISO 8601. */
  changedAt?: string;
}

export interface ReadLedgerRow extends Stored<LedgerRow>, LastChange {
  /** How long ago the row was last written, by the clock of the service alone; milliseconds. */
  ageMs: number;
}

/** A job event as its index names it. */
export interface IndexedJob {
  /** Where a later listing continues. */
  indexKey: string;
  /** When its hold ends; ISO 8601. In a listing without a user. */
  heldUntil?: string;
  key: LedgerKey;
  reference: JobReference;
}

export interface ListedLedgerRow extends LastChange {
  rowKey: string;
  etag: string;
  /** Without its long texts, unless the listing asks for its job; undefined for a row that cannot be read and was reported to `onUnreadable`. */
  row: LedgerRow | undefined;
}

/** The table PrintJobs. All its reads and writes go through here. Reads throw ReceiverError `rowUnreadable`. */
export interface Ledger {
  get(key: LedgerKey): Promise<ReadLedgerRow | undefined>;
  /** The same without its long texts, which are most of the size of a row. */
  getWithoutJob(key: LedgerKey): Promise<ReadLedgerRow | undefined>;
  /** The ETag, or undefined when the row exists. */
  insert(reference: JobReference, row: LedgerRow): Promise<string | undefined>;
  /**
   * The new ETag, or undefined when the row has changed since it was read or is gone. The index of work in hand changes in
   * the same transaction, so it cannot diverge.
   */
  replace(reference: JobReference, row: LedgerRow, known: Stored<LedgerRow>): Promise<string | undefined>;
  /** The job events of a tenant that runs have claimed and not given back, from the index: nothing else is read. */
  listOpen(tenantId: string, onUnreadable?: (error: ReceiverError) => void): AsyncIterable<JobReference>;
  /**
   * Held jobs from their index: those of a user (id or principal name), or all in the order in which their holds end.
   *
   * @param options until: only holds that end before it, ISO 8601; without a user. after: the `indexKey` before the first
   */
  listHeld(
    tenantId: string,
    options: { user?: string; until?: string; after?: string },
    onUnreadable?: (error: ReceiverError) => void,
  ): AsyncIterable<IndexedJob>;
  /** Deletes one row. */
  remove(key: LedgerKey): Promise<void>;
  /** Rows of one tenant in the order of their keys, those with `rowKeyPrefix` or all; `withJob`: with their job. */
  list(
    tenantId: string,
    options: { rowKeyPrefix?: string; withJob?: true; onUnreadable: (error: Error) => void },
  ): AsyncIterable<ListedLedgerRow>;
  /** Deletes every row of a tenant, which must not be active any more. Resolves with how many rows were deleted. */
  deleteAll(tenantId: string, onProgress?: (rows: number) => void): Promise<number>;
}

const CELLS_OF_JOB = ['job', 'truncated'];

/** Rows side by side: far under the 2,000 entities a second of one table partition. */
const DELETES_AT_ONCE = 16;

export function createLedger(table: EntityTable): Ledger {
  async function* listIndex(tenantId: string, rowKeyPrefix: string, onUnreadable?: (error: ReceiverError) => void) {
    for await (const row of table.list(tenantId, { rowKeyPrefix })) {
      const reference = parseOrReport(() => parseIndexRow(tenantId, row), onUnreadable);
      if (reference) yield reference;
    }
  }
  const read = async ({ tenantId, rowKey }: LedgerKey, cells?: readonly string[]) => {
    const stored = await table.get(tenantId, rowKey, cells);
    if (!stored) return undefined;
    return { value: parseLedgerRow(stored), etag: stored.etag, ...lastChangeOf(stored), ageMs: ageOf(stored) };
  };
  return {
    get: (key) => read(key),
    getWithoutJob: (key) => read(key, CELLS_OF_LISTING),
    async insert(reference, row) {
      const inserted = formatLedgerRow(ledgerKey(reference), row);
      const index = indexChanges(reference, undefined, row);
      if (index.length === 0) return table.insert(inserted);
      return (await table.write([{ insert: inserted }, ...index]))?.[0];
    },
    async replace(reference, row, { value: before, etag }) {
      const replaced = formatLedgerRow(ledgerKey(reference), row);
      const index = indexChanges(reference, before, row);
      if (index.length === 0) return table.replace(replaced, etag);
      return (await table.write([{ replace: replaced, etag }, ...index]))?.[0];
    },
    listOpen: (tenantId, onUnreadable) => listIndex(tenantId, OPEN, onUnreadable),
    async *listHeld(tenantId, { user, after, until }, onUnreadable) {
      const rowKeyPrefix = user === undefined ? DUE : heldPrefix(userTag(tenantId, user));
      const bounds = {
        ...(after === undefined ? {} : { after }),
        ...(until === undefined ? {} : { before: `${DUE}${until}` }),
      };
      for await (const row of table.list(tenantId, { rowKeyPrefix, ...bounds })) {
        const { rowKey } = row.cells;
        if (typeof rowKey !== 'string') continue;
        const reference = parseOrReport(() => parseIndexRow(tenantId, row), onUnreadable);
        const heldUntil = user === undefined ? { heldUntil: rowKey.split('_')[1] ?? '' } : {};
        const key = { tenantId, rowKey: keyInIndex(rowKey) };
        if (reference) yield { indexKey: rowKey, ...heldUntil, key, reference };
      }
    },
    async remove({ tenantId, rowKey }) {
      const stored = await table.get(tenantId, rowKey);
      if (stored) await deleteRow(table, { tenantId, rowKey }, stored.etag);
    },
    async *list(tenantId, { rowKeyPrefix, withJob, onUnreadable }) {
      const cells = withJob ? [...CELLS_OF_LISTING, ...CELLS_OF_JOB] : CELLS_OF_LISTING;
      const shown = { cells, ...(rowKeyPrefix === undefined ? {} : { rowKeyPrefix }) };
      for await (const stored of table.list(tenantId, shown)) {
        const { rowKey } = stored.cells;
        if (typeof rowKey !== 'string' || isIndexKey(rowKey)) continue;
        const row = parseOrReport(() => parseLedgerRow(stored), onUnreadable);
        yield { rowKey, etag: stored.etag, ...lastChangeOf(stored), row };
      }
    },
    async deleteAll(tenantId, onProgress = () => undefined) {
      let deleted = 0;
      let batch: Promise<void>[] = [];
      const flush = async () => {
        await Promise.all(batch);
        deleted += batch.length;
        batch = [];
        onProgress(deleted);
      };
      for await (const { cells, etag } of table.list(tenantId, { cells: [] })) {
        const { rowKey } = cells;
        if (typeof rowKey !== 'string') continue;
        batch.push(deleteRow(table, { tenantId, rowKey }, etag));
        if (batch.length === DELETES_AT_ONCE) await flush();
      }
      if (batch.length > 0) await flush();
      return deleted;
    },
  };
}

async function deleteRow(table: EntityTable, { tenantId, rowKey }: LedgerKey, first: string): Promise<void> {
  for (let etag: string | undefined = first; etag !== undefined;) {
    if (await table.remove(tenantId, rowKey, etag)) return;
    // A run in progress has written the row in the meantime.
    etag = (await table.get(tenantId, rowKey))?.etag;
  }
}

/** The table writes seven digits of a second, everything else three. */
function lastChangeOf({ cells }: StoredRow): LastChange {
  const changedAt = readCells(TABLE, { cells }).time('timestamp');
  return changedAt === undefined ? {} : { changedAt };
}
