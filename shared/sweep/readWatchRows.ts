import type { LedgerRow } from '../jobs/ledger';
import { type WatchKey, watchRowKey } from '../watches/watches';
import type { SweepDeps } from './sweepDeps';

/** The ledger of one watch by RowKey; a row that nobody can read is told to `onUnreadable` and undefined. */
export async function readWatchRows(
  { ledger }: Pick<SweepDeps, 'ledger'>,
  watch: WatchKey,
  onUnreadable: (error: Error) => void,
): Promise<Map<string, LedgerRow | undefined>> {
  const rows = new Map<string, LedgerRow | undefined>();
  const rowKeyPrefix = `${watchRowKey(watch)}_`;
  for await (const { rowKey, row } of ledger.list(watch.tenantId, {
    rowKeyPrefix,
    onUnreadable,
  })) {
    rows.set(rowKey, row);
  }
  return rows;
}
