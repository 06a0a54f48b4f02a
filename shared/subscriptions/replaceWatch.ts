import type { StoredWatch, Watch } from '../watches/watches';
import { createForWatch, CREATE_HOLD_MS } from './createForWatch';
import { deleteSubscription } from './subscriptionCalls';
import type { SubscriptionDeps } from './subscriptionDeps';
import { recordFailure, type WatchResult } from './watchResult';
import { withoutSubscription } from './withoutSubscription';

/**
 * Gives a watch a new subscription in place of one that must not stay: the row is held, DELETE, POST,
 * save. Singly and close together, because between DELETE and POST nothing is notified; the sweep that the result asks
 * for finds the jobs of that moment. Until DELETE is answered the row names the old subscription with its old key, so a
 * run that dies is begun anew by the next.
 */
export async function replaceWatch(
  deps: SubscriptionDeps,
  stored: StoredWatch,
  subscriptionId: string,
): Promise<WatchResult> {
  const { watches, clock, callGraph } = deps;
  const { watch } = stored;
  const held: Watch = { ...watch, nextTryAt: new Date(clock.now() + CREATE_HOLD_MS).toISOString() };
  delete held.lastError;
  const etag = await watches.save(held, stored.etag);
  if (etag === undefined) return { outcome: 'busy', watch };
  try {
    await deleteSubscription(callGraph, watch, subscriptionId);
  } catch (error) {
    return recordFailure(deps, { watch, etag }, error);
  }
  const result = await createForWatch(deps, { watch: withoutSubscription(watch), etag });
  return result.outcome === 'created' ? { ...result, outcome: 'replaced', sweep: true } : result;
}
