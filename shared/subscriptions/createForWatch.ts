import { GraphError } from '../graph/errors';
import type { StoredWatch, Watch } from '../watches/watches';
import { notificationUrlOf, subscribedTo } from './subscriptionBody';
import { createSubscription, deleteSubscription, type Granted } from './subscriptionCalls';
import { settleConflict } from './settleConflict';
import type { SubscriptionDeps } from './subscriptionDeps';
import { recordFailure, recordSuccess, type WatchResult } from './watchResult';

/**
 * How long the row keeps others from creating the same subscription: above the longest create, which is a refused POST,
 * a listing, a DELETE and another POST of 45 s each (GRAPH_CALL_LIMIT_MS).
 */
export const CREATE_HOLD_MS = 4 * 60_000;

/**
 * Makes the subscription of a watch. The order: the row is held under its ETag (whoever loses that race does nothing),
 * Graph is asked, the row is saved. After a crash before the save the next run meets a 409 and settles it.
 * The old subscriptionId stays on the row until the new one is known, because only that id may be adopted; and with it
 * the key and URL that it was made with, so that an adopted one is still known for what it is.
 */
export async function createForWatch(deps: SubscriptionDeps, stored: StoredWatch): Promise<WatchResult> {
  const { watches, clock, config } = deps;
  const { watch } = stored;
  const now = clock.now();
  const signed = { notificationUrl: notificationUrlOf(config), keyId: config.clientStateKeys[0].keyId };
  const held: Watch = {
    ...watch,
    ...subscribedTo(watch),
    ...(watch.subscriptionId === undefined ? signed : {}),
    nextTryAt: new Date(now + CREATE_HOLD_MS).toISOString(),
  };
  delete held.lastError;
  const etag = await watches.save(held, stored.etag);
  if (etag === undefined) return { outcome: 'busy', watch };

  let granted: Granted;
  try {
    granted = await obtain(deps, watch, now);
  } catch (error) {
    // Graph may have made one whose answer was lost: the row says for which URL.
    return recordFailure(deps, { watch: held, etag }, error);
  }
  const adopted = granted.subscriptionId === watch.subscriptionId;
  const saved = recordSuccess(adopted ? held : { ...held, ...signed }, granted, now);
  if (!(await keep(deps, watch, saved, granted.subscriptionId, etag))) return { outcome: 'busy', watch };
  if (adopted) return { outcome: 'renewed', watch: saved };
  const servedBefore = watch.renewedAt !== undefined;
  return { outcome: 'created', watch: saved, ...(servedBefore ? { sweep: true } : {}) };
}

async function obtain(deps: SubscriptionDeps, watch: Watch, now: number): Promise<Granted> {
  try {
    return await createSubscription(deps.callGraph, deps.config, watch, now);
  } catch (error) {
    if (error instanceof GraphError && error.code === 'graphConflict') return settleConflict(deps, watch);
    throw error;
  }
}

/** Saves the new subscription. One that its row does not want any more is deleted: nobody would know of it. */
async function keep(
  { watches, callGraph }: SubscriptionDeps,
  before: Watch,
  saved: Watch,
  subscriptionId: string,
  etag: string,
): Promise<boolean> {
  if ((await watches.save(saved, etag)) !== undefined) return true;
  const current = await watches.get(saved);
  // The client repeats a write whose answer was lost, and then sees its own row as changed.
  if (current?.watch.subscriptionId === subscriptionId) return true;
  const stillOurs =
    current?.watch.wanted === true &&
    current.watch.generation === before.generation &&
    current.watch.subscriptionId === before.subscriptionId;
  // Whoever resumed the tenant meanwhile has moved `since`.
  const kept = stillOurs && { ...saved, since: current.watch.since };
  if (kept && (await watches.save(kept, current.etag)) !== undefined) return true;
  await deleteSubscription(callGraph, saved, subscriptionId);
  return false;
}
