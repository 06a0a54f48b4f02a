import { InvalidArgumentError } from 'commander';

/** A time, or how long ago it is. */
export type Since = { at: string } | { agoMs: number };

/** The help of `--since` ends with these words. */
export const SINCE_FORM = 'such as 2h, 3d or 2026-11-22T09:00Z';

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 60 * 60_000, d: 24 * 60 * 60_000 };

/** A time in ISO 8601 as milliseconds are written; a date begins at midnight UTC. */
export function timeArgument(value: string): string {
  const isTime = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(value);
  if (!isTime || Number.isNaN(Date.parse(value))) {
    throw new InvalidArgumentError('It must be a time with its zone, such as 2026-11-22T09:00Z, or a date in UTC.');
  }
  return new Date(value).toISOString();
}

/** The value of `--since`: a time in ISO 8601, or a span such as `30m`, `2h` or `3d`. */
export function sinceArgument(value: string): Since {
  const [, amount, unit = ''] = /^([1-9]\d{0,5})([mhd])$/.exec(value) ?? [];
  const unitMs = UNITS[unit];
  if (amount !== undefined && unitMs !== undefined) return { agoMs: Number(amount) * unitMs };
  try {
    return { at: timeArgument(value) };
  } catch {
    throw new InvalidArgumentError('It must be a span such as 30m, 2h or 3d, or a time such as 2026-11-22T09:00Z.');
  }
}

/** The beginning that `since` means; ISO 8601. @param now milliseconds since 1970 */
export function startOf(since: Since, now: number): string {
  return 'at' in since ? since.at : new Date(now - since.agoMs).toISOString();
}
