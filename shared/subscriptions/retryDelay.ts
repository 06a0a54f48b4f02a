/** Under the spacing of the timer, so that one hiccup costs one run. */
const FIRST_MS = 60_000;
/** A subscription that failed to renew has days left; one that failed to be created is looked for every hour. */
const LONGEST_MS = 60 * 60_000;

/**
 * Milliseconds until a watch that failed `failures` times in a row (1 or more) is tried again: doubling from a minute
 * to an hour, half of it random so that watches that failed together do not come back together, and never before
 * Graph's Retry-After.
 *
 * @param random 0 inclusive to 1 exclusive
 * @param retryAfterMs what Graph asked for, if it did
 */
export function retryDelay(failures: number, random: number, retryAfterMs = 0): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10));
  return Math.max(Math.ceil(full / 2 + (full / 2) * random), Math.ceil(retryAfterMs));
}
