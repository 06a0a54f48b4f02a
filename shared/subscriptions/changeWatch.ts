import type { WatchKey } from '../watches/watchKey';
import type { Watch } from '../watches/watches';
import { reconcileWatch } from './reconcileWatch';
import type { SubscriptionDeps } from './subscriptionDeps';
import type { WatchResult } from './watchResult';

/** What became of a watch that an operator named; undefined when there is no such watch. */
export type ChangeWatchResult = WatchResult | undefined;

/** A row that changes under our hands this often in one call is being worked on: say so. */
const MOST_RACES = 5;

/**
 * Ends a watch: its row says so first, then its subscription is deleted, then the row. Where Graph refuses, the timer
 * goes on with it. Also for paused and removed tenants. Rejects only when storage fails.
 */
export function removeWatch(deps: SubscriptionDeps, key: WatchKey): Promise<ChangeWatchResult> {
  return change(deps, key, (watch) => ({ ...withoutFailure(watch), wanted: false }));
}

/**
 * Makes the clientState of a watch worthless: with the generation raised the worker refuses what carries
 * the old one, and without a key on the row the subscription is replaced. Rejects only when storage fails.
 */
export function revokeWatch(deps: SubscriptionDeps, key: WatchKey): Promise<ChangeWatchResult> {
  return change(deps, key, (watch) => {
    const revoked = { ...withoutFailure(watch), generation: watch.generation + 1 };
    delete revoked.keyId;
    return revoked;
  });
}

/** Renews a watch's subscription now although it is not due. Rejects only when storage fails. */
export async function renewWatch(deps: SubscriptionDeps, key: WatchKey): Promise<ChangeWatchResult> {
  const stored = await deps.watches.get(key);
  return stored && reconcileWatch(deps, stored, { asked: true, retryNow: true });
}

async function change(
  deps: SubscriptionDeps,
  key: WatchKey,
  wish: (watch: Watch) => Watch,
): Promise<ChangeWatchResult> {
  for (let race = 0; ; race += 1) {
    const stored = await deps.watches.get(key);
    if (!stored) return undefined;
    const watch = wish(stored.watch);
    const etag = await deps.watches.save(watch, stored.etag);
    if (etag !== undefined) return reconcileWatch(deps, { watch, etag });
    if (race === MOST_RACES) return { outcome: 'busy', watch: stored.watch };
  }
}

/** The wait after a failure ends with a new wish; a create under way is still waited for. */
function withoutFailure(watch: Watch): Watch {
  const { lastError, nextTryAt: _nextTryAt, ...rest } = watch;
  return lastError === undefined ? { ...watch } : rest;
}
