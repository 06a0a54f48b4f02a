import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;

/**
 * Asks `probe` until it answers anything but undefined.
 *
 * @param what for the error when the time is over
 * @param limitMs how long to go on; a bound on a test that fails, never a measure of one that passes
 */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined> | T | undefined,
  limitMs = 20_000,
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`Not within ${limitMs} ms: ${what}`);
    await delay(POLL_MS);
  }
}
