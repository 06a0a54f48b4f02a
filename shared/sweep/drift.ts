import type { GraphError } from '../graph/errors';
import { afterFound, afterMissing } from '../watches/gone';
import { watchRowKey, watchState, type Watch } from '../watches/watches';
import type { SweepDeps } from './sweepRun';

/**
 * Notes on the row of a watch what a listing says of its printer or definition: Graph has it, or answered with 404. Any other
 * failure says nothing. Costs a write where that changes, and a read before it.
 *
 * @param brokenOff the error that ended the listing, if any
 * @throws errors of the table
 */
export async function noteSight(
  { watches, clock, logger }: Pick<SweepDeps, 'watches' | 'clock' | 'logger'>,
  watch: Watch,
  brokenOff: Error | undefined,
): Promise<void> {
  const isMissing = isNotFound(brokenOff);
  if (brokenOff !== undefined && !isMissing) return;
  const now = clock.now();
  const change = (row: Watch) => (isMissing ? afterMissing(row, now) : afterFound(row, now));
  if (change(watch) === watch) return;
  const noted = await watches.update(watch, change);
  if (!noted || watchState(noted.watch, now) === watchState(watch, now)) return;
  const ids = { tenantId: watch.tenantId, watch: watchRowKey(watch) };
  if (noted.watch.status === 'gone') logger.warn('watch.gone', ids);
  else if (watch.status === 'gone') logger.info('watch.found', ids);
}

/** Whether Graph has no such printer or definition (404). */
export function isNotFound(error: unknown): boolean {
  return (error as Partial<GraphError> | undefined)?.code === 'graphNotFound';
}
