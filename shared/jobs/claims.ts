import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../clock';
import { ReceiverError } from '../errors';
import type { Stored } from '../storage/entityTable';
import { aheadOf, type Ledger, type ReadLedgerRow } from './ledger';
import {
  decisionOf,
  isHoldOver,
  placeOf,
  rowOfHold,
  withoutDecision,
  withoutFailures,
  withoutWait,
  type DecisionCells,
  type LedgerRow,
} from './ledgerRow';
import { ledgerKey, type FoundBy, type JobReference } from './message';
import { blankRow, losesPersonalData } from './personalData';

/** The right to work on one row until its lease ends. The functions below keep its row and ETag current. */
export interface Claim {
  readonly reference: JobReference;
  readonly runId: string;
  row: LedgerRow;
  etag: string;
  /** The decision that an earlier run left on the row: it may have carried it out before it ended. */
  earlier: DecisionCells | undefined;
  /** This run has asked Graph to carry its decision out, whatever became of that. */
  hasActed: boolean;
  /** How far the clock of the table service was ahead of ours when the row was read; 0 for a row that this run has made. */
  readonly serviceAheadMs: number;
  /** When the last write of the row was begun, by the clock of this process; milliseconds since 1970. */
  writtenAt: number;
}

export type ClaimResult =
  | { outcome: 'claimed'; claim: Claim }
  | { outcome: 'done' }
  /** Another run holds the claim until this time; milliseconds since 1970. */
  | { outcome: 'busy'; until: number };

export interface ClaimDeps {
  ledger: Ledger;
  clock: Pick<Clock, 'now'>;
}

/** Longer than any step between two renewals (a call to Graph: 45 s), and short enough that a crashed run causes little delay. */
export const LEASE_MS = 90_000;
/** A claim may be taken over only this long after its lease has ended: an answer may be on its way. */
const TAKE_OVER_MARGIN_MS = 15_000;
/** A run that works for long renews its lease between its steps. */
const RENEW_LEASE_AFTER_MS = 30_000;

/**
 * Whether the run that claimed a row has lost it. A lease begins with the last write of its row, and both that time and the
 * one of the read come from the table service: the clocks of the instances do not matter.
 */
export function isLeaseOver({ ageMs }: Pick<ReadLedgerRow, 'ageMs'>): boolean {
  return ageMs >= LEASE_MS + TAKE_OVER_MARGIN_MS;
}

/** Graph may be asked so often to end a task that it has confirmed as ended and lists as open. */
const MOST_REOPENED = 5;

/** Whether a row that is done may be claimed again for a task that Graph still lists as open. */
export function mayReopen({ status, event, reopened = 0 }: LedgerRow): boolean {
  return status === 'done' && event !== 'pending' && reopened < MOST_REOPENED;
}

/** A row that changes under every attempt of one call is contended by a loop elsewhere. */
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
 * @param run runId: random, unique to this run. notifiedAt: when Graph's notification arrived, for a message of
 *   Graph. A row that something else found first keeps it, so that late notifications can be counted. receivedAt and
 *   traceparent: of the message; a row keeps the first. stillOpen: Graph lists the task as open, so a row that is done is
 *   claimed again.
 */
