import { ReceiverError } from '../errors';
import { parseOneOf, parseText, pickTexts } from '../parse';
import {
  parseOrReport,
  updateRow,
  type EntityTable,
  type Row,
  type RowFormat,
  type Stored,
  type StoredRow,
  type TableChange,
} from '../storage/entityTable';
import { FOUND_BY, type FoundBy } from './message';

export type LedgerStatus = 'claimed' | 'waiting' | 'failed' | 'gone' | 'done';

/** `notYet`: Graph does not show the job yet. `outage`: Graph, Entra or storage is unavailable, throttles or refuses. */
export type WaitReason = 'notYet' | 'outage';

/** What this product does with a task that is open. */
export type Decision = 'release' | 'deadline';

export type EventState = 'pending' | 'sent' | 'none';

/** How a job event ended; see the contract of the table PrintJobs. */
export type Outcome = 'released' | 'deadline' | 'fetchable' | 'printed' | 'ended';

/** A row of the ledger: the table PrintJobs, one row for each job event. Times are ISO 8601. */
export interface LedgerRow {
  status: LedgerStatus;
  /** The run that holds the claim. */
  runId?: string;
  leaseUntil?: string;
  nextTryAt?: string;
  /** Why the job waits; kept while the next run works on it. */
  waitReason?: WaitReason;
  /** When the wait for `waitReason` began. */
  waitingSince?: string;
  /** How many runs have claimed the row. */
  attempts: number;
  firstSeenAt: string;
  /** How the job became known first. */
  foundBy: FoundBy;
  /** When Graph's own notification arrived for a job that was found first in another way. */
  notifiedAt?: string;
  /** createdDateTime of the job, as it was read. */
  jobCreatedAt?: string;
  printerId?: string;
  jobId?: string;
  wish?: string;
  /** What a run has decided and may have done at Graph: written before its call. `release` is written with the claim. */
  decision?: Decision;
  outcome?: Outcome;
  /** The job as it was read, JSON. */
  job?: string;
  /** `pending`: the work has ended, and its event could not be sent yet. The others: whether a row that is done sent one. */
  event?: EventState;
  /** The error code or reason: why the row waits or failed, or why no event was sent. For people. */
  cause?: string;
}

/** Names a row of the ledger. */
export interface LedgerKey {
  tenantId: string;
  rowKey: string;
}

export interface LastChange {
  /** When the row was last written, as the table says; ISO 8601. */
  changedAt?: string;
}

export interface ListedLedgerRow extends LastChange {
  rowKey: string;
  etag: string;
  /** Without `job`; undefined for a row that cannot be read and was reported to `onUnreadable`. */
  row: LedgerRow | undefined;
}

/** One change of a transaction over rows of one tenant. */
export type LedgerChange =
  | { insert: LedgerRow; rowKey: string }
  | { replace: LedgerRow; rowKey: string; etag: string }
  | { remove: true; rowKey: string };

/** The table PrintJobs. All its reads and writes go through here. Reads throw ReceiverError `rowUnreadable`. */
export interface Ledger {
  get(key: LedgerKey): Promise<(Stored<LedgerRow> & LastChange) | undefined>;
  /** The ETag, or undefined when the row exists. */
  insert(key: LedgerKey, row: LedgerRow): Promise<string | undefined>;
  /** The new ETag, or undefined when the row has changed since `etag` or is gone. */
  replace(key: LedgerKey, row: LedgerRow, etag: string): Promise<string | undefined>;
  /** As `updateRow`: repeats `change` over lost races. */
  update(
    key: LedgerKey,
    change: (row: LedgerRow) => LedgerRow,
    known?: Stored<LedgerRow>,
  ): Promise<Stored<LedgerRow> | undefined>;
  /** Several rows of one tenant in one entity group transaction. False when one of them has changed: then none is written. */
  write(tenantId: string, changes: readonly LedgerChange[]): Promise<boolean>;
  /** Rows of one tenant in the order of their keys, those with `rowKeyPrefix` or all. */
  list(
    tenantId: string,
    options: { rowKeyPrefix?: string; onUnreadable: (error: Error) => void },
  ): AsyncIterable<ListedLedgerRow>;
  /** Deletes every row of a tenant, which must not be active any more. Resolves with how many rows were deleted. */
  deleteAll(tenantId: string, onProgress?: (rows: number) => void): Promise<number>;
}

