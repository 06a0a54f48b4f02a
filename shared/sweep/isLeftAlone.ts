import type { Tenant } from '../tenants/tenants';

/** Doubling from about twice the ten minutes of the timer; a moment under, as a run may come a little early. */
const HALF_FIRST_MS = 9 * 60_000;
const LONGEST_MS = 24 * 60 * 60_000;

/**
 * Whether this sweep asks nothing of a paused or removed tenant that keeps refusing the app: its consent is gone, and its
 * open tasks cannot be reached until somebody gives it back.
 *
 * @param now milliseconds since 1970
 */
export function isLeftAlone(
  { status, sweepRefusals = 0, sweepTriedAt }: Pick<Tenant, 'status' | 'sweepRefusals' | 'sweepTriedAt'>,
  now: number,
): boolean {
  if (status === 'active' || sweepRefusals === 0) return false;
  const restMs = Math.min(LONGEST_MS, HALF_FIRST_MS * 2 ** Math.min(sweepRefusals, 10));
  return now < Date.parse(sweepTriedAt ?? '') + restMs;
}
