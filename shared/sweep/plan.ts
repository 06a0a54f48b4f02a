import { LEASE_MS } from '../jobs/claims';
import { LONGEST_DELAY_MS, LONGEST_OWN_WAIT_MS, LONGEST_SPACING_MS, sweepSpacingMs } from '../jobs/delays';
import type { Enqueued } from './sweepRun';
import type { LedgerRow } from '../jobs/ledger';
import { CLOCK_SKEW_MS, waitEnd } from '../skew';

/** The decision on one open task or ready job that Graph lists. */
export type SweepPlan =
  | 'enqueue'
  /** The ledger says that it is done. */
  | 'done'
  /** A run holds its claim, or its own message is due soon. */
  | 'inProgress'
  /** Enqueued recently. */
  | 'spaced'
  /** Created before the watch. */
  | 'beforeWatch'
  /** Near the end of its retention, where a job that is done could look new. */
  | 'tooOld';

/** The facts of one decision. Times in milliseconds since 1970. */
export interface Sight {
  now: number;
  /** Undefined when the ledger has no row. */
  row: LedgerRow | undefined;
  enqueued: Enqueued | undefined;
}

/** The clocks of two instances differ, and a message that is due takes a moment to be received. */
const MARGIN_MS = 60_000;
const DAY_MS = 24 * 60 * 60_000;

/**
 * A task in pending or processing. It has no creation time (resources/printtask.md), and a user waits for it however old it
 * is: neither the start of a watch nor retention hides it. Past its deadline it is enqueued regardless of the spacing, unless
 * its own message is due soon.
 */
export function planTask(sight: Sight, taskDeadlineMinutes: number): SweepPlan {
  const { row, now } = sight;
  const isLate = row !== undefined && now - Date.parse(row.firstSeenAt) >= taskDeadlineMinutes * 60_000;
  return planRow(sight, isLate);
}

/**
 * A job that is fetchable, acquired or completed. A job of unknown age counts as new: an event sent twice is better than a
 * lost job.
 *
 * @param createdAt milliseconds since 1970, NaN when unknown
 * @param bounds since: start of the watch, milliseconds since 1970
 */
export function planJob(
  sight: Sight,
  createdAt: number,
  { since, retentionDays }: { since: number; retentionDays: number },
): SweepPlan {
  // Graph wrote when the job was created, and the machine of an operator when the watch began.
  if (createdAt < since - CLOCK_SKEW_MS) return 'beforeWatch';
  if (sight.now - createdAt >= (retentionDays - 1) * DAY_MS) return 'tooOld';
  return planRow(sight, false);
}

function planRow({ row, enqueued, now }: Sight, isLate: boolean): SweepPlan {
  if (row?.status === 'done') return 'done';
  if (row?.status === 'claimed' && isAhead(row.leaseUntil, now - MARGIN_MS, LEASE_MS)) return 'inProgress';
  if (row?.status === 'waiting' && isAhead(row.nextTryAt, now - MARGIN_MS, LONGEST_DELAY_MS)) {
    // A waiting row always has a message. Where Graph refuses to end a late task, one more message in every run would
    // accumulate. Only a wait that Graph made longer than our own waits is not respected for a late task.
    const isSoon = Date.parse(row.nextTryAt ?? '') <= now + LONGEST_OWN_WAIT_MS + MARGIN_MS;
    if (isSoon || !isLate) return 'inProgress';
  }
  if (isLate) return 'enqueue';
  // The worker wrote when a failed or gone row may be retried.
  if ((row?.status === 'failed' || row?.status === 'gone') && isAhead(row.nextTryAt, now, LONGEST_SPACING_MS))
    return 'spaced';
  return enqueued && now < enqueued.at + sweepSpacingMs(enqueued.times) ? 'spaced' : 'enqueue';
}

function isAhead(time: string | undefined, than: number, longestMs: number): boolean {
  return waitEnd(time, than, longestMs) !== undefined;
}
