import type { Tenant } from '../tenants/tenants';
import { watchTag } from '../watches/clientState';
import { parseWatchRowKey, watchRowKey, type WatchKey } from '../watches/watchKey';
import type { StoredWatch } from '../watches/watches';
import { isLookedAfter } from './isLookedAfter';
import type { LifecycleMessage, SubscriptionMessage } from './message';
import { PATCH_SPACING_MS, sinceRenewed, waitsUntil } from './plan';
import { reconcileWatch } from './reconcileWatch';
import { tenantWaitsUntil } from './standOfTenant';
import type { SubscriptionDeps } from './subscriptionDeps';
import type { WatchResult } from './watchResult';

export type LifecycleResult =
  /** The subscription was looked after; what Graph refused stands on the row and the timer goes on with it. */
  | { outcome: 'handled'; result: WatchResult; sweep?: WatchKey }
  /** Graph lost notifications: the jobs of this watch are to be looked for. */
  | { outcome: 'missed'; sweep: WatchKey }
  /** Too early: the same message is to come again after this time. */
  | { outcome: 'postponed'; postponeSeconds: number }
  /** Nothing to do, and the log says why. */
  | { outcome: 'dropped'; reason: DropReason };

type DropReason =
  'tenantNotServed' | 'watchUnknown' | 'generationOld' | 'eventNotActedOn' | 'renewedSince' | 'sweptSince';

/** Far under a queue's 7 days; whatever takes longer is looked at again on the way. */
const LONGEST_POSTPONEMENT_S = 3_600;

/** The functionTimeout of host.json: no run of the timer's sweep takes longer. */
const LONGEST_SWEEP_MS = 10 * 60_000;

/** The lifecycle events that a PATCH answers: it reauthorizes, and its 404 shows a removed subscription. */
const ACTED_ON: readonly string[] = ['reauthorizationRequired', 'subscriptionRemoved'];

/**
 * Acts on a message of the queue subscription-events. An event is a hint: Graph is asked by PATCH what is so, never by
 * /reauthorize. Where notifications were or may have been lost, the result names the watch to sweep. Rejects only when
 * storage fails.
 */
export async function handleLifecycleEvent(
  deps: SubscriptionDeps,
  message: SubscriptionMessage,
): Promise<LifecycleResult> {
  const now = deps.clock.now();
  const tenant = await deps.tenants.get(message.tenantId);
  if (!tenant || tenant.status === 'removed') return drop(deps, message, 'tenantNotServed');
  const stored = await findWatch(deps, message);
  if (!stored?.watch.wanted) return drop(deps, message, 'watchUnknown');
  const { watch } = stored;
  if (!isLookedAfter(tenant, watch.kind)) return drop(deps, message, 'tenantNotServed');
  if (message.kind === 'lifecycle') {
    if (message.generation < watch.generation) return drop(deps, message, 'generationOld');
    if (message.lifecycleEvent === 'missed') {
      if (sweptSince(tenant, message)) return drop(deps, message, 'sweptSince');
      return { outcome: 'missed', sweep: keyOf(watch) };
    }
    if (!ACTED_ON.includes(message.lifecycleEvent)) return drop(deps, message, 'eventNotActedOn');
  }
  // A PATCH sent after the event has answered it; among duplicates only the first gets further.
  if (Date.parse(watch.renewedAt ?? '') > Date.parse(message.receivedAt)) {
    return drop(deps, message, 'renewedSince');
  }
  const until = waitsUntil(watch, now) ?? tenantWaitsUntil(tenant, now);
  if (until !== undefined) return postpone(until - now);
  const since = sinceRenewed(watch, now);
  if (since < PATCH_SPACING_MS) {
    // The worker saw the expiry of an older notification: the PATCH has moved it.
    if (message.kind === 'renew') return drop(deps, message, 'renewedSince');
    if (message.lifecycleEvent === 'reauthorizationRequired') return postpone(PATCH_SPACING_MS - since);
  }
  const result = await reconcileWatch(deps, stored, { asked: true, onlyRenew: true });
  return { outcome: 'handled', result, ...(result.sweep ? { sweep: keyOf(watch) } : {}) };
}

/**
 * `sweptAt` is when a sweep ended: only one that began after the message has looked at what the message is about. The
 * timer's takes no longer than `LONGEST_SWEEP_MS`; after a longer one by the command line the next one of the timer looks.
 */
function sweptSince({ sweptAt }: Tenant, { receivedAt }: LifecycleMessage): boolean {
  return Date.parse(sweptAt ?? '') - LONGEST_SWEEP_MS > Date.parse(receivedAt);
}

function keyOf({ tenantId, kind, id }: WatchKey): WatchKey {
  return { tenantId, kind, id };
}

/** By the tag of the verified clientState, or by the row that the worker named; never by a subscription id from outside. */
async function findWatch(
  { watches, logger }: SubscriptionDeps,
  message: SubscriptionMessage,
): Promise<StoredWatch | undefined> {
  const { tenantId } = message;
  if (message.kind === 'renew') {
    const named = parseWatchRowKey(message.rowKey);
    return named && watches.get({ tenantId, ...named });
  }
  const passOver = () => logger.warn('row.unreadable', { tenantId });
  for await (const stored of watches.list(tenantId, passOver)) {
    if (watchTag(stored.watch) === message.tag) return stored;
  }
  return undefined;
}

function postpone(ms: number): LifecycleResult {
  return {
    outcome: 'postponed',
    postponeSeconds: Math.min(LONGEST_POSTPONEMENT_S, Math.max(1, Math.ceil(ms / 1_000))),
  };
}

function drop(
  { logger }: SubscriptionDeps,
  message: SubscriptionMessage,
  reason: DropReason,
): LifecycleResult {
  logger.info('subscriptionEvent.dropped', { tenantId: message.tenantId, reason, ...nameOf(message) });
  return { outcome: 'dropped', reason };
}

function nameOf(message: SubscriptionMessage): Record<string, string> {
  return message.kind === 'renew' ? { watch: rowKeyOf(message.rowKey) } : { lifecycleEvent: wordOf(message) };
}

/** Row keys and event words come from outside: only what looks like one is logged. */
function rowKeyOf(rowKey: string): string {
  const named = parseWatchRowKey(rowKey);
  return named ? watchRowKey(named) : 'unreadable';
}

function wordOf({ lifecycleEvent }: LifecycleMessage): string {
  return /^[A-Za-z]{1,64}$/.test(lifecycleEvent) ? lifecycleEvent : 'unreadable';
}
