import { inPieces } from '../concurrency';
import type { ReceiverError } from '../errors';
import { readCells } from '../storage/cells';
import {
  ageOf,
  parseOrReport,
  type EntityTable,
  type Row,
  type Stored,
  type StoredRow,
  type TableChange,
} from '../storage/entityTable';
import {
  DAY,
  dayOf,
  DUE,
  heldPrefix,
  indexChanges,
  isIndexKey,
  keyInIndex,
  OPEN,
  parseIndexRow,
  userTag,
  type IndexChange,
} from './ledgerIndex';
import { CELLS_OF_LISTING, formatLedgerRow, parseLedgerRow, TABLE, type LedgerRow } from './ledgerRow';
import { ledgerKey, type JobReference } from './message';
import { watchRowKey, type WatchKey } from '../watches/watches';

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

/** How far the clock of the table service is ahead of ours, which says `now`; milliseconds. The service tells whole seconds. */
export function aheadOf({ changedAt = '', ageMs }: ReadLedgerRow, now: number): number {
  return Date.parse(changedAt) + ageMs - now || 0;
}

/** A job event as its index names it. */
export interface IndexedJob {
  /** Where a later listing continues. */
  indexKey: string;
  /** When its hold ends; ISO 8601. In a listing without a user. */
  heldUntil?: string;
  /** When its hold began, as the table says; ISO 8601. In a listing of held jobs. */
  heldSince?: string;
  key: LedgerKey;
  reference: JobReference;
}

export interface ListedLedgerRow extends LastChange {
  rowKey: string;
  etag: string;
  /**
   * Without its long texts, unless the listing asks for its job; undefined for a row that cannot be read and was reported to
   * `onUnreadable`.
   */
  row: LedgerRow | undefined;
}

/** The table PrintJobs. All its reads and writes go through here. Reads throw ReceiverError `rowUnreadable`. */
export interface Ledger {
  get(key: LedgerKey): Promise<ReadLedgerRow | undefined>;
  /** The same without its long texts, which are most of the size of a row. */
  getWithoutJob(key: LedgerKey): Promise<ReadLedgerRow | undefined>;
  /** The ETag, or undefined when the row exists; without `mayHaveIndex`, which costs reads, also where only its index does. */
  insert(reference: JobReference, row: LedgerRow, options?: { mayHaveIndex: true }): Promise<string | undefined>;
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
  /**
   * Job events by the day on which they were first seen, from their index: oldest first.
   *
   * @param days from: the first day, yyyy-mm-dd. before: the first day that is left out
   */
  listByDay(
    tenantId: string,
    days: { from?: string; before: string },
    onUnreadable?: (error: ReceiverError) => void,
  ): AsyncIterable<IndexedJob>;
  /**
   * Job events that were first seen in a time range, from their index: in no order of time. The table looks at the index rows of
   * the days alone, and sends those of the range.
   *
   * @param range milliseconds since 1970. from: the first one. before: the first one that is left out
   */
  listSeen(
    tenantId: string,
    range: { from: number; before: number },
    onUnreadable?: (error: ReceiverError) => void,
  ): AsyncIterable<{ reference: JobReference; at: number }>;
  /** Whether the ledger has a row of this watch. */
  hasJobOf(watch: WatchKey): Promise<boolean>;
  /**
   * Deletes up to 50 rows that have ended, each with its index row, in one transaction. Index rows alone where a row is gone.
   * Nothing writes such rows any more: see docs/decisions/0026-retention.md.
   */
  removeEnded(tenantId: string, jobs: readonly IndexedJob[]): Promise<void>;
  /** Deletes one row. */
  remove(key: LedgerKey): Promise<void>;
  /** Rows of one tenant in the order of their keys, those with `rowKeyPrefix` or all; `withJob`: with their job. */
  list(
    tenantId: string,
    options: { rowKeyPrefix?: string; withJob?: true; onUnreadable: (error: Error) => void },
  ): AsyncIterable<ListedLedgerRow>;
  /** Deletes every row of a tenant, which must not be active any more. Resolves with how many were deleted, without the index. */
  deleteAll(tenantId: string, onProgress?: (rows: number) => void): Promise<number>;
}

const CELLS_OF_JOB = ['job', 'truncated'];
/** The rows of job events, `jobFetchable_` and `jobStarted_`, and none of the index. */
const ROWS = 'job';

