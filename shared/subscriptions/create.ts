import { ReceiverError } from '../errors';
import {
  createSubscription,
  deleteSubscription,
  listSubscriptions,
  parseRenewal,
  renewalPart,
  type Granted,
  type ListedSubscription,
} from '../graph/api/subscriptions';
import { sendSingly } from '../graph/batch';
import { GraphError } from '../graph/errors';
import { keyCheckOf } from '../watches/clientState';
import { HOLD_MS } from '../watches/hold';
import { hasSubscription, withoutFailure, type StoredWatch, type Watch } from '../watches/watches';
import {
  afterSuccess,
  isRefusedByService,
  recordFailure,
  unlessContended,
  type SubscriptionDeps,
  type WatchResult,
} from './record';
import { waitingForGraph } from './conflictListings';
import { callOf, expiryAt, newSubscription, notificationUrlOf, resourceOf } from './plan';

/** The watch as a run holds it to create or replace its subscription. */
export function held(watch: Watch): Watch {
  return { ...withoutFailure(watch), heldMs: HOLD_MS };
}

/**
 * Creates the subscription of a watch: hold the row under its ETag (a run that loses this race does nothing), POST, save.
 * After a crash before the save the next run gets a 409 and resolves it. The row keeps the old subscriptionId until the
 * new one is known, because only that id may be adopted, and with it the key and the URL of the old one.
 */
export async function createForWatch(deps: SubscriptionDeps, stored: StoredWatch): Promise<WatchResult> {
  const { watches, clock, config } = deps;
  const { watch } = stored;
  const now = clock.now();
  const [key] = config.clientStateKeys;
  const signed = { notificationUrl: notificationUrlOf(config), keyId: key.keyId, keyCheck: keyCheckOf(key) };
  const holding: Watch = { ...held(watch), ...resourceOf(watch), ...(hasSubscription(watch) ? {} : signed) };
  // Before Graph knows the clientState: the webhook asks Graph to retry while it does not know the key.
  await watches.clientStates.noteKeys([signed.keyId]);
  const etag = await watches.save(holding, stored.etag);
  if (etag === undefined) return { outcome: 'busy', watch };

  let granted: Granted;
  try {
    granted = await createOrAdopt(deps, watch, now);
  } catch (error) {
    // Graph may have created one whose answer was lost. The row says for which URL.
    return recordFailure(deps, { watch: holding, etag }, error);
  }
  const isAdopted = granted.subscriptionId === watch.subscriptionId;
  const succeeded = afterSuccess(holding, granted, now);
  const created: Watch = isAdopted ? succeeded : { ...succeeded, ...signed, revokedAt: undefined };
  const saved = await saveCreated(deps, { watch: holding, etag }, created, granted.subscriptionId);
  if (!saved) return { outcome: 'busy', watch };
  if (isAdopted) return { outcome: 'renewed', watch: saved };
  // The first subscription of a watch replays no history.
  const isFirst = watch.renewedAt === undefined;
  return { outcome: 'created', watch: saved, ...(isFirst ? {} : { sweep: true }) };
}

/**
 * Saves the new subscription onto the row, unless the watch was removed, revoked or given another one in the meantime: then
 * the new subscription is deleted, because no row would name it.
 */
async function saveCreated(
  { watches, callGraph }: SubscriptionDeps,
  holding: StoredWatch,
  created: Watch,
  subscriptionId: string,
): Promise<Watch | undefined> {
  const { generation, subscriptionId: before } = holding.watch;
  const update = watches.update(
    created,
    (current) => {
      const isUnchanged = current.wanted && current.generation === generation && current.subscriptionId === before;
      // A run that resumed the tenant may have moved `since`, and a sweep may have been requested or made.
      const { since, sweepWanted } = current;
      return isUnchanged ? { ...created, since, sweepWanted } : current;
    },
    holding,
  );
  const current = (await unlessContended(update))?.watch;
  // Also true when the answer to our own save was lost and the client repeated it.
  if (current?.subscriptionId === subscriptionId) return current;
  const { tenantId, permission } = callOf(created);
  await deleteSubscription(callGraph, tenantId, { subscriptionId, permission });
  return undefined;
}

