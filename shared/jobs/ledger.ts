import type { ReceiverError } from '../errors';
import { readCells } from '../storage/cells';
import { ageOf, parseOrReport, type EntityTable, type Row, type Stored, type StoredRow } from '../storage/entityTable';
import { FOUND_BY, ledgerKey, ledgerRowKey, parseReference, type FoundBy, type JobReference } from './message';

export type LedgerStatus = 'claimed' | 'waiting' | 'failed' | 'gone' | 'done';

/** `notYet`: Graph does not show the job yet. `outage`: Graph, Entra or storage is unavailable, throttles or refuses. */
export type WaitReason = 'notYet' | 'outage';

/** What this product does with a task that is open. */
export type Decision = (typeof DECISIONS)[number];
const DECISIONS = ['release', 'deadline', 'unreadable'] as const;

export type EventState = 'pending' | 'sent' | 'none';

/** How a job event ended; see the contract of the table PrintJobs. */
export type Outcome = (typeof OUTCOMES)[number];
const OUTCOMES = ['released', 'redirected', 'deadline', 'unreadable', 'fetchable', 'printed', 'ended'] as const;

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
  /** How many rounds of tries in a row ended with `failed` or `gone`, see `nextRound`. */
  failures?: number;
  /** When the last of these rounds ended: only a person retries it. */
  retriesEndedAt?: string;
  /** How often a row that was done was claimed again, because Graph listed its task as open. */
  reopened?: number;
  firstSeenAt: string;
  /** How the job became known first. */
  foundBy: FoundBy;
  /** When Graph's own notification arrived for a job that was found first in another way. */
  notifiedAt?: string;
  /** createdDateTime of the job, as it was read. */
  jobCreatedAt?: string;
  printerId?: string;
  /** In place of a printer: Graph does not show the printer of this share. */
  shareId?: string;
  jobId?: string;
  wish?: string;
  /** What a run has decided and may have done at Graph: written before its call. `release` is written with the claim. */
  decision?: Decision;
  outcome?: Outcome;
  /** The job as it was read, JSON. */
  job?: string;
  /** What was shortened or left out of `job`, JSON: a list of names. */
  truncated?: string;
  /** The trace of the message that found the job first, for its event. */
  traceparent?: string;
  /** While the event is `pending`: its text, so that it says the same when it is sent again. */
  eventText?: string;
  /** `pending`: the work has ended, and its event could not be sent yet. The others: whether a row that is done sent one. */
  event?: EventState;
  /** The error code or reason: why the row waits or failed, or why no event was sent. For people. */
  cause?: string;
  /** What Graph or Entra said when it last refused a call for this job, with its ids and the remedy. For people. */
  lastRefusal?: string;
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

export interface ReadLedgerRow extends Stored<LedgerRow>, LastChange {
  /** How long ago the row was last written, by the clock of the service alone; milliseconds. */
  ageMs: number;
}