export async function claimJob(
  deps: ClaimDeps,
  reference: JobReference,
  run: {
    runId: string;
    foundBy: FoundBy;
    receivedAt?: string;
    notifiedAt?: string;
    traceparent?: string;
    stillOpen?: true;
  },
): Promise<ClaimResult> {
  const now = deps.clock.now();
  let serviceAheadMs = 0;
  const won = (row: LedgerRow, etag: string, before?: LedgerRow): ClaimResult => {
    const earlier = before?.decision === undefined ? undefined : decisionOf(before);
    const claim = { reference, runId: run.runId, row, etag, earlier, hasActed: false, serviceAheadMs, writtenAt: now };
    return { outcome: 'claimed', claim };
  };
  // Most jobs are released, so the claim says it and saves a write of its own. The end of a held job has to be decided.
  const intent = reference.kind === 'jobStarted' ? ({ decision: 'release' } as const) : {};
  const key = ledgerKey(reference);
  const lease = { runId: run.runId, leaseUntil: isoTime(now + LEASE_MS) };
  const fresh: LedgerRow = {
    status: 'claimed',
    phase: 'start',
    ...lease,
    attempts: 1,
    firstSeenAt: isoTime(now),
    foundBy: run.foundBy,
    ...(run.receivedAt ? { receivedAt: run.receivedAt } : {}),
    ...(run.traceparent ? { traceparent: run.traceparent } : {}),
    ...placeOf(reference),
    ...intent,
  };
  const inserted = await deps.ledger.insert(reference, fresh);
  if (inserted !== undefined) return won(fresh, inserted);
  for (let race = 0; race < MOST_RACES; race += 1) {
    const stored = await deps.ledger.get(key);
    if (!stored) {
      const again = await deps.ledger.insert(reference, fresh, { mayHaveIndex: true });
      if (again !== undefined) return won(fresh, again);
      throw lostRace('The ledger row was deleted while this run was claiming it');
    }
    const found = stored.value;
    serviceAheadMs = aheadOf(stored, deps.clock.now());
    const row = noteNotification(found, run.notifiedAt);
    const isReopened = run.stillOpen === true && mayReopen(row);
    const staysHeld =
      row.status === 'held' && run.foundBy === 'graph' && row.wish === undefined && !isHoldOver(row, now);
    if ((row.status === 'done' && !isReopened) || staysHeld) {
      // A lost race needs no retry: the other writer has noted a notification too.
      if (row !== found) await deps.ledger.replace(reference, row, stored);
      return { outcome: 'done' };
    }
    if (row.status === 'claimed') {
      if (row.runId === run.runId) return won(row, stored.etag, row.attempts > 1 ? row : undefined);
      if (!isLeaseOver(stored)) {
        return { outcome: 'busy', until: now + LEASE_MS + TAKE_OVER_MARGIN_MS - stored.ageMs };
      }
    }
    // After the end of its retries a person has asked for another one, with as many as the first.
    const known = row.retriesEndedAt === undefined ? row : withoutFailures(row);
    const taken: LedgerRow = {
      // A row that was gone starts over, because no event was sent for it.
      ...(row.status === 'gone' ? { ...withoutWait(known), firstSeenAt: isoTime(now) } : known),
      ...lease,
      status: 'claimed',
      attempts: row.attempts + 1,
      ...(isReopened ? { reopened: (row.reopened ?? 0) + 1 } : {}),
      ...(row.decision === undefined && row.phase === 'start' ? intent : {}),
    };
    const etag = await deps.ledger.replace(reference, taken, stored);
    if (etag !== undefined) return won(taken, etag, row);
  }
  throw lostRace('The ledger row changed under every attempt to claim it');
}

/**
 * Makes sure that at least `neededMs` of lease are left before something is started that may take that long, and that the
 * row says `cells`.
 *
 * @returns false when another run has taken the row over; the caller must start nothing more
 */
export async function extendLease(
  deps: ClaimDeps,
  claim: Claim,
  neededMs: number,
  cells: Partial<LedgerRow> = {},
): Promise<boolean> {
  const now = deps.clock.now();
  const left = claim.writtenAt + LEASE_MS - now;
  const hasLease = left >= Math.max(neededMs, LEASE_MS - RENEW_LEASE_AFTER_MS);
  const row = { ...claim.row, ...cells };
  const isWritten = isDeepStrictEqual(row, claim.row);
  if (hasLease && isWritten) return true;
  return write(deps, claim, { ...row, leaseUntil: isoTime(now + LEASE_MS) });
}

/**
 * Records that the work on the job event has ended, and whether an event was sent. The same write removes what the row says of
 * people where it may not be kept any longer: a daily run that has passed its day does not see the row again.
 *
 * @param personalDataDays of the customer
 * @returns false when another run has taken the row over
 */
export function finishClaim(
  deps: ClaimDeps,
  claim: Claim,
  changes: Partial<LedgerRow> & Required<Pick<LedgerRow, 'event'>>,
  personalDataDays: number,
): Promise<boolean> {
  const { lastRefusal } = claim.row;
  // Why the job could not be read.
  const isUnread = changes.outcome === 'deadline' || changes.outcome === 'unreadable';
  const reason = isUnread && lastRefusal !== undefined ? { lastRefusal } : {};
  const { eventText: _eventText, heldEventText: _first, ...kept } = withoutFailures(withoutWait(claim.row));
  const done: LedgerRow = { ...kept, ...reason, ...changes, status: 'done' };
  const now = deps.clock.now();
  return write(deps, claim, losesPersonalData(done, personalDataDays, now) ? blankRow(done, isoTime(now)) : done);
}

