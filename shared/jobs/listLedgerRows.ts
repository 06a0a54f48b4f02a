import type { EntityTable } from '../storage/entityTable';
import { orTold } from '../storage/orTold';
import { LEDGER_CELLS_BUT_JOB, parseLedgerRow, type LedgerRow } from './ledger';

export interface ListedLedgerRow {
  rowKey: string;
  /** Without `job`; undefined for a row that is none of ours, which `onUnreadable` has been told. */
  row: LedgerRow | undefined;
}

/**
 * The ledger of one tenant in the order of its keys.
 *
 * @param rowKeyPrefix only keys that begin with it, such as `jobStarted_{definitionId}_`
 */
export async function* listLedgerRows(
  ledger: Pick<EntityTable, 'list'>,
  tenantId: string,
  options: { rowKeyPrefix?: string; onUnreadable: (error: Error) => void },
): AsyncGenerator<ListedLedgerRow> {
  const { rowKeyPrefix, onUnreadable } = options;
  const shown = { cells: LEDGER_CELLS_BUT_JOB, ...(rowKeyPrefix === undefined ? {} : { rowKeyPrefix }) };
  for await (const stored of ledger.list(tenantId, shown)) {
    const { rowKey } = stored.cells;
    if (typeof rowKey !== 'string') continue;
    yield { rowKey, row: orTold(() => parseLedgerRow(stored), onUnreadable) };
  }
}
