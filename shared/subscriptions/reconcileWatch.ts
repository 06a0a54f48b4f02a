import { deleteSubscription, removalPart, renewalPart } from '../graph/api/subscriptions';
import { sendSingly } from '../graph/batch';
import { GraphError } from '../graph/errors';
import { hasSubscription, withoutSubscription, type StoredWatch, type WatchWithSubscription } from '../watches/watches';
import { createForWatch, held } from './create';
import { callOf, expiryAt, hasExpired, plan, type Plan, type PlanOptions } from './plan';
import {
  logResult,
  parseRenewalOf,
  recordFailure,
  recordRemoval,
  type WatchResult,
  type SubscriptionDeps,
} from './record';

/**
 * Brings the subscription of one watch to the state that its row asks for: created, renewed, replaced, removed, or
 * recreated when Graph has lost it. A refusal by Graph is a result and is written onto the row. Rejects only when storage
 * fails.
 */
export function reconcileWatch(
  deps: SubscriptionDeps,
  stored: StoredWatch,
  options: PlanOptions = {},
): Promise<WatchResult> {
  return carryOut(deps, stored, plan(stored.watch, deps.clock.now(), deps.config, options));
}

/** Carries out a plan for one watch with calls of its own, and logs the result. */
export async function carryOut(deps: SubscriptionDeps, stored: StoredWatch, next: Plan): Promise<WatchResult> {
  const result = await act(deps, stored, next);
  logResult(deps, result);
  return result;
}

function act(deps: SubscriptionDeps, stored: StoredWatch, next: Plan): Promise<WatchResult> {
  const { watch, etag } = stored;
  if (next === 'nothing') return Promise.resolve({ outcome: 'nothing', watch });
  if (!hasSubscription(watch)) {
    return next === 'remove' ? recordRemoval(deps, stored, undefined) : createForWatch(deps, stored);
  }
  if (next === 'create') return createForWatch(deps, stored);
  if (next === 'remove') return remove(deps, { watch, etag });
  return next === 'replace' ? replace(deps, { watch, etag }) : renew(deps, { watch, etag });
}

interface StoredWithSubscription extends StoredWatch {
  watch: WatchWithSubscription;
}

async function renew(deps: SubscriptionDeps, stored: StoredWithSubscription): Promise<WatchResult> {
  const { tenantId, permission } = callOf(stored.watch);
  const { subscriptionId } = stored.watch;
  const sentAt = deps.clock.now();
  const part = renewalPart({ subscriptionId, permission }, expiryAt(sentAt));
  const renewal = parseRenewalOf(stored.watch, await sendSingly(deps.callGraph, tenantId, part), sentAt);
  if ('lost' in renewal) return createForWatch(deps, stored);
  if ('error' in renewal) return recordFailure(deps, stored, renewal.error);
  const { renewed } = renewal;
  const saved = (await deps.watches.save(renewed, stored.etag)) !== undefined;
  return saved ? { outcome: 'renewed', watch: renewed } : { outcome: 'busy', watch: stored.watch };
}

async function remove(deps: SubscriptionDeps, stored: StoredWithSubscription): Promise<WatchResult> {
  const { tenantId, permission } = callOf(stored.watch);
  const { subscriptionId } = stored.watch;
  const part = removalPart({ subscriptionId, permission });
  return recordRemoval(deps, stored, await sendSingly(deps.callGraph, tenantId, part));
}

/**
 * Replaces a subscription: hold the row, DELETE, POST, save. One by one and close together, because Graph notifies nothing
 * between DELETE and POST. The sweep that the result asks for finds the jobs of that moment. Until DELETE is answered the
 * row names the old subscription and its key, so the next run repeats the work of a run that dies.
 */
async function replace(deps: SubscriptionDeps, stored: StoredWithSubscription): Promise<WatchResult> {
  const { watch } = stored;
  const { tenantId, permission } = callOf(watch);
  const etag = await deps.watches.save(held(watch), stored.etag);
  if (etag === undefined) return { outcome: 'busy', watch };
  try {
    await deleteSubscription(deps.callGraph, tenantId, { subscriptionId: watch.subscriptionId, permission });
  } catch (error) {
    // What has expired needs no DELETE. Where Graph has it nevertheless, the create answers 409, and it is found in the listing.
    const isRefused = error instanceof GraphError && !error.retryable;
    if (!isRefused || !hasExpired(watch, deps.clock.now())) return recordFailure(deps, { watch, etag }, error);
  }
  const result = await createForWatch(deps, { watch: withoutSubscription(watch), etag });
  return result.outcome === 'created' ? { ...result, outcome: 'replaced', sweep: true } : result;
}
