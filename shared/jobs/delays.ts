/** How long a job that Graph does not show yet is waited for before its row is `gone`. */
export const NOT_YET_WINDOW_MS = 10 * 60_000;

/** A queue hides a message for 7 days at most; a Retry-After may ask for more. */
export const LONGEST_DELAY_MS = 7 * 24 * 60 * 60_000;

const SHARE_LEAST_MS = 1_000;
const SHARE_SPREAD_MS = 4_000;
const SILENT_LEAST_MS = 15_000;
const SILENT_SPREAD_MS = 45_000;

/** `notYet`: Graph will show it soon. `outage`: Graph, Entra or storage is out of order or refuses. */
export type WaitReason = 'notYet' | 'outage';

const BOUNDS: Record<WaitReason, [firstMs: number, longestMs: number]> = {
  notYet: [2_000, 60_000],
  outage: [15_000, 10 * 60_000],
};

/** Messages put back together must not come back together: up to so much of the wait is added. */
const SPREAD = 1 / 4;

/**
 * No message that waits by our own rules stays away longer; one that does was asked to by a Retry-After. For the sweep,
 * which leaves what comes by itself within that time alone.
 */
export const LONGEST_OWN_WAIT_MS = BOUNDS.outage[1] * (1 + SPREAD);

/**
 * Milliseconds until a message that was put back comes again: half of the time it has waited for this reason already,
 * between the first delay and the longest. A wait for another reason starts anew.
 *
 * @param waitedMs how long it has waited for this reason
 * @param random 0 to 1; adds up to a quarter
 */
export function growingDelayMs(reason: WaitReason, waitedMs: number, random: number): number {
  const [first, longest] = BOUNDS[reason];
  return Math.min(longest, Math.max(first, waitedMs / 2)) * (1 + random * SPREAD);
}

/**
 * Milliseconds until a message of a throttled tenant comes again: never before the pause ends, spread over some
 * seconds after it.
 */
export function afterPauseMs(pauseMs: number, random: number): number {
  return pauseMs + 500 + random * Math.min(10_000, pauseMs / 4);
}

/**
 * Milliseconds until a message comes again whose tenant had all its places taken: soon, for places become free soon. Not
 * those of a tenant that Graph does not answer: each is taken for 45 seconds, and a thousand messages that come by every
 * few seconds would keep the queue busy for nothing.
 */
export function afterShareMs(random: number, isSilent: boolean): number {
  return isSilent ? SILENT_LEAST_MS + random * SILENT_SPREAD_MS : SHARE_LEAST_MS + random * SHARE_SPREAD_MS;
}

/** A moment under the sweep's ten minutes, so that a run that comes a little early does not pass a row over. */
const SWEEP_FIRST_MS = 9 * 60_000;
/** Under an hour, for the same reason: at most 60 minutes. */
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
