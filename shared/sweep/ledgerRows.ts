import type { LedgerRow } from '../jobs/ledger';
import type { SweepDeps } from './sweepRun';
import { type WatchKey, watchRowKey } from '../watches/watches';

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