async function createOrAdopt(deps: SubscriptionDeps, watch: Watch, now: number): Promise<Granted> {
  try {
    return await create(deps, watch, now);
  } catch (error) {
    if (error instanceof GraphError && error.code === 'graphConflict') return resolveConflict(deps, watch);
    throw error;
  }
}

function create({ callGraph, config }: SubscriptionDeps, watch: Watch, now: number): Promise<Granted> {
  return createSubscription(callGraph, callOf(watch), newSubscription(config, watch, now));
}

/**
 * Resolves a 409: this app has such a subscription already. The one on our row is adopted where it can be renewed, and
 * recreated otherwise. Any other with our URL is recreated, because the listing hides its clientState
 * (api/subscription-list.md) and its notifications could not be distinguished from forged ones. One with another URL belongs
 * to another deployment and is reported.
 *
 * @throws ReceiverError `graphConflict` when another deployment has the resource or Graph lists nothing; GraphError as the
 *   calls
 */
async function resolveConflict(deps: SubscriptionDeps, watch: Watch): Promise<Granted> {
  const { callGraph, config, clock } = deps;
  const { tenantId, permission } = callOf(watch);
  const ourUrl = notificationUrlOf(config);
  // A create died before its save, and PUBLIC_BASE_URL was changed since: its URL is the one of the row.
  const ourUrls = new Set([ourUrl, watch.notificationUrl]);
  const read = async () => {
    const all: ListedSubscription[] = [];
    const paging = { ...config, callGraph: waitingForGraph(callGraph, clock) };
    for await (const listed of listSubscriptions(paging, { tenantId, permission })) all.push(listed);
    return all;
  };
  const existing = await deps.conflicts.find(tenantId, (listed) => isSameResource(listed, watch), read);
  const foreign = existing.find(
    ({ id, notificationUrl }) => id !== watch.subscriptionId && !ourUrls.has(notificationUrl),
  );
  if (foreign) throw subscribedElsewhere(watch, foreign.notificationUrl);
  const own = existing.find(({ id, notificationUrl }) => id === watch.subscriptionId && notificationUrl === ourUrl);
  const adopted = own && (await adopt(deps, watch, own));
  if (adopted) return adopted;
  if (existing.length === 0) {
    throw new ReceiverError(
      'graphConflict',
      `Graph returned 409 for a subscription to ${resourceOf(watch).resource} but lists no such subscription`,
      { remedy: 'The app retries.' },
    );
  }
  for (const { id } of existing) {
    await deleteSubscription(callGraph, tenantId, { subscriptionId: id, permission });
  }
  return create(deps, watch, clock.now());
}

/** Renews a subscription that Graph lists. Undefined where Graph says that it has no such subscription, or cannot renew it. */
async function adopt(
  { callGraph, clock }: SubscriptionDeps,
  watch: Watch,
  { id: subscriptionId }: ListedSubscription,
): Promise<Granted | undefined> {
  const { tenantId, permission } = callOf(watch);
  const part = renewalPart({ subscriptionId, permission }, expiryAt(clock.now()));
  const known = { subscriptionId, expirationDateTime: watch.expirationDateTime ?? '' };
  try {
    return parseRenewal(await sendSingly(callGraph, tenantId, part), known);
  } catch (error) {
    const isLost = error instanceof GraphError && error.code === 'graphNotFound';
    if (isLost || isRefusedByService(error)) return undefined;
    throw error;
  }
}

/** Graph may return the resource with a leading slash and in another case. */
function isSameResource(listed: ListedSubscription, watch: Watch): boolean {
  const { resource, changeType } = resourceOf(watch);
  return (
    listed.resource.replace(/^\//, '').toLowerCase() === resource.toLowerCase() && listed.changeType === changeType
  );
}

function subscribedElsewhere(watch: Watch, url: string): ReceiverError {
  // The host alone: the rest of a notificationUrl may hold a secret.
  const host = URL.canParse(url) ? new URL(url).host : 'another address';
  return new ReceiverError(
    'graphConflict',
    `The same Entra app has a subscription to ${resourceOf(watch).resource} for ${host}`,
    { remedy: 'Use one Entra app per deployment, or delete that subscription.' },
  );
}
