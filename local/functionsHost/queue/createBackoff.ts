/** First wait after an empty poll, and the unit by which it grows (RandomizedExponentialBackoffStrategy, QueuePollingIntervals). */
const MINIMUM_WAIT_MS = 100;

/** Milliseconds until the next poll; `found` says whether anything was received since the last wait. */
export type Backoff = (found: boolean) => number;

/**
 * The wait between empty polls: 100 ms at first, then 100 ms plus an increment that doubles each time, with a jitter of
 * 20 % either way; never above `maximumMs`. `random` yields 0 to 1.
 */
export function createBackoff(maximumMs: number, random: () => number): Backoff {
  let current = 0;
  let exponent = 1;
  return (found) => {
    if (found) {
      current = MINIMUM_WAIT_MS;
      exponent = 1;
    } else if (current !== maximumMs) {
      const jitter = 0.8 + 0.4 * random();
      const wait =
        current === 0 ? MINIMUM_WAIT_MS : MINIMUM_WAIT_MS + jitter * 2 ** (exponent - 1) * MINIMUM_WAIT_MS;
      if (current !== 0) exponent += 1;
      current = wait;
    }
    current = Math.min(current, maximumMs);
    return current;
  };
}
