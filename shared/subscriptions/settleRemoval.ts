import type { PartResult } from '../graph/batch';
import type { StoredWatch, Watch } from '../watches/watches';
import { waitsUntil } from './plan';
import { readRemoval } from './subscriptionCalls';
import type { SubscriptionDeps } from './subscriptionDeps';
import { recordFailure, troubleOf, type WatchResult } from './watchResult';
import { withoutSubscription } from './withoutSubscription';

/** A row that changes under our hands this often in one call is being worked on. */
const MOST_RACES = 5;

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
  await forgetDeleted(deps, watch);
  return { outcome: 'busy', watch };
}

/**
 * A watch that is wanted again since must not go on naming the subscription that was just deleted. What a row that
 * changes under every try still names is found lost by its hourly PATCH.
 */
async function forgetDeleted({ watches, clock }: SubscriptionDeps, deleted: Watch): Promise<void> {
  if (deleted.subscriptionId === undefined) return;
  for (let race = 0; race < MOST_RACES; race += 1) {
    const stored = await watches.get(deleted);
    if (stored?.watch.subscriptionId !== deleted.subscriptionId) return;
    const pending = withoutSubscription(stored.watch);
    // Whoever holds the row to create one is about to write another id into it.
    if (pending.lastError === undefined && waitsUntil(stored.watch, clock.now()) !== undefined) return;
    if ((await watches.save(pending, stored.etag)) !== undefined) return;
  }
}
