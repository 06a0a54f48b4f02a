import { GraphError } from '../graph/graphError';
import { watchRowKey } from '../watches/watchKey';
import type { StoredWatch } from '../watches/watches';
import { createForWatch } from './createForWatch';
import { plan, type PlanOptions } from './plan';
import { renewSubscription, type Granted } from './subscriptionCalls';
import type { SubscriptionDeps } from './subscriptionDeps';
import { recordFailure, recordSuccess, type WatchResult } from './watchResult';

/**
 * Brings the subscription of one watch to where its row wants it: created, renewed, or made anew when Graph has lost
 * it. What Graph refuses stands on the row and is a result; only storage that fails rejects.
 */
export async function reconcileWatch(
  deps: SubscriptionDeps,
  stored: StoredWatch,
  options: PlanOptions = {},
): Promise<WatchResult> {
  const { watch } = stored;
  const next = plan(watch, deps.clock.now(), options);
  if (next === 'nothing') return { outcome: 'nothing', watch };
  const result =
    next === 'renew' && watch.subscriptionId !== undefined
      ? await renew(deps, stored, watch.subscriptionId)
      : await createForWatch(deps, stored);
  if (result.outcome !== 'failed') {
    deps.logger.info(`subscription.${result.outcome}`, {
      tenantId: watch.tenantId,
      watch: watchRowKey(watch),
      expires: result.watch.expirationDateTime,
    });
  }
  return result;
}

async function renew(
  deps: SubscriptionDeps,
  stored: StoredWatch,
  subscriptionId: string,
): Promise<WatchResult> {
  const { watch, etag } = stored;
  const now = deps.clock.now();
  let granted: Granted;
  try {
    granted = await renewSubscription(deps.callGraph, watch, subscriptionId, now);
  } catch (error) {
    // api/subscription-update.md: the subscription is gone, create a new one.
    if (error instanceof GraphError && error.code === 'graphNotFound') return createForWatch(deps, stored);
    return recordFailure(deps, stored, error);
  }
  const renewed = recordSuccess(watch, granted, now);
  // Written once, after the answer: a write that is lost costs one more PATCH in the next run.
  return (await deps.watches.save(renewed, etag)) === undefined
    ? { outcome: 'busy', watch }
    : { outcome: 'renewed', watch: renewed };
}