export interface ListedLedgerRow extends LastChange {
  rowKey: string;
  etag: string;
  /** Without its long texts; undefined for a row that cannot be read and was reported to `onUnreadable`. */
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
  /** Deletes one row. */
  remove(key: LedgerKey): Promise<void>;
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

/** The index of work in hand: a row beside the one of each job event that a run has claimed. */
const OPEN = 'open_';
/** The cells of an index row, by which `parseReference` knows the job event. */
const REFERENCE = ['kind', 'definitionId', 'taskId', 'printerId', 'shareId', 'jobId'] as const;
const TABLE = 'PrintJobs';

export function createLedger(table: EntityTable): Ledger {
  const read = async ({ tenantId, rowKey }: LedgerKey, cells?: readonly string[]) => {
    const stored = await table.get(tenantId, rowKey, cells);
    if (!stored) return undefined;
    return { value: parseLedgerRow(stored), etag: stored.etag, ...lastChangeOf(stored), ageMs: ageOf(stored) };
  };
  return {
    get: (key) => read(key),
    getWithoutJob: (key) => read(key, CELLS_OF_LISTING),
    async insert(reference, row) {
      const inserted = formatRow(ledgerKey(reference), row);
      if (row.status !== 'claimed') return table.insert(inserted);
      return (await table.write([{ insert: inserted }, { insert: openRow(reference) }]))?.[0];
    },
    async replace(reference, row, { value: before, etag }) {
      const replaced = formatRow(ledgerKey(reference), row);
      const [wasOpen, isOpen] = [before.status === 'claimed', row.status === 'claimed'];
      if (wasOpen === isOpen) return table.replace(replaced, etag);
      const open = openRow(reference);
      const index = isOpen ? { insert: open } : { remove: open };
      return (await table.write([{ replace: replaced, etag }, index]))?.[0];
    },
    async *listOpen(tenantId, onUnreadable) {
      for await (const row of table.list(tenantId, { rowKeyPrefix: OPEN })) {
        const reference = parseOrReport(() => parseIndexRow(tenantId, row), onUnreadable);
        if (reference) yield reference;
      }
    },
    async remove({ tenantId, rowKey }) {
      const stored = await table.get(tenantId, rowKey);
      if (stored) await deleteRow(table, { tenantId, rowKey }, stored.etag);
    },
    async *list(tenantId, { rowKeyPrefix, onUnreadable }) {
      const shown = { cells: CELLS_OF_LISTING, ...(rowKeyPrefix === undefined ? {} : { rowKeyPrefix }) };
      for await (const stored of table.list(tenantId, shown)) {
        const { rowKey } = stored.cells;
        if (typeof rowKey !== 'string' || rowKey.startsWith(OPEN)) continue;
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

function openRow(reference: JobReference): Row {
  const { tenantId, ...ids } = reference;
  return { partitionKey: tenantId, rowKey: `${OPEN}${ledgerRowKey(reference)}`, ...ids };
}

function formatRow({ tenantId, rowKey }: LedgerKey, row: LedgerRow): Row {
  return { partitionKey: tenantId, rowKey, ...row };
}

function parseIndexRow(tenantId: string, row: StoredRow): JobReference {
  const cells = readCells(TABLE, row);
  const reference = parseReference(tenantId, cells.texts(REFERENCE));
  return cells.need(reference, 'kind with its ids', `it must name a job event in ${REFERENCE.join(', ')}`);
}

const STATUSES: readonly LedgerStatus[] = ['claimed', 'waiting', 'failed', 'gone', 'done'];
const TIMES = ['leaseUntil', 'nextTryAt', 'notifiedAt', 'jobCreatedAt', 'waitingSince', 'retriesEndedAt'] as const;
const TEXTS = ['runId', 'printerId', 'shareId', 'jobId', 'wish', 'cause', 'traceparent'] as const;
/** Most of the size of a row. */
const LONG_TEXTS = ['job', 'truncated', 'eventText', 'lastRefusal'] as const;
const COUNTS = ['failures', 'reopened'] as const;

const CELLS_OF_LISTING: readonly string[] = [
  'timestamp',
  'status',
  'attempts',
  'firstSeenAt',
  'foundBy',
  'outcome',
  'waitReason',
  'event',
  'decision',
  ...COUNTS,
  ...TIMES,
  ...TEXTS,
];

function parseLedgerRow(row: StoredRow): LedgerRow {
  const cells = readCells(TABLE, row);
  const outcome = cells.word('outcome', OUTCOMES);
  const waitReason = cells.word('waitReason', ['notYet', 'outage']);
  const event = cells.word('event', ['pending', 'sent', 'none']);
  const decision = cells.word('decision', DECISIONS);
  return {
    status: cells.need(cells.word('status', STATUSES), 'status', `it must be one of ${STATUSES.join(', ')}`),
    attempts: cells.count('attempts') ?? 0,
    firstSeenAt: cells.need(cells.time('firstSeenAt'), 'firstSeenAt', 'it must be the time of the notification'),
    foundBy: cells.word('foundBy', FOUND_BY) ?? 'graph',
    ...(outcome ? { outcome } : {}),
    ...(waitReason ? { waitReason } : {}),
    ...(event ? { event } : {}),
    ...(decision ? { decision } : {}),
    ...countsOf(cells),
    ...cells.times(TIMES),
    ...cells.texts([...TEXTS, ...LONG_TEXTS]),
  };
}

function countsOf(cells: Pick<ReturnType<typeof readCells>, 'count'>): Pick<LedgerRow, (typeof COUNTS)[number]> {
  const known = COUNTS.map((name) => [name, cells.count(name)] as const).filter(([, count]) => count !== undefined);
  return Object.fromEntries(known);
}
