import { LEASE_MS, mayReopen } from '../jobs/claims';
import { LONGEST_DELAY_MS, LONGEST_OWN_WAIT_MS, sweepSpacingMs } from '../jobs/delays';
import { LONGEST_ROUND_MS } from '../jobs/retries';
import type { Enqueued } from './sweepMemory';
import { isHoldOver, type LedgerRow } from '../jobs/ledgerRow';
import { CLOCK_SKEW_MS, waitEnd } from '../clock';

/** The decision on one open task or ready job that Graph lists. */
export type SweepPlan =
  | 'enqueue'
  /** The ledger says that it is done. */
  | 'done'
  /** The ledger says that it is done, and Graph lists its task as open long after. */
  | 'lookAgain'
  /** The rules hold the job, and its time is not up. */
  | 'held'
  /** A run holds its claim, or its own message is due soon. */
  | 'inProgress'
  /** Enqueued or failed recently. */
  | 'spaced'
  /** Its retries have ended: a person corrects the cause and asks for another one. */
  | 'retriesEnded';

/** The facts of one decision. Times in milliseconds since 1970. */
export interface Sight {
  now: number;
  /** Undefined when the ledger has no row. */
  row: LedgerRow | undefined;
  /** Milliseconds since the row was written. */
  ageMs: number;
  enqueued: Enqueued | undefined;
  /** A person asked: retries that have ended or are not due yet are made now. */
  retryNow: boolean;
}

/** The clocks of two instances differ, and a message that is due takes a moment to be received. */
const MARGIN_MS = 60_000;
const DAY_MS = 24 * 60 * 60_000;
/** A listing may be older than the row. Far above the time of a listing. */
const LOOK_AGAIN_AFTER_MS = 15 * 60_000;

/**
 * A task that is not known to have ended. It has no creation time (resources/printtask.md), and a user waits for it however
 * old it is: neither the start of a watch nor retention hides it. Past its deadline it is enqueued regardless of the spacing,
 * unless its own message is due soon or Graph has refused to end it.
 *
 * @param isOpen in pending or processing: a row that is done is then wrong
 */
export function planTask(
  sight: Sight,
  { taskDeadlineMinutes, isOpen }: { taskDeadlineMinutes: number; isOpen: boolean },
): SweepPlan {
  const { row, now, ageMs } = sight;
  if (row?.status === 'done') {
    if (!isOpen || ageMs < LOOK_AGAIN_AFTER_MS || !mayReopen(row)) return 'done';
    return isSpaced(sight) ? 'spaced' : 'lookAgain';
  }
  const waitsFrom = row?.phase === 'end' && row.heldUntil !== undefined ? row.heldUntil : row?.firstSeenAt;
  const isLate = waitsFrom !== undefined && now - Date.parse(waitsFrom) >= taskDeadlineMinutes * 60_000;
  return planRow(sight, isLate);
}

/** A task that has ended or that Graph lists no more. Its job is held no longer: another party has ended it. */
export function planEndedTask(sight: Sight): SweepPlan {
  if (sight.row?.status !== 'held') return 'done';
  return isSpaced(sight) ? 'spaced' : 'enqueue';
}

/** A job that is fetchable, acquired or completed, or the end of a job whose event was sent. */
export function planJob(sight: Sight): SweepPlan {
  return planRow(sight, false);
}

/** A job that is older than its watch: without a row it was never accepted, and it has no event. */
export function planOlderJob(sight: Sight): SweepPlan {
  return sight.row ? planJob(sight) : 'done';
}

/** A job that was canceled or aborted: Graph sends no notification of it, so nothing was missed. */
export function planStoppedJob(): SweepPlan {
  return 'done';
}

/**
 * Whether a job was created before its watch, or is so near the end of its retention that a job that is done could look
 * new. A job of unknown age counts as new: an event sent twice is better than a lost job.
 *
 * @param createdAt milliseconds since 1970, NaN when unknown
 * @param bounds since: start of the watch, milliseconds since 1970
 */
export function isOutOfBounds(
  now: number,
  createdAt: number,
  { since, retentionDays }: { since: number; retentionDays: number },
): boolean {
  // Graph wrote when the job was created, and the machine of an operator when the watch began.
  return createdAt < since - CLOCK_SKEW_MS || now - createdAt >= (retentionDays - 1) * DAY_MS;
}

function planRow(sight: Sight, isLate: boolean): SweepPlan {
  const { row, now, retryNow } = sight;
  if (row?.status === 'done') return 'done';
  if (row?.status === 'held' && !isHoldOver(row, now)) return 'held';
  if (row?.status === 'claimed' && isAhead(row.leaseUntil, now - MARGIN_MS, LEASE_MS)) return 'inProgress';
  if (row?.status === 'waiting' && isAhead(row.nextTryAt, now - MARGIN_MS, LONGEST_DELAY_MS)) {
    // A waiting row always has a message. Where Graph refuses to end a late task, one more message in every run would
    // accumulate. Only a wait that Graph made longer than our own waits is not respected for a late task.
    const isSoon = Date.parse(row.nextTryAt ?? '') <= now + LONGEST_OWN_WAIT_MS + MARGIN_MS;
    if (isSoon || !isLate) return 'inProgress';
  }
  if (retryNow) return 'enqueue';
  const hasFailed = row?.status === 'failed' || row?.status === 'gone';
  if (hasFailed && row.retriesEndedAt !== undefined) return 'retriesEnded';
  // A task that Graph has refused to end is not late any more: another try each run would not help it.
  if (isLate && row?.failures === undefined) return 'enqueue';
  // The worker wrote when a failed or gone row may be retried.
  if (hasFailed && isAhead(row.nextTryAt, now, LONGEST_ROUND_MS)) return 'spaced';
  return isSpaced(sight) ? 'spaced' : 'enqueue';
}

function isSpaced({ enqueued, now }: Sight): boolean {
  return enqueued !== undefined && now < enqueued.at + sweepSpacingMs(enqueued.times);
}

function isAhead(time: string | undefined, than: number, longestMs: number): boolean {
  return waitEnd(time, than, longestMs) !== undefined;
}
