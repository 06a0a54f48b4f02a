import type { PartResult } from '../graph/createGraphBatch';
import type { StoredWatch } from '../watches/watches';
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
  return { outcome: (await deps.watches.remove(watch, etag)) ? 'removed' : 'busy', watch };
}
