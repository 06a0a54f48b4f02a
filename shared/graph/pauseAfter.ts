/** Spreads the calls that wait for the same moment. */
const LONGEST_JITTER_MS = 2_000;
const FIRST_BACKOFF_MS = 500;
/** Timers may fire a moment early, and the clocks of both sides differ: never be the one who comes too soon. */
const MARGIN_MS = 60;

/**
 * Milliseconds to wait after the `tries`-th try (1 or more) failed: a little over what Graph asked for, or a doubling
 * back-off where it asked for nothing.
 *
 * @param random 0 inclusive to 1 exclusive
 */
export function pauseAfter(retryAfterMs: number | undefined, tries: number, random: number): number {
  const askedMs = retryAfterMs ?? FIRST_BACKOFF_MS * 2 ** (tries - 1);
  return askedMs + MARGIN_MS + random * Math.min(askedMs / 4, LONGEST_JITTER_MS);
}
