import type { Flow } from '../support/startFlow';
import { RETENTION_DAYS, type SoakCustomer } from './createCustomers';

const DAY_MS = 24 * 60 * 60_000;

/** Deletes what the ledger need not remember any more. `now`: milliseconds since 1970, on the moved clock. */
export async function forgetOldRows(
  { services }: Pick<Flow, 'services'>,
  customers: readonly SoakCustomer[],
  now: number,
): Promise<void> {
  const ledger = await services.ledger();
  const onUnreadable = (error: Error) => {
    throw error;
  };
  for (const { tenantId } of customers) {
    for await (const { rowKey, row } of ledger.list(tenantId, { onUnreadable })) {
      if (row === undefined || now - Date.parse(row.firstSeenAt) < RETENTION_DAYS * DAY_MS) continue;
      await ledger.write(tenantId, [{ remove: true, rowKey }]);
    }
  }
}
