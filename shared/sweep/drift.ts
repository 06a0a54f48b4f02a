import { GraphError } from '../graph/errors';
import { afterFound, afterMissing } from '../watches/gone';
import { watchRowKey, watchState, type Watch } from '../watches/watches';
import type { ListingSweep } from './listing';
import type { SweepDeps } from './sweepRun';

/**
 * Notes on the row of a watch what a listing says of its printer or definition: Graph has it, or answered its first page with
 * 404. Any other failure says nothing. Costs a write where that changes, and a read before it.
 *
 * @throws errors of the table
 */
export async function noteSight(
  { watches, clock, logger }: Pick<SweepDeps, 'watches' | 'clock' | 'logger'>,
  watch: Watch,
  { hasItems, brokenOff }: Pick<ListingSweep, 'hasItems' | 'brokenOff'>,
): Promise<void> {
  // The 404 of a later page is about the page: what its earlier items belong to exists.
  const isMissing = !hasItems && isNotFound(brokenOff);
  if (brokenOff !== undefined && !hasItems && !isMissing) return;
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
  return error instanceof GraphError && error.code === 'graphNotFound';
}
