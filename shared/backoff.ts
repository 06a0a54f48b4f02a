/** A wait that doubles from `firstMs` to `longestMs`, both in milliseconds. */
export interface Doubling {
  firstMs: number;
  longestMs: number;
}

/** Milliseconds to wait after the `times`-th attempt (1 or more). */
export function doublingMs({ firstMs, longestMs }: Doubling, times: number): number {
  return Math.min(longestMs, firstMs * 2 ** Math.min(Math.max(times, 1) - 1, 30));
}

/** The longest wait of `retryDelayMs`, unless a Retry-After is longer. */
export const LONGEST_RETRY_MS = 60 * 60_000;
/** Shorter than the interval of the renewal timer, so that one transient failure costs one run. */
const RETRY: Doubling = { firstMs: 60_000, longestMs: LONGEST_RETRY_MS };

/**
 * Milliseconds until something that failed `failures` times in a row (1 or more) is retried: doubling from a minute to an
 * hour. Half of the wait is random, so that what failed together is not retried together. Never before Graph's Retry-After.
 *
 * @param random 0 inclusive to 1 exclusive
 * @param retryAfterMs the Retry-After of the answer, if any
 */
export function retryDelayMs(failures: number, random: number, retryAfterMs = 0): number {
  const full = doublingMs(RETRY, failures);
  return Math.max(Math.ceil(full / 2 + (full / 2) * random), Math.ceil(retryAfterMs));
}

/**
 * The same items, starting at a random place: a run that is cut short leaves out different items each time.
 *
 * @param random 0 inclusive to 1 exclusive
 */
export function rotate<T>(items: readonly T[], random: number): T[] {
  const start = Math.floor(random * items.length);
  return [...items.slice(start), ...items.slice(0, start)];
}
