import type { LedgerRow } from '../jobs/ledger';
import type { SweepDeps } from './sweepRun';
import { type WatchKey, watchRowKey } from '../watches/watches';

/** Rows of the ledger by RowKey. Undefined: a row that cannot be read. */
export type LedgerRows = ReadonlyMap<string, LedgerRow | undefined>;

/** Five pages of a table query, some megabytes. */
const MOST_ROWS = 5_000;

/**
 * Reads the ledger of one tenant for its sweep. A small ledger is read whole at the first call, so that a hundred watches
 * do not cost a hundred queries. A larger ledger is read watch by watch, which bounds the memory. The claim settles what
 * changes after the read.
 *
 * @param onUnreadable called for each row that cannot be read
 */
export function createRowReader(
  deps: Pick<SweepDeps, 'ledger'>,
  tenantId: string,
  onUnreadable: (error: Error) => void,
  mostRows = MOST_ROWS,
): (watch: WatchKey) => Promise<LedgerRows> {
  let whole: ReturnType<typeof readWhole> | undefined;
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

/** The ledger of one watch by RowKey. A row that cannot be read is undefined and reported to `onUnreadable`. */
export async function readWatchRows(
  { ledger }: Pick<SweepDeps, 'ledger'>,
  watch: WatchKey,
  onUnreadable: (error: Error) => void,
): Promise<LedgerRows> {
  const rows = new Map<string, LedgerRow | undefined>();
  const rowKeyPrefix = `${watchRowKey(watch)}_`;
  for await (const { rowKey, row } of ledger.list(watch.tenantId, { rowKeyPrefix, onUnreadable })) {
    rows.set(rowKey, row);
  }
  return rows;
}

/** A notification that arrives later than this after the job's creation counts as lost. */
const IN_TIME_MS = 15 * 60_000;

/**
 * Whether the notification of a job was lost: the sweep found the job first, and Graph's notification did not arrive within
 * 15 minutes of the job's creation. A job without an event, because nobody watched it, does not count.
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
