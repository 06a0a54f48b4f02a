import { ReceiverError } from '../errors';
import type { Clock } from '../clock';
import type { EntityTable, Row, StoredRow } from '../storage/entityTable';
import type { FoundBy } from './message';
import { ledgerRowKey, type JobReference } from './reference';

export type LedgerStatus = 'claimed' | 'waiting' | 'failed' | 'gone' | 'done';

/** What became of a job event; see the contract of the table PrintJobs. */
export type Outcome = 'released' | 'deadline' | 'fetchable' | 'printed' | 'ended';

/** A row of the ledger, the table that remembers every job event. Times are ISO 8601. */
export interface LedgerRow {
  status: LedgerStatus;
  /** The run that holds the claim. */
  runId?: string;
  leaseUntil?: string;
  nextTryAt?: string;
  /** Since when the job has waited for the reason of `cause`. */
  waitingSince?: string;
  /** How many runs have claimed the row. */
  attempts: number;
  firstSeenAt: string;
  /** Who brought the message that won the first claim. */
  foundBy: FoundBy;
  /** When Graph's own notification came of a job that something else had found first. */
  notifiedAt?: string;
  /** createdDateTime of the job, as it was read. */
  jobCreatedAt?: string;
  printerId?: string;
  jobId?: string;
  wish?: string;
  decision?: string;
  outcome?: Outcome;
  /** The job as it was read, JSON. */
  job?: string;
  /** Why the row failed, waits or got no event. */
  cause?: string;
}

/** The right to work on one row until its lease ends. The functions below keep its row and ETag current. */
export interface Claim {
  readonly reference: JobReference;
  readonly runId: string;
  row: LedgerRow;
  etag: string;
}

export type ClaimResult =
  | { outcome: 'claimed'; claim: Claim }
  | { outcome: 'done' }
  /** Another run works on it and may until this moment; milliseconds since 1970. */
  | { outcome: 'busy'; until: number };

export interface LedgerDeps {
  table: EntityTable;
  clock: Pick<Clock, 'now'>;
}

/** Longer than any step between two renewals (a call to Graph: 45 s); short enough that a dead run delays little. */
const LEASE_MS = 3 * 60_000;
/** A claim may be taken over only this long after its lease has ended: the clocks of two instances differ. */
const TAKE_OVER_MARGIN_MS = 60_000;
/** A run that works for long renews its lease about once a minute, between its steps. */
const RENEW_LEASE_AFTER_MS = 60_000;
/** A row that changes under our hands this often in one call is under attack or broken. */
const MOST_RACES = 5;

/**
 * Claims the row of a job event for one run.
 *
 *   run A   insert ----- works ----- done           the insert of B answers 409; B re-reads: busy
 *   run B        insert 409 -> read -> busy
 *   run C                              (A died)      read -> lease and margin over -> replace with A's ETag -> claimed
 *
 * On 409 and 412 the row is read again: the storage client repeats a write whose answer was lost, so our own runId on
 * the row means that we won.
 *
 * @param run runId: random, of this run alone; notifiedAt: when Graph's notification came, if that is what brought us
 *   here. It is kept on a row that something else had found first, so that one can tell what Graph lost.
 */
export async function claimJob(
  deps: LedgerDeps,
  reference: JobReference,
  run: { runId: string; foundBy: FoundBy; notifiedAt?: string },
): Promise<ClaimResult> {
  const won = (row: LedgerRow, etag: string): ClaimResult => ({
    outcome: 'claimed',
    claim: { reference, runId: run.runId, row, etag },
  });
  const now = deps.clock.now();
  const lease = { runId: run.runId, leaseUntil: isoTime(now + LEASE_MS) };
  const fresh: LedgerRow = {
    status: 'claimed',
    ...lease,
    attempts: 1,
    firstSeenAt: isoTime(now),
    foundBy: run.foundBy,
    ...placeOf(reference),
  };
  const inserted = await deps.table.insert(toRow(reference, fresh));
  if (inserted !== undefined) return won(fresh, inserted);
  for (let race = 0; race < MOST_RACES; race += 1) {
    const stored = await deps.table.get(reference.tenantId, ledgerRowKey(reference));
    if (!stored) throw lostRace('The ledger row vanished while it was claimed');
    const found = parseLedgerRow(stored);
    const row = noteNotification(found, run.notifiedAt);
    if (row.status === 'done') {
      // Losing this race loses nothing: whoever won it changed the row for the same reason.
      if (row !== found) await deps.table.replace(toRow(reference, row), stored.etag);
      return { outcome: 'done' };
    }
    if (row.status === 'claimed') {
      if (row.runId === run.runId) return won(row, stored.etag);
      const until = Date.parse(row.leaseUntil ?? '') + TAKE_OVER_MARGIN_MS;
      if (until > now) return { outcome: 'busy', until };
    }
    const taken: LedgerRow = {
      // A job given up as gone starts anew: nothing was said of it yet.
      ...(row.status === 'gone' ? { ...withoutWait(row), firstSeenAt: isoTime(now) } : row),
      ...lease,
      status: 'claimed',
      attempts: row.attempts + 1,
    };
    const etag = await deps.table.replace(toRow(reference, taken), stored.etag);
    if (etag !== undefined) return won(taken, etag);
  }
  throw lostRace('The ledger row changed under every try to claim it');
}

