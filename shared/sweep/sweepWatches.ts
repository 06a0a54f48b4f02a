import { errorFields } from '../errors';
import { eachBounded } from '../subscriptions/eachBounded';
import type { WatchKey } from '../watches/watchKey';
import type { SweepDeps } from './sweepDeps';
import { sweepWatch } from './sweepWatch';

/** A listing each; Graph publishes no limit for print. */
const WATCHES_AT_ONCE = 4;

/**
 * Sweeps each of `keys`, whose subscriptions left a time without notifications. Never rejects: what fails is logged, and
 * the timer's sweep looks again.
 *
 * @returns how many jobs were put on the queue
 */
export async function sweepWatches(deps: SweepDeps, keys: readonly WatchKey[]): Promise<number> {
  let enqueued = 0;
  await eachBounded(WATCHES_AT_ONCE, keys, async ({ tenantId, kind, id }) => {
    const named = { tenantId, watch: `${kind}_${id}` };
    try {
      const result = await sweepWatch(deps, { tenantId, kind, id });
      if (result.outcome !== 'notServed') enqueued += result.enqueued;
      deps.logger.info('watch.swept', { ...named, ...result });
    } catch (error) {
      deps.logger.error('watch.notSwept', { ...named, ...errorFields(error) });
    }
  });
  return enqueued;
}