/**
 * Releases the claim: any later message may claim the row immediately.
 *
 * @returns false when another run has taken the row over, or when that is unknown
 */
export function releaseClaim(
  deps: ClaimDeps,
  claim: Claim,
  changes: { status: 'waiting' | 'failed' | 'gone'; cause: string } & Partial<LedgerRow>,
): Promise<boolean> {
  const { runId: _runId, leaseUntil: _leaseUntil, ...kept } = withoutWait(claim.row);
  // Only a decision that may have been carried out is kept: a task that has ended since is taken for ours.
  const row = claim.hasActed || claim.row.event === 'pending' ? kept : { ...withoutDecision(kept), ...claim.earlier };
  return write(deps, claim, { ...row, ...changes });
}

/**
 * Records that the job is held, and releases the claim: after its first event, or when its end is not due yet or was refused.
 *
 * @returns false when another run has taken the row over
 */
export function holdClaim(deps: ClaimDeps, claim: Claim, changes: Partial<LedgerRow>): Promise<boolean> {
  const { runId: _runId, leaseUntil: _leaseUntil, wish, ...held } = withoutFailures(withoutWait(rowOfHold(claim.row)));
  const { lastRefusal } = claim.row;
  return write(deps, claim, {
    ...held,
    // A wish that Graph refused is over. Another one may follow.
    ...(wish === undefined || changes.lastRefusal !== undefined ? {} : { wish }),
    ...(lastRefusal === undefined ? {} : { lastRefusal }),
    ...changes,
    status: 'held',
    phase: 'end',
    outcome: 'held',
  });
}

/**
 * Records that the job is held although its first event could not be sent, and keeps the claim: its wish and the end of its
 * time do not wait for the queue.
 *
 * @returns false when another run has taken the row over
 */
export async function holdUnreported(
  deps: ClaimDeps,
  claim: Claim,
  cells: Partial<LedgerRow> & Required<Pick<LedgerRow, 'heldEventText'>>,
): Promise<boolean> {
  const lease = { leaseUntil: isoTime(deps.clock.now() + LEASE_MS) };
  const row = { ...rowOfHold(claim.row), ...cells, ...lease, phase: 'end', outcome: 'held' } as const;
  const isKept = await write(deps, claim, row);
  if (isKept) claim.earlier = undefined;
  return isKept;
}

async function write(deps: ClaimDeps, claim: Claim, intended: LedgerRow): Promise<boolean> {
  const { reference } = claim;
  let row = intended;
  const writtenAt = deps.clock.now();
  let known: Stored<LedgerRow> | undefined = { value: claim.row, etag: claim.etag };
  for (let race = 0; race < MOST_RACES && known; race += 1) {
    const etag = await deps.ledger.replace(reference, row, known);
    if (etag !== undefined) {
      Object.assign(claim, { etag, row, writtenAt });
      return true;
    }
    const found: Stored<LedgerRow> | undefined = await deps.ledger.get(ledgerKey(reference));
    // Still our run: an earlier write of ours took effect although its answer was lost. Write again over it, but never
    // reopen a row that is done: its event would be sent again.
    const isOurs = found?.value.runId === claim.runId && (found.value.status !== 'done' || row.status === 'done');
    known = isOurs ? found : undefined;
    const { wish } = known?.value ?? {};
    // A wish is the one cell that others write while a run works. Its own message comes after this run.
    if (wish !== undefined && claim.row.wish === undefined) row = { ...row, wish };
  }
  // The row belongs to another run, or whose it is is unknown: nothing more may be started.
  return false;
}

function noteNotification(row: LedgerRow, notifiedAt: string | undefined): LedgerRow {
  if (notifiedAt === undefined || row.foundBy === 'graph' || row.notifiedAt !== undefined) return row;
  return { ...row, notifiedAt };
}

/** ISO 8601 in UTC of milliseconds since 1970. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

function lostRace(problem: string): ReceiverError {
  return new ReceiverError('claimLost', problem);
}