/** Rows side by side: far under the 2,000 entities a second of one table partition. */
const DELETES_AT_ONCE = 16;

export function createLedger(table: EntityTable): Ledger {
  return {
    async get({ tenantId, rowKey }) {
      const stored = await table.get(tenantId, rowKey);
      return stored && { value: parseLedgerRow(stored), etag: stored.etag, ...lastChangeOf(stored) };
    },
    insert: (key, row) => table.insert(formatRow(key, row)),
    replace: (key, row, etag) => table.replace(formatRow(key, row), etag),
    update(key, change, known) {
      const format: RowFormat<LedgerRow> = { parse: parseLedgerRow, format: (row) => formatRow(key, row) };
      return updateRow(table, format, { partitionKey: key.tenantId, rowKey: key.rowKey }, change, known);
    },
    async write(tenantId, changes) {
      return (await table.write(changes.map((change) => toTableChange(tenantId, change)))) !== undefined;
    },
    async *list(tenantId, { rowKeyPrefix, onUnreadable }) {
      const shown = { cells: CELLS_BUT_JOB, ...(rowKeyPrefix === undefined ? {} : { rowKeyPrefix }) };
      for await (const stored of table.list(tenantId, shown)) {
        const { rowKey } = stored.cells;
        if (typeof rowKey !== 'string') continue;
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
  const ms = Date.parse(parseText(cells['timestamp']));
  return Number.isNaN(ms) ? {} : { changedAt: new Date(ms).toISOString() };
}

function toTableChange(tenantId: string, change: LedgerChange): TableChange {
  const { rowKey } = change;
  if ('insert' in change) return { insert: formatRow({ tenantId, rowKey }, change.insert) };
  if ('replace' in change) return { replace: formatRow({ tenantId, rowKey }, change.replace), etag: change.etag };
  return { remove: { partitionKey: tenantId, rowKey } };
}

function formatRow({ tenantId, rowKey }: LedgerKey, row: LedgerRow): Row {
  return { partitionKey: tenantId, rowKey, ...row };
}

const STATUSES: readonly LedgerStatus[] = ['claimed', 'waiting', 'failed', 'gone', 'done'];
const OUTCOMES: readonly Outcome[] = ['released', 'deadline', 'fetchable', 'printed', 'ended'];
const TEXTS = [
  'runId',
  'leaseUntil',
  'nextTryAt',
  'notifiedAt',
  'jobCreatedAt',
  'waitingSince',
  'printerId',
  'jobId',
  'wish',
  'job',
  'cause',
] as const;

/** `job` is most of the size of a row. */
const CELLS_BUT_JOB: readonly string[] = [
  'timestamp',
  'status',
  'attempts',
  'firstSeenAt',
  'foundBy',
  'outcome',
  'waitReason',
  'event',
  'decision',
  ...TEXTS.filter((name) => name !== 'job'),
];

function parseLedgerRow({ cells }: StoredRow): LedgerRow {
  const status = parseOneOf(cells['status'], STATUSES);
  if (!status || typeof cells['firstSeenAt'] !== 'string') {
    throw new ReceiverError(
      'rowUnreadable',
      `The row ${String(cells['rowKey'])} of the table PrintJobs has no known status or no firstSeenAt`,
    );
  }
  const outcome = parseOneOf(cells['outcome'], OUTCOMES);
  const waitReason = parseOneOf(cells['waitReason'], ['notYet', 'outage']);
  const event = parseOneOf(cells['event'], ['pending', 'sent', 'none']);
  const decision = parseOneOf(cells['decision'], ['release', 'deadline']);
  return {
    status,
    attempts: typeof cells['attempts'] === 'number' ? cells['attempts'] : 0,
    firstSeenAt: cells['firstSeenAt'],
    foundBy: parseOneOf(cells['foundBy'], FOUND_BY) ?? 'graph',
    ...(outcome ? { outcome } : {}),
    ...(waitReason ? { waitReason } : {}),
    ...(event ? { event } : {}),
    ...(decision ? { decision } : {}),
    ...pickTexts(cells, TEXTS),
  };
}
