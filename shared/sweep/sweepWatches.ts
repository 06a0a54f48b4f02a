import { errorFields } from '../errors';
import { eachBounded } from '../concurrency';
import type { WatchKey } from '../watches/watches';
import type { SweepDeps } from './sweepDeps';
import { sweepWatch } from './sweepWatch';
import { whileThereIsTime } from './whileThereIsTime';

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
