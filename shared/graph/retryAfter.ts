/**
 * How long a Retry-After header asks to wait.
 *
 * @param header seconds, which Graph also sends as a fraction (2.128), or an HTTP date
 * @param now milliseconds since 1970
 * @returns milliseconds, or undefined when the header is missing or says nothing usable
 */
export function parseRetryAfter(header: unknown, now: number): number | undefined {
  if (typeof header !== 'string' || header.trim() === '') return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return seconds >= 0 ? Math.ceil(seconds * 1000) : undefined;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
