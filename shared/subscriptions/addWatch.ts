import type { WatchKey } from '../watches/watchKey';
import type { Watch } from '../watches/watches';
import { reconcileWatch } from './reconcileWatch';
import type { SubscriptionDeps } from './subscriptionDeps';
import type { WatchResult } from './watchResult';

export type AddWatchResult =
  /** The tenant is not on the allow-list, or paused or removed: nothing was stored. */
  | { outcome: 'tenantUnknown' | 'tenantNotActive' }
  /** `added` is false when the watch was there before; `result` tells what became of its subscription. */
  | { outcome: 'watched'; added: boolean; result: WatchResult };

/**
 * Stores a watch and subscribes it at once. When Graph refuses, the watch stays and the timer goes on trying.
 * Jobs from before this moment are none of its business.
 */
export async function addWatch(deps: SubscriptionDeps, key: WatchKey): Promise<AddWatchResult> {
  const tenant = await deps.tenants.get(key.tenantId);
  if (!tenant) return { outcome: 'tenantUnknown' };
  if (tenant.status !== 'active') return { outcome: 'tenantNotActive' };
  const since = new Date(deps.clock.now()).toISOString();
  const { tenantId, kind, id } = key;
  const watch: Watch = { tenantId, kind, id, since, wanted: true, generation: 0, failures: 0 };
  const added = await deps.watches.add(watch);
  let stored = await deps.watches.get(key);
  const isLeaving = stored?.watch.wanted === false;
  if (stored && isLeaving) {
    // Its removal is under way or was refused: what is there may stay, and serves from now on. Whether it is there is
    // asked of Graph.
    const wanted: Watch = { ...stored.watch, wanted: true, since };
    const etag = await deps.watches.save(wanted, stored.etag);
    stored = etag === undefined ? undefined : { watch: wanted, etag };
  }
  // Gone or changed between two calls: somebody else is at it.
  const result: WatchResult = stored
    ? await reconcileWatch(deps, stored, isLeaving ? { asked: true, retryNow: true } : {})
    : { outcome: 'busy', watch };
  return { outcome: 'watched', added, result };
}
