import type { PartResult } from '../graph/createGraphBatch';
import type { StoredWatch, Watch } from '../watches/watches';
import { readRemoval } from './subscriptionCalls';
import type { SubscriptionDeps } from './subscriptionDeps';
import { recordFailure, troubleOf, type WatchResult } from './watchResult';

/**
 * Removes the row of a watch nobody wants any more, once its subscription is deleted. The row says `wanted` false since
 * before Graph was asked, so a run that dies in between is taken up by the next. Rejects only when storage fails.
 */
export async function settleRemoval(
  deps: SubscriptionDeps,
  stored: StoredWatch,
  result: PartResult,
): Promise<WatchResult> {
  const { watch, etag } = stored;
  try {
    readRemoval(result);
  } catch (error) {
    // Without consent nothing can be deleted any more; a subscription ends by itself within 4,230 minutes.
    const trouble = troubleOf(error);
    const lapsed = Date.parse(watch.expirationDateTime ?? '') < deps.clock.now();
    if (!lapsed || (trouble !== 'refused' && trouble !== 'forbidden'))
      return recordFailure(deps, stored, error);
  }
  if (await deps.watches.remove(watch, etag)) return { outcome: 'removed', watch };
  await clearIfWantedAgain(deps, watch);
  return { outcome: 'busy', watch };
}

/** Somebody added the watch again while its subscription was being deleted: the row must not name what is gone. */
async function clearIfWantedAgain({ watches }: SubscriptionDeps, removed: Watch): Promise<void> {
  const current = await watches.get(removed);
  if (!current?.watch.wanted || current.watch.subscriptionId !== removed.subscriptionId) return;
  const { subscriptionId: _subscriptionId, expirationDateTime: _expiry, ...bare } = current.watch;
  await watches.save(bare, current.etag);
}
