import type { LedgerRow } from '../jobs/ledger';
import { type WatchKey, watchRowKey } from '../watches/watches';
import { readWatchRows } from './readWatchRows';
import type { SweepDeps } from './sweepDeps';

/** The ledger of one watch by RowKey, undefined for a row that nobody can read. */
export type ReadRows = (watch: WatchKey) => Promise<Map<string, LedgerRow | undefined>>;

/** Five pages of a table query; some megabytes. */
const MOST_ROWS = 5_000;

/**
 * Reads the ledger of one tenant for its sweep. A small one is read whole at the first call: a tenant of a hundred watches
 * costs a query or a few, not a hundred. A larger one is read watch by watch, so that memory stays bounded. What changes
 * after the reading is settled by the claim.
 *
 * @param onUnreadable hears of rows that are none of ours
 */
export function createRowReader(
  deps: Pick<SweepDeps, 'ledger'>,
  tenantId: string,
  onUnreadable: (error: Error) => void,
  mostRows = MOST_ROWS,
): ReadRows {
  let whole: Promise<ReadonlyMap<string, LedgerRow | Error> | undefined> | undefined;
  return async (watch) => {
    whole ??= readWhole(deps, tenantId, mostRows);
    const all = await whole;
    if (!all) return readWatchRows(deps, watch, onUnreadable);
    const rows = new Map<string, LedgerRow | undefined>();
    const prefix = `${watchRowKey(watch)}_`;
    for (const [rowKey, row] of all) {
      if (!rowKey.startsWith(prefix)) continue;
      if (row instanceof Error) onUnreadable(row);
      rows.set(rowKey, row instanceof Error ? undefined : row);
    }
    return rows;
  };
}

/** Undefined when there are more than `mostRows`. */
async function readWhole(
  { ledger }: Pick<SweepDeps, 'ledger'>,
  tenantId: string,
  mostRows: number,
): Promise<Map<string, LedgerRow | Error> | undefined> {
  const rows = new Map<string, LedgerRow | Error>();
  let unreadable = new Error('A row of the ledger cannot be read');
  const onUnreadable = (error: Error) => {
    unreadable = error;
  };
  for await (const { rowKey, row } of ledger.list(tenantId, { onUnreadable })) {
    rows.set(rowKey, row ?? unreadable);
    if (rows.size > mostRows) return undefined;
  }
  return rows;
}
