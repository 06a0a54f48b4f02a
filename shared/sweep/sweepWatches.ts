import { type WatchKey, isMaintained } from '../watches/watches';
import { judgeListingError } from './listingRun';
import { readWatchRows } from './ledgerRows';
import { type SweepDeps, whileThereIsTime } from './sweepRun';
import { sweepJobs, sweepTasks } from './listing';
import { errorFields } from '../errors';
import { eachBounded } from '../concurrency';

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

/** A listing each; Graph publishes no limit for print. */
const WATCHES_AT_ONCE = 4;

/**
 * Sweeps each of `keys`, whose subscriptions left a time without notifications. Never rejects: what fails is logged, and
 * the timer's sweep looks again.
 *
 * @param endsAt milliseconds since 1970 from which nothing new is started or asked of Graph: what is left is the timer's
 *   sweep's. Infinity where no host ends the run
 * @returns how many jobs were put on the queue
 */
export async function sweepWatches(deps: SweepDeps, keys: readonly WatchKey[], endsAt = Infinity): Promise<number> {
  const isUp = () => deps.clock.now() >= endsAt;
  const timed = { ...deps, callGraph: whileThereIsTime(deps.callGraph, { isUp }) };
  let enqueued = 0;
  let left = 0;
  await eachBounded(WATCHES_AT_ONCE, keys, async ({ tenantId, kind, id }) => {
    if (isUp()) return void (left += 1);
    const named = { tenantId, watch: `${kind}_${id}` };
    try {
      const result = await sweepWatch(timed, { tenantId, kind, id });
      if (result.outcome !== 'notServed') enqueued += result.enqueued;
      deps.logger.info('watch.swept', { ...named, ...result });
    } catch (error) {
      deps.logger.error('watch.notSwept', { ...named, ...errorFields(error) });
    }
  });
  if (left > 0) deps.logger.warn('watches.timeUp', { watches: left });
  return enqueued;
}
