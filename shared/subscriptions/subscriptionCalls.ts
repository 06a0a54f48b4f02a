import {
  createSubscription as create,
  deleteSubscription as remove,
  listSubscriptions as list,
  removalPart as removal,
  renewalPart as renewal,
  type Granted,
  type ListedSubscription,
} from '../graph/api/subscriptions';
import type { BatchPart } from '../graph/batch';
import type { CallGraph } from '../graph/client';
import type { Paging } from '../graph/paging';
import type { WatchKind } from '../watches/watchKey';
import type { Watch } from '../watches/watches';
import { expiryAt, subscriptionBody, type SubscriptionSettings } from './subscriptionBody';

export { sendSingly } from '../graph/batch';
export { acceptRemoval as readRemoval, parseRenewal as readRenewal } from '../graph/api/subscriptions';
export type { Granted, ListedSubscription };

/** The least application permission per kind of watch (api/subscription-post-subscriptions.md). */
const SUBSCRIBE_PERMISSION: Readonly<Record<WatchKind, string>> = {
  jobStarted: 'PrintTaskDefinition.ReadWrite.All',
  jobFetchable: 'Printer.Read.All',
};

/** The calls of `graph/api/subscriptions` for a watch. `now`: milliseconds since 1970. */
export function createSubscription(
  callGraph: CallGraph,
  settings: SubscriptionSettings,
  watch: Watch,
  now: number,
): Promise<Granted> {
  return create(callGraph, callOf(watch), subscriptionBody(settings, watch, now));
}

export function renewalPart(watch: Pick<Watch, 'kind'>, subscriptionId: string, now: number): BatchPart {
  return renewal({ subscriptionId, permission: SUBSCRIBE_PERMISSION[watch.kind] }, expiryAt(now));
}

export function removalPart(watch: Pick<Watch, 'kind'>, subscriptionId: string): BatchPart {
  return removal({ subscriptionId, permission: SUBSCRIBE_PERMISSION[watch.kind] });
}

export function deleteSubscription(
  callGraph: CallGraph,
  watch: Pick<Watch, 'tenantId' | 'kind'>,
  subscriptionId: string,
): Promise<void> {
  const { tenantId, permission } = callOf(watch);
  return remove(callGraph, tenantId, { subscriptionId, permission });
}

export function listSubscriptions(
  paging: Paging,
  watch: Pick<Watch, 'tenantId' | 'kind'>,
): AsyncGenerator<ListedSubscription> {
  return list(paging, callOf(watch));
}

function callOf({ tenantId, kind }: Pick<Watch, 'tenantId' | 'kind'>) {
  return { tenantId, permission: SUBSCRIBE_PERMISSION[kind] };
}
