import type { LedgerRow } from './ledger';
import type { Standing } from './standing';

/**
 * When an open task is ended whatever is known of its job; milliseconds since 1970. A task that nobody waits for
 * is past it already.
 */
export function taskDeadline(row: LedgerRow, standing: Standing): number {
  if (!standing.served) return -Infinity;
  return Date.parse(row.firstSeenAt) + standing.tenant.taskDeadlineMinutes * 60_000;
}