const DAY_MS = 24 * 60 * 60_000;
/** The day in a key is that of the instance, and the time of its row that of the table service. Far above their difference. */
const DAY_MARGIN_MS = 60 * 60_000;

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
    async insert(reference, row, options) {
      const inserted = formatLedgerRow(ledgerKey(reference), row);
      const index = indexChanges(reference, undefined, row);
      if (options?.mayHaveIndex) return writeWithIndex(table, { insert: inserted }, index, undefined);
      return (await table.write([{ insert: inserted }, ...index]))?.[0];
    },
    async replace(reference, row, { value: before, etag }) {
      const replaced = formatLedgerRow(ledgerKey(reference), row);
      const index = indexChanges(reference, before, row);
      if (index.length === 0) return table.replace(replaced, etag);
      return writeWithIndex(table, { replace: replaced, etag }, index, etag);
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
        const { changedAt } = lastChangeOf(row);
        const heldSince = changedAt === undefined ? {} : { heldSince: changedAt };
        if (reference) yield { indexKey: rowKey, ...heldUntil, ...heldSince, key, reference };
      }
    },
    async *listByDay(tenantId, { from, before }, onUnreadable) {
      const bounds = { ...(from === undefined ? {} : { after: `${DAY}${from}` }), before: `${DAY}${before}` };
      for await (const row of table.list(tenantId, { rowKeyPrefix: DAY, ...bounds })) {
        const { rowKey } = row.cells;
        const reference = parseOrReport(() => parseIndexRow(tenantId, row), onUnreadable);
        if (typeof rowKey !== 'string' || !reference) continue;
        yield { indexKey: rowKey, key: { tenantId, rowKey: keyInIndex(rowKey) }, reference };
      }
    },
    async *listSeen(tenantId, { from, before }, onUnreadable) {
      const iso = (ms: number) => new Date(ms).toISOString();
      const days = {
        rowKeyPrefix: DAY,
        after: `${DAY}${dayOf(iso(from - DAY_MARGIN_MS))}`,
        before: `${DAY}${dayOf(iso(before + DAY_MS + DAY_MARGIN_MS))}`,
      };
      // An index row by day is written once, with the row of its job event.
      const written = { writtenFrom: iso(from), writtenBefore: iso(before) };
      for await (const row of table.list(tenantId, { ...days, ...written })) {
        const reference = parseOrReport(() => parseIndexRow(tenantId, row), onUnreadable);
        const { changedAt } = lastChangeOf(row);
        if (reference && changedAt !== undefined) yield { reference, at: Date.parse(changedAt) };
      }
    },
    async hasJobOf(watch) {
      const first = { rowKeyPrefix: `${watchRowKey(watch)}_`, cells: [], most: 1 };
      for await (const _row of table.list(watch.tenantId, first)) return true;
      return false;
    },
    async removeEnded(tenantId, jobs) {
      if (jobs.length === 0) return;
      const keys = jobs.flatMap(({ key, indexKey }) => [key.rowKey, indexKey]);
      const removals = keys.map((rowKey): TableChange => ({ remove: { partitionKey: tenantId, rowKey } }));
      if (await table.write(removals)) return;
      // Another run has removed one of them: a transaction is all or nothing.
      for (const rowKey of keys) await deleteRow(table, { tenantId, rowKey });
    },
    async remove({ tenantId, rowKey }) {
      const stored = await table.get(tenantId, rowKey);
      if (!stored) return;
      const day = dayOf(parseLedgerRow(stored).firstSeenAt);
      await deleteRow(table, { tenantId, rowKey }, stored.etag);
      await deleteRow(table, { tenantId, rowKey: `${DAY}${day}_${rowKey}` });
    },
    async *list(tenantId, { rowKeyPrefix, withJob, onUnreadable }) {
      const cells = withJob ? [...CELLS_OF_LISTING, ...CELLS_OF_JOB] : CELLS_OF_LISTING;
      // The index of a ledger has as many rows as the ledger itself: its prefixes are not read.
      for await (const stored of table.list(tenantId, { cells, rowKeyPrefix: rowKeyPrefix ?? ROWS })) {
        const { rowKey } = stored.cells;
        if (typeof rowKey !== 'string') continue;
        const row = parseOrReport(() => parseLedgerRow(stored), onUnreadable);
        yield { rowKey, etag: stored.etag, ...lastChangeOf(stored), row };
      }
    },
    async deleteAll(tenantId, onProgress = () => undefined) {
      let deleted = 0;
      for await (const piece of inPieces(DELETES_AT_ONCE, table.list(tenantId, { cells: [] }))) {
        const rows = piece.flatMap(({ cells: { rowKey }, etag }) =>
          typeof rowKey === 'string' ? [{ rowKey, etag }] : [],
        );
        await Promise.all(rows.map(({ rowKey, etag }) => deleteRow(table, { tenantId, rowKey }, etag)));
        deleted += rows.filter(({ rowKey }) => !isIndexKey(rowKey)).length;
        onProgress(deleted);
      }
      return deleted;
    },
  };
}

/**
 * Writes a row with its index. A restore that copies one row after the other may have brought back the one without the other: where
 * the row itself is as known, the index alone stands in the way, and the changes that it has already are left out.
 *
 * @param known the ETag of the row before; undefined for a new one
 */
async function writeWithIndex(
  table: EntityTable,
  change: { insert: Row } | { replace: Row; etag: string },
  index: readonly IndexChange[],
  known: string | undefined,
): Promise<string | undefined> {
  const written = await table.write([change, ...index]);
  if (written) return written[0];
  const { partitionKey, rowKey } = 'insert' in change ? change.insert : change.replace;
  if ((await table.get(partitionKey, rowKey, []))?.etag !== known) return undefined;
  const needed: IndexChange[] = [];
  for (const one of index) {
    const row = 'insert' in one ? one.insert : one.remove;
    const exists = (await table.get(row.partitionKey, row.rowKey, [])) !== undefined;
    if (exists === 'remove' in one) needed.push(one);
  }
  return needed.length < index.length ? (await table.write([change, ...needed]))?.[0] : undefined;
}

async function deleteRow(table: EntityTable, { tenantId, rowKey }: LedgerKey, known?: string): Promise<void> {
  for (let etag = known ?? (await table.get(tenantId, rowKey, []))?.etag; etag !== undefined;) {
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
