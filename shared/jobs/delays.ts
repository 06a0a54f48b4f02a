/** How long a job that Graph does not show yet is waited for before its row is `gone`. */
export const NOT_YET_WINDOW_MS = 10 * 60_000;

/** A queue hides a message for 7 days at most; a Retry-After may ask for more. */
export const LONGEST_DELAY_MS = 7 * 24 * 60 * 60_000;

const NOT_YET_FIRST_MS = 2_000;
const NOT_YET_LONGEST_MS = 60_000;
const OUTAGE_FIRST_MS = 15_000;
const OUTAGE_LONGEST_MS = 10 * 60_000;
const SHARE_FIRST_MS = 1_000;
const SHARE_LONGEST_MS = 30_000;

export type DelayReason = 'notYet' | 'outage' | 'share';

const BOUNDS: Record<DelayReason, [firstMs: number, longestMs: number]> = {
  notYet: [NOT_YET_FIRST_MS, NOT_YET_LONGEST_MS],
  outage: [OUTAGE_FIRST_MS, OUTAGE_LONGEST_MS],
  share: [SHARE_FIRST_MS, SHARE_LONGEST_MS],
};

/**
 * Milliseconds until a message that was put back comes again: doubling from the first delay to the longest.
 *
 * @param deferrals how often it has been put back before
 * @param random 0 to 1; adds up to a quarter, so that messages put back together do not come back together
 */
export function growingDelayMs(reason: DelayReason, deferrals: number, random: number): number {
  const [first, longest] = BOUNDS[reason];
  return Math.min(longest, first * 2 ** Math.min(deferrals, 20)) * (1 + random / 4);
}

/**
 * Milliseconds until a message of a throttled tenant comes again: never before the pause ends, spread over some
 * seconds after it.
 */
export function afterPauseMs(pauseMs: number, random: number): number {
  return pauseMs + 500 + random * Math.min(10_000, pauseMs / 4);
}

/** A moment under the sweep's ten minutes, so that a run that comes a little early does not pass a row over. */
const SWEEP_FIRST_MS = 9 * 60_000;
/** Under an hour, for the same reason: at most 60 minutes (decision 17). */
const SWEEP_LONGEST_MS = 55 * 60_000;

/**
 * Milliseconds in which the sweep leaves a row alone that it, or the worker on its behalf, tried `times` times (1 or
 * more): doubling from nine minutes to 55.
 */
export function sweepSpacingMs(times: number): number {
  return Math.min(SWEEP_LONGEST_MS, SWEEP_FIRST_MS * 2 ** Math.min(times - 1, 10));
}

/** One message is tried some five to fourteen times before its row is `failed` or `gone`. */
const ATTEMPTS_PER_ROUND = 10;

/** Milliseconds until the sweep may bring back a row that was given up after `attempts` claims. */
export function givenUpForMs(attempts: number): number {
  return sweepSpacingMs(1 + Math.floor(attempts / ATTEMPTS_PER_ROUND));
}