/**
 * Makes sure that at least `neededMs` of lease are left before something is started that may take that long.
 *
 * @returns false when another run has taken the row over; the caller must start nothing more
 */
export async function extendLease(deps: LedgerDeps, claim: Claim, neededMs: number): Promise<boolean> {
  const now = deps.clock.now();
  const left = Date.parse(claim.row.leaseUntil ?? '') - now;
  if (left >= Math.max(neededMs, LEASE_MS - RENEW_LEASE_AFTER_MS)) return true;
  return write(deps, claim, { ...claim.row, leaseUntil: isoTime(now + LEASE_MS) });
}

/**
 * Records that the job event has been dealt with for good.
 *
 * @returns false when another run has taken the row over
 */
export function finishClaim(deps: LedgerDeps, claim: Claim, changes: Partial<LedgerRow>): Promise<boolean> {
  return write(deps, claim, { ...withoutWait(claim.row), ...changes, status: 'done' });
}

/**
 * Gives the claim back: any later message may claim the row at once.
 *
 * @returns false when another run has taken the row over, or when it cannot be told
 */
export function releaseClaim(
  deps: LedgerDeps,
  claim: Claim,
  changes: {
    status: 'waiting' | 'failed' | 'gone';
    nextTryAt?: string;
    waitingSince?: string;
    cause: string;
  },
): Promise<boolean> {
  const { runId: _runId, leaseUntil: _leaseUntil, ...kept } = withoutWait(claim.row);
  return write(deps, claim, { ...kept, ...changes });
}

async function write(deps: LedgerDeps, claim: Claim, row: LedgerRow): Promise<boolean> {
  for (let race = 0; race < MOST_RACES; race += 1) {
    const etag = await deps.table.replace(toRow(claim.reference, row), claim.etag);
    if (etag !== undefined) {
      claim.etag = etag;
      claim.row = row;
      return true;
    }
    const stored = await deps.table.get(claim.reference.tenantId, ledgerRowKey(claim.reference));
    if (!stored) return false;
    const found = parseLedgerRow(stored);
    // Still our run: an earlier write of ours took effect although its answer was lost. Write again over it, but never
    // open a row that is done: its event would be sent again.
    if (found.runId !== claim.runId || (found.status === 'done' && row.status !== 'done')) return false;
    claim.etag = stored.etag;
  }
  return false;
}

function noteNotification(row: LedgerRow, notifiedAt: string | undefined): LedgerRow {
  if (notifiedAt === undefined || row.foundBy === 'graph' || row.notifiedAt !== undefined) return row;
  return { ...row, notifiedAt };
}

function withoutWait(row: LedgerRow): LedgerRow {
  const { nextTryAt: _nextTryAt, waitingSince: _waitingSince, cause: _cause, ...kept } = row;
  return kept;
}

/** ISO 8601 in UTC of milliseconds since 1970. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

function placeOf(reference: JobReference): Pick<LedgerRow, 'printerId' | 'jobId'> {
  const { printerId, jobId } = reference;
  return { ...(printerId === undefined ? {} : { printerId }), ...(jobId === undefined ? {} : { jobId }) };
}

function toRow(reference: JobReference, row: LedgerRow): Row {
  return { partitionKey: reference.tenantId, rowKey: ledgerRowKey(reference), ...row };
}

const STATUSES: readonly LedgerStatus[] = ['claimed', 'waiting', 'failed', 'gone', 'done'];
const OUTCOMES: readonly Outcome[] = ['released', 'deadline', 'fetchable', 'printed', 'ended'];
const FOUND_BY: readonly FoundBy[] = ['graph', 'sweep', 'replay', 'operator'];
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
  'decision',
  'job',
  'cause',
] as const;

/** The cells of a row without `job`, which is most of its size. */
export const LEDGER_CELLS_BUT_JOB: readonly string[] = [
  'status',
  'attempts',
  'firstSeenAt',
  'foundBy',
  'outcome',
  ...TEXTS.filter((name) => name !== 'job'),
];

/** @throws ReceiverError `rowUnreadable` for a row that this product did not write */
export function parseLedgerRow({ cells }: StoredRow): LedgerRow {
  const status = STATUSES.find((word) => word === cells['status']);
  if (!status || typeof cells['firstSeenAt'] !== 'string') {
    throw new ReceiverError(
      'rowUnreadable',
      `The row ${String(cells['rowKey'])} of the table PrintJobs has no known status or no firstSeenAt: correct or delete it`,
    );
  }
  const outcome = OUTCOMES.find((word) => word === cells['outcome']);
  const row: LedgerRow = {
    status,
    attempts: typeof cells['attempts'] === 'number' ? cells['attempts'] : 0,
    firstSeenAt: cells['firstSeenAt'],
    foundBy: FOUND_BY.find((word) => word === cells['foundBy']) ?? 'graph',
    ...(outcome ? { outcome } : {}),
  };
  for (const name of TEXTS) {
    const value = cells[name];
    if (typeof value === 'string') row[name] = value;
  }
  return row;
}

function lostRace(message: string): ReceiverError {
  return new ReceiverError('claimLost', message);
}
