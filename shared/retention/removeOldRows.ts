import { eachBounded, inPieces } from '../concurrency';
import { errorFields, ReceiverError } from '../errors';
import type { IndexedJob } from '../jobs/ledger';
import { isEnded } from '../jobs/personalData';
import type { RetentionDeps, RetentionRun } from './retentionRun';

/** A transaction has 100 changes at most (Performing entity group transactions): each row with its index row. */
const ROWS_AT_ONCE = 50;
/** Rows side by side: far under the 2,000 entities a second of one table partition. */
const READS_AT_ONCE = 16;

/**
 * Removes the rows of the days before `before` whose work has ended, oldest first. A row that is held, waits, is claimed or has
 * failed stays whatever its age: a person waits for it, or has to correct its cause. It is counted in the log, and removed
 * after it has ended.
 */
export async function removeOldRows(
  deps: Pick<RetentionDeps, 'ledger' | 'logger'>,
  tenantId: string,
  before: string,
  { summary, isUp }: RetentionRun,
): Promise<void> {
  const { ledger, logger } = deps;
  const kept: Record<string, number> = {};
  const remove = async (piece: readonly IndexedJob[]) => {
    const ended: IndexedJob[] = [];
    await eachBounded(READS_AT_ONCE, piece, async (job) => {
      const status = await readStatus(deps, job);
      if (status === 'ended') ended.push(job);
      else kept[status] = (kept[status] ?? 0) + 1;
    });
    await ledger.removeEnded(tenantId, ended);
    summary.rows += ended.length;
  };
  const onUnreadable = (error: Error) => logger.error('row.unreadable', { tenantId, ...errorFields(error) });
  for await (const piece of inPieces(ROWS_AT_ONCE, ledger.listByDay(tenantId, { before }, onUnreadable))) {
    if (isUp()) break;
    await remove(piece);
  }
  const rows = Object.values(kept).reduce((sum, count) => sum + count, 0);
  summary.rowsKept += rows;
  if (rows > 0) logger.warn('retention.rowsKept', { tenantId, ...kept });
}

/** `ended`: the row may be removed, or only its index row is left. Otherwise why it stays. */
async function readStatus({ ledger }: Pick<RetentionDeps, 'ledger'>, { key }: IndexedJob): Promise<string> {
  try {
    const row = (await ledger.getWithoutJob(key))?.value;
    if (!row || isEnded(row)) return 'ended';
    return row.status === 'done' ? 'pending' : row.status;
  } catch (error) {
    if (!(error instanceof ReceiverError) || error.code !== 'rowUnreadable') throw error;
    return 'unreadable';
  }
}
