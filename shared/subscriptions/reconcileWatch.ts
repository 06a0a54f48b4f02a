import type { StoredWatch } from '../watches/watches';
import { createForWatch } from './createForWatch';
import { plan, type PlanOptions } from './plan';
import { replaceWatch } from './replaceWatch';
import { settleRemoval } from './settleRemoval';
import { settleRenewal } from './settleRenewal';
import { signingOf } from './subscriptionBody';
import { removalPart, renewalPart, sendSingly } from './subscriptionCalls';
import type { SubscriptionDeps } from './subscriptionDeps';
import { logResult, type WatchResult } from './watchResult';

/**
 * Brings the subscription of one watch to where its row wants it: created, renewed, replaced, removed, or made anew when
 * Graph has lost it. What Graph refuses stands on the row and is a result; only storage that fails rejects.
 */
export async function reconcileWatch(
  deps: SubscriptionDeps,
  stored: StoredWatch,
  options: PlanOptions = {},
): Promise<WatchResult> {
  const result = await act(deps, stored, options);
  logResult(deps, result);
  return result;
}

async function act(deps: SubscriptionDeps, stored: StoredWatch, options: PlanOptions): Promise<WatchResult> {
  const { callGraph, clock, config } = deps;
  const { watch, etag } = stored;
  const { tenantId, subscriptionId } = watch;
  const now = clock.now();
  const next = plan(watch, now, signingOf(config), options);
  if (next === 'nothing') return { outcome: 'nothing', watch };
  if (next === 'remove') {
    const deleted =
      subscriptionId === undefined
        ? { answer: { status: 204, body: undefined } }
        : await sendSingly(callGraph, tenantId, removalPart(watch, subscriptionId));
    return settleRemoval(deps, stored, deleted);
  }
  if (subscriptionId === undefined) return createForWatch(deps, stored);
  if (next === 'replace') return replaceWatch(deps, stored, subscriptionId);
  const patched = await sendSingly(callGraph, tenantId, renewalPart(watch, subscriptionId, now));
  const served = { etag, watch: { ...watch, subscriptionId } };
  const settled = await settleRenewal(deps, served, patched, now);
  return settled === 'lost' ? createForWatch(deps, stored) : settled;
}
