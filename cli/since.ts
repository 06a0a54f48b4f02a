import { InvalidArgumentError } from 'commander';
import { timeArgument } from './eventArguments';

/** A time, or how long ago it is. */
export type Since = { at: string } | { agoMs: number };

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 60 * 60_000, d: 24 * 60 * 60_000 };

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
