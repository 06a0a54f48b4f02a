import { ReceiverError } from '../errors';
import type { Watch } from '../watches/watches';
import { notificationUrlOf, subscribedTo } from './subscriptionBody';
import {
  createSubscription,
  deleteSubscription,
  listSubscriptions,
  readRenewal,
  renewalPart,
  sendSingly,
  type Granted,
  type ListedSubscription,
} from './subscriptionCalls';
import type { SubscriptionDeps } from './subscriptionDeps';

/**
 * Graph says that this app is subscribed already (409). Of the subscriptions it lists, the one on our row is adopted;
 * any other with our URL is deleted and made anew, because the listing hides its clientState (api/subscription-list.md)
 * and we could not tell its notifications from forged ones; one with another URL serves another deployment.
 *
 * @throws ReceiverError `graphConflict` when another deployment holds the resource, or Graph lists nothing; GraphError
 *   as the calls
 */
export async function settleConflict(deps: SubscriptionDeps, watch: Watch): Promise<Granted> {
  const { callGraph, config, clock } = deps;
  const ours = notificationUrlOf(config);
  // A create that died before its save, and then PUBLIC_BASE_URL was changed: its URL is the row's.
  const mine = new Set([ours, watch.notificationUrl]);
  const taken: ListedSubscription[] = [];
  for await (const listed of listSubscriptions({ ...config, callGraph }, watch)) {
    if (isSame(listed, watch)) taken.push(listed);
  }
  const foreign = taken.find(
    ({ id, notificationUrl }) => id !== watch.subscriptionId && !mine.has(notificationUrl),
  );
  if (foreign) throw heldElsewhere(watch, foreign.notificationUrl);
  const kept = taken.find(
    ({ id, notificationUrl }) => id === watch.subscriptionId && notificationUrl === ours,
  );
  if (kept) {
    const part = renewalPart(watch, kept.id, clock.now());
    return readRenewal(await sendSingly(callGraph, watch.tenantId, part), kept.id);
  }
  if (taken.length === 0) {
    throw conflict(
      `Graph says that ${subscribedTo(watch).resource} is subscribed already but lists no such subscription`,
    );
  }
  for (const { id } of taken) await deleteSubscription(callGraph, watch, id);
  return createSubscription(callGraph, config, watch, clock.now());
}

/** Graph may answer the resource with a leading slash and in another case. */
function isSame(listed: ListedSubscription, watch: Watch): boolean {
  const { resource, changeType } = subscribedTo(watch);
  return (
    listed.resource.replace(/^\//, '').toLowerCase() === resource.toLowerCase() &&
    listed.changeType === changeType
  );
}

function heldElsewhere(watch: Watch, url: string): ReceiverError {
  // The host alone: the rest of a notificationUrl may hold a secret.
  const host = URL.canParse(url) ? new URL(url).host : 'another address';
  return conflict(
    `${subscribedTo(watch).resource} is subscribed by the same Entra app for ${host}: use one Entra app per deployment, or delete that subscription`,
  );
}

function conflict(message: string): ReceiverError {
  return new ReceiverError('graphConflict', message);
}
