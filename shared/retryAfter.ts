import { parseText } from './parse';

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
