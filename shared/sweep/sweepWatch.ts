import { type WatchKey, isMaintained } from '../watches/watches';
import { judgeListingError } from './judgeListingError';
import { readWatchRows } from './readWatchRows';
import type { SweepDeps } from './sweepDeps';
import { sweepJobs, sweepTasks } from './sweepListing';

export type WatchSweep =
  | { outcome: 'swept'; seen: number; enqueued: number }
  /** Graph could not or would not show all of it; the timer's sweep looks again. */
  | { outcome: 'postponed'; enqueued: number; error: string }
  /** Nobody waits for it: the tenant or the watch is not served. */
  | { outcome: 'notServed' };

/**
 * Sweeps one watch: after its subscription was replaced or had been lost. What is put on the queue is settled by the
 * claim, however often it is asked for.
 *
 * @throws errors of storage
 */
export async function sweepWatch(deps: SweepDeps, key: WatchKey): Promise<WatchSweep> {
  const [tenant, stored] = await Promise.all([deps.tenants.get(key.tenantId), deps.watches.get(key)]);
  if (!tenant || !isMaintained(tenant, key.kind) || !stored?.watch.wanted) return { outcome: 'notServed' };
  const onUnreadable = () => deps.logger.error('row.unreadable', { tenantId: key.tenantId });
  const rows = await readWatchRows(deps, key, onUnreadable);
  const { seen, enqueued, brokenOff } =
    key.kind === 'jobStarted'
      ? await sweepTasks(deps, tenant, key.id, rows)
      : await sweepJobs(deps, tenant, stored.watch, rows);
  if (brokenOff === undefined) return { outcome: 'swept', seen, enqueued };
  if (judgeListingError(brokenOff) === 'storage') throw brokenOff;
  return { outcome: 'postponed', enqueued, error: brokenOff.message };
}
