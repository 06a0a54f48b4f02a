import { eachBounded, inPieces } from '../concurrency';
import { errorFields, ReceiverError } from '../errors';
import { isoTime } from '../jobs/claims';
import type { IndexedJob } from '../jobs/ledger';
import { blankRow, isEnded } from '../jobs/personalData';
import type { Tenant } from '../tenants/tenants';
import type { RetentionDeps, RetentionRun } from './retentionRun';

/** Rows side by side, each read and written: far under the 2,000 entities a second of one table partition. */
const ROWS_AT_ONCE = 16;
const PIECE = 100;

/**
 * Removes what rows of the days before `before` say of people. The customer's row says up to which day that is done, so that
 * each row is read once and not every day. A row whose work has not ended is left to the write that ends it
 * (`finishClaim`).
 */
export async function blankOldRows(
  { ledger, tenants, clock, logger }: RetentionDeps,
  { tenantId, blankedTo }: Pick<Tenant, 'tenantId' | 'blankedTo'>,
  before: string,
  { summary, isUp }: RetentionRun,
): Promise<void> {
  if (blankedTo !== undefined && blankedTo >= before) return;
  const onUnreadable = (error: Error) => logger.error('row.unreadable', { tenantId, ...errorFields(error) });
  const blank = (piece: readonly IndexedJob[]) =>
    eachBounded(ROWS_AT_ONCE, piece, async ({ key, reference }) => {
      const stored = await orReport(() => ledger.get(key), onUnreadable);
      if (!stored || stored.value.blankedAt !== undefined || !isEnded(stored.value)) return;
      // A row that changes now is in work again, and loses it at its end.
      const etag = await ledger.replace(reference, blankRow(stored.value, isoTime(clock.now())), stored);
      if (etag !== undefined) summary.rowsBlanked += 1;
    });
  const days = { ...(blankedTo === undefined ? {} : { from: blankedTo }), before };
  for await (const piece of inPieces(PIECE, ledger.listByDay(tenantId, days, onUnreadable))) {
    if (isUp()) return;
    await blank(piece);
  }
  await tenants.update(tenantId, (row) => ({ ...row, blankedTo: before }));
}

/** A row that cannot be read is left to a person, and does not stop the others. */
async function orReport<T>(read: () => Promise<T>, report: (error: Error) => void): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof ReceiverError) || error.code !== 'rowUnreadable') throw error;
    report(error);
    return undefined;
  }
}
