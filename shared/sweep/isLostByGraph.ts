import type { LedgerRow } from '../jobs/ledger';

/** A notification that comes later than this after the job's creation counts as lost. */
const IN_TIME_MS = 15 * 60_000;

/**
 * Whether Graph failed to tell of a job in time: the sweep was the first to bring it, and Graph's own notification did
 * not arrive within 15 minutes of the job's creation. A job that was told to nobody, because nobody watched it, is not
 * counted.
 *
 * @param now milliseconds since 1970
 */
export function isLostByGraph(row: LedgerRow, now: number): boolean {
  if (row.foundBy !== 'sweep' || row.event !== 'sent') return false;
  const created = Date.parse(row.jobCreatedAt ?? row.firstSeenAt);
  if (now < created + IN_TIME_MS) return false;
  const inTime = Date.parse(row.notifiedAt ?? '') <= created + IN_TIME_MS;
  return !inTime;
}
