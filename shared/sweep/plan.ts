import { LONGEST_OWN_WAIT_MS, sweepSpacingMs } from '../jobs/delays';
import type { Brought } from './sweepRun';
import type { LedgerRow } from '../jobs/ledger';

/** What the sweep does about one open thing that Graph shows, and if nothing, why. */
export type SweepPlan =
  | 'enqueue'
  /** The ledger has dealt with it. */
  | 'done'
  /** A run holds its claim, or its own message comes by itself. */
  | 'atWork'
  /** Brought back a short while ago. */
  | 'spaced'
  /** Created before the watch. */
  | 'beforeWatch'
  /** Near the end of what the ledger remembers, where a job that is done could look new. */
  | 'tooOld';

/** What the plan looks at. Times in milliseconds since 1970. */
export interface Sight {
  now: number;
  /** Undefined when the ledger has no row. */
  row: LedgerRow | undefined;
  brought: Brought | undefined;
}

/** The clocks of two instances differ, and a message that is due needs a moment to be received. */
const MARGIN_MS = 60_000;
const DAY_MS = 24 * 60 * 60_000;

/**
 * A task in pending or processing. It has no age of its own (resources/printtask.md), and whoever printed waits for it
 * however long ago that was: neither the begin of a watch nor retention hides it. Past its deadline it is brought
 * whatever the spacing, unless its own message comes soon.
 */
export function planTask(sight: Sight, taskDeadlineMinutes: number): SweepPlan {
  const { row, now } = sight;
  const isLate = row !== undefined && now - Date.parse(row.firstSeenAt) >= taskDeadlineMinutes * 60_000;
  return planRow(sight, isLate);
}

/**
 * A job that is fetchable, acquired or completed. One whose age Graph does not tell is taken for new: rather told twice
 * than lost.
 *
 * @param createdAt milliseconds since 1970, NaN when unknown
 * @param bounds since: begin of the watch, milliseconds since 1970
 */
export function planJob(
  sight: Sight,
  createdAt: number,
  { since, retentionDays }: { since: number; retentionDays: number },
): SweepPlan {
  if (createdAt < since) return 'beforeWatch';
  if (sight.now - createdAt >= (retentionDays - 1) * DAY_MS) return 'tooOld';
  return planRow(sight, false);
}

function planRow({ row, brought, now }: Sight, isLate: boolean): SweepPlan {
  if (row?.status === 'done') return 'done';
  if (row?.status === 'claimed' && isAhead(row.leaseUntil, now - MARGIN_MS)) return 'atWork';
  if (row?.status === 'waiting' && isAhead(row.nextTryAt, now - MARGIN_MS)) {
    // A row that waits always has a message. Where Graph refuses to end a late task each of them would come again and
    // again, and one more in every run would add up; only a wait that Graph made longer than ours is not waited for.
    const isSoon = !isAhead(row.nextTryAt, now + LONGEST_OWN_WAIT_MS + MARGIN_MS);
    if (isSoon || !isLate) return 'atWork';
  }
  if (isLate) return 'enqueue';
  // The worker says how long a row that it gave up should rest.
  if ((row?.status === 'failed' || row?.status === 'gone') && isAhead(row.nextTryAt, now)) return 'spaced';
  return brought && now < brought.at + sweepSpacingMs(brought.times) ? 'spaced' : 'enqueue';
}

function isAhead(time: string | undefined, than: number): boolean {
  return Date.parse(time ?? '') > than;
}
