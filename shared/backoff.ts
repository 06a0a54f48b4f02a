import { parseText } from './parse';

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

/**
 * How long a Retry-After header asks to wait (RFC 9110, 10.2.3).
 *
 * @param header seconds, which Graph also sends as a fraction (2.128), or an HTTP date. In a `$batch` it may be a number. Of
 *   several values, which intermediaries join with commas, the longest holds
 * @param answeredAt by the clock that wrote the header; milliseconds since 1970
 * @returns milliseconds, or undefined when the header is missing or has another form
 */
export function parseRetryAfter(header: unknown, answeredAt: number): number | undefined {
  const text = typeof header === 'number' ? header.toFixed(3) : parseText(header);
  const seconds = text.split(',').filter((value) => /^\s*(\d+\.?\d*|\.\d+)\s*$/.test(value));
  if (seconds.length > 0) return Math.ceil(Math.max(...seconds.map(Number)) * 1000);
  const date = parseHttpDate(text);
  return date === undefined ? undefined : Math.max(0, date - answeredAt);
}

/** Milliseconds since 1970. `Date.parse` alone also reads texts such as `5, 10` as a day. */
export function parseHttpDate(text: string): number | undefined {
  if (!/\d{2}:\d{2}:\d{2}/.test(text)) return undefined;
  // The form of asctime has no zone, and every HTTP date is in GMT (RFC 9110, 5.6.7).
  const date = Date.parse(/GMT|[+-]\d{4}|Z$/.test(text) ? text : `${text} GMT`);
  return Number.isNaN(date) ? undefined : date;
}
