import { accessRetryAt } from '../tenants/graphAccess';
import { isMaintained } from '../watches/gone';
import { parseWatchRowKey, watchRowKey, type StoredWatch, type Watch, type WatchKey } from '../watches/watches';
import { errorFields, type ReceiverError } from '../errors';
import { unlessContended, type WatchResult, type SubscriptionDeps } from './record';
import { elapsedMs, isSurelyAfter, waitEnd } from '../clock';
import { TENANT_BOUNDS, type Tenant } from '../tenants/tenants';
import { watchTag } from '../watches/clientState';
import type { MessageQueue } from '../storage/queues';
import { formatSubscriptionMessage, LIFECYCLE_EVENTS, type LifecycleMessage, type TenantMessage } from './message';
import { PATCH_SPACING_MS, retryAt, sinceRenewed } from './plan';
import { reconcileWatch } from './reconcileWatch';

export type LifecycleResult =
  /** The subscription was reconciled. A refusal by Graph is written onto the row, and the timer retries. */
  | { outcome: 'handled'; result: WatchResult; sweep?: RequestedSweep }
  /** Graph lost notifications, or the row says that a sweep is wanted: sweep this watch. */
  | { outcome: 'missed'; sweep: RequestedSweep }
  /** Too early: a message waits in the queue for so long. */
  | { outcome: 'postponed'; postponeSeconds: number }
  /** Nothing to do. The log says why. */
  | { outcome: 'dropped'; reason: DropReason };

/** A watch to sweep, and the message that requests it again where the sweep fails. */
export interface RequestedSweep {
  key: WatchKey;
  again: TenantMessage;
}

export interface LifecycleDeps extends SubscriptionDeps {
  /** subscription-events, for a message that waits. */
  events: MessageQueue;
}

type DropReason =
  | 'tenantNotActive'
  | 'watchUnknown'
  | 'generationOld'
  | 'eventNotActedOn'
  | 'renewedSince'
  | 'sweptSince'
  | 'merged'
  /** The last attempt failed. The row says why, and when the timer that renews subscriptions makes the next one. */
  | 'retriedByTimer';

/** Far under the 7 days for which a queue hides a message. A longer wait is checked again in between. */
const LONGEST_POSTPONEMENT_S = 3_600;

/**
 * The functionTimeout of host.json, which no run of the sweep exceeds, and the longest time between two looks at a quiet
 * printer (`quietPrinterMinutes`).
 */
const LONGEST_SWEEP_MS = (30 + TENANT_BOUNDS.quietPrinterMinutes.most) * 60_000;

/** A sweep of one watch on request, at most so often. The timer sweeps busy printers as often. */
const SWEEP_SPACING_MS = 10 * 60_000;

/**
 * Handles a message of the queue subscription-events about one watch. A lifecycle event is a hint: a PATCH finds out the
 * facts, never /reauthorize. Where notifications may have been lost, the result names the watch to sweep. Rejects only when
 * storage fails or a row is unreadable.
 */
export async function handleLifecycleEvent(deps: LifecycleDeps, message: TenantMessage): Promise<LifecycleResult> {
  const now = deps.clock.now();
  if (message.kind === 'lifecycle' && !LIFECYCLE_EVENTS.includes(message.lifecycleEvent)) {
    return drop(deps, message, 'eventNotActedOn');
  }
  const stored = await findWatch(deps, message);
  if (!stored) return drop(deps, message, 'watchUnknown');
  const { watch } = stored;
  if (message.kind === 'lifecycle' && message.generation < watch.generation) {
    return drop(deps, message, 'generationOld');
  }
  if (!watch.wanted) return drop(deps, message, 'watchUnknown');
  const tenant = await deps.tenants.get(message.tenantId);
  if (!tenant || !isMaintained(tenant, watch.kind)) return drop(deps, message, 'tenantNotActive');
  if (message.kind === 'sweep') {
    if (watch.sweepWanted === undefined) return drop(deps, message, 'sweptSince');
    return { outcome: 'missed', sweep: { key: keyOf(watch), again: message } };
  }
  if (message.kind === 'lifecycle' && message.lifecycleEvent === 'missed') {
    return handleMissed(deps, stored, tenant, message);
  }
  // A PATCH resolves the other events: it reauthorizes, and its 404 shows a removed subscription. So does one that was sent
  // after the event.
  if (isSurelyAfter(watch.renewedAt, message.receivedAt, now)) return drop(deps, message, 'renewedSince');
  if (watch.heldMs !== undefined) {
    return postpone(deps, stored, message, { field: 'renewalNotedUntil', until: now + watch.heldMs });
  }
  // The timer PATCHes the watch when its back-off or that of its tenant is over. A message that waited for that would return
  // every hour for as long as Graph refuses.
  if (retryAt(watch, now) !== undefined || accessRetryAt(tenant, now) !== undefined) {
    return drop(deps, message, 'retriedByTimer');
  }
  const since = sinceRenewed(watch, now);
  if (message.kind !== 'lifecycle') {
    // The worker saw the expiry in an older notification. The PATCH has extended it.
    if (since < PATCH_SPACING_MS) return drop(deps, message, 'renewedSince');
    return renew(deps, stored, message);
  }
  // Of several duplicates the first continues, and one of the others looks again later: the clocks may be apart.
  const isDuplicate = Date.parse(watch.renewedAt ?? '') > Date.parse(message.receivedAt);
  // A removal is acted on at once whatever was renewed before, but a clientState is enough to send any number of them.
  const isRemoval = message.lifecycleEvent === 'subscriptionRemoved';
  const sinceRemoval = isRemoval ? elapsedMs(watch.removalHintedAt, now) : Infinity;
  const sinceLast = isRemoval && !isDuplicate ? sinceRemoval : Math.min(since, sinceRemoval);
  if (sinceLast < PATCH_SPACING_MS) {
    return postpone(deps, stored, message, { field: 'renewalNotedUntil', until: now + PATCH_SPACING_MS - sinceLast });
  }
  const noted = isRemoval ? { removalHintedAt: new Date(now).toISOString() } : {};
  return renew(deps, { ...stored, watch: { ...watch, ...noted } }, message);
}

/** The row of a watch is written once, after its PATCH. */
async function renew(deps: LifecycleDeps, stored: StoredWatch, message: TenantMessage): Promise<LifecycleResult> {
  const { watch } = stored;
  const result = await reconcileWatch(deps, stored, { asked: true, onlyRenew: true });
  return { outcome: 'handled', result, ...(result.sweep ? { sweep: sweepOf(watch, message) } : {}) };
}

/**
 * One clientState is enough to send `missed` any number of times, and each sweep lists all open tasks or jobs of the watch.
 * So a watch is swept once in ten minutes, and that sweep covers every `missed` that was received before it.
 */
async function handleMissed(
  deps: LifecycleDeps,
  stored: StoredWatch,
  tenant: Tenant,
  message: LifecycleMessage,
): Promise<LifecycleResult> {
  const { watch } = stored;
  const now = deps.clock.now();
  const isCovered = !message.noted && isSurelyAfter(watch.missedSweptAt, message.receivedAt, now);
  // Sweeps have covered what was due up to `sweptAt`, and in this time each watch was due.
  const isSwept = isSurelyAfter(tenant.sweptAt, message.receivedAt, now, LONGEST_SWEEP_MS);
  if (isCovered || isSwept) return drop(deps, message, 'sweptSince');
  const leftMs = SWEEP_SPACING_MS - elapsedMs(watch.missedSweptAt, now);
  if (leftMs > 0) return postpone(deps, stored, message, { field: 'sweepNotedUntil', until: now + leftMs });
  const missedSweptAt = new Date(now).toISOString();
  await unlessContended(deps.watches.update(watch, (row) => ({ ...row, missedSweptAt }), stored));
  return { outcome: 'missed', sweep: sweepOf(watch, message) };
}

/** Where the sweep fails, a `missed` for this watch waits. It is `noted`, so that no other hint stands for it. */
function sweepOf(watch: Watch, { tenantId, receivedAt, traceparent }: TenantMessage): RequestedSweep {
  const { generation } = watch;
  const event = { kind: 'lifecycle', lifecycleEvent: 'missed', noted: true } as const;
  return {
    key: keyOf(watch),
    again: { ...event, tenantId, tag: watchTag(watch), generation, receivedAt, traceparent },
  };
}

function keyOf({ tenantId, kind, id }: WatchKey): WatchKey {
  return { tenantId, kind, id };
}

/** Finds the watch by the tag of the verified clientState or by the row that the worker named, never by a subscription id. */
async function findWatch(
  { watches, logger }: SubscriptionDeps,
  message: TenantMessage,
): Promise<StoredWatch | undefined> {
  const { tenantId } = message;
  if (message.kind !== 'lifecycle') {
    const named = parseWatchRowKey(message.rowKey);
    return named && watches.get({ tenantId, ...named });
  }
  const unreadable: ReceiverError[] = [];
  const onUnreadable = (error: ReceiverError) => {
    unreadable.push(error);
    logger.warn('row.unreadable', { tenantId, ...errorFields(error) });
  };
  for await (const stored of watches.list(tenantId, onUnreadable)) {
    if (watchTag(stored.watch) === message.tag) return stored;
  }
  // It may be the row of this watch.
  if (unreadable[0]) throw unreadable[0];
  return undefined;
}

/**
 * Lets a message wait, then notes that on the row: later hints of its kind are dropped, because this one acts for them. In
 * this order: a note without its message would drop every hint of that time, and the redelivered message itself. A message
 * whose note is lost costs a duplicate.
 */
async function postpone(
  deps: LifecycleDeps,
  { watch, etag }: StoredWatch,
  message: TenantMessage,
  note: { field: 'sweepNotedUntil' | 'renewalNotedUntil'; until: number },
): Promise<LifecycleResult> {
  const now = deps.clock.now();
  const seconds = Math.min(LONGEST_POSTPONEMENT_S, Math.max(1, Math.ceil((note.until - now) / 1_000)));
  const isNoted = waitEnd(watch[note.field], now, LONGEST_POSTPONEMENT_S * 1_000) !== undefined;
  const isHint = message.kind === 'lifecycle' && !message.noted;
  if (isHint && isNoted) return drop(deps, message, 'merged');
  const waiting = isHint ? { ...message, noted: true as const } : message;
  await deps.events.send(formatSubscriptionMessage(waiting), { delaySeconds: seconds });
  if (isHint) {
    const notedUntil = new Date(now + seconds * 1_000).toISOString();
    // A message of a clientState that was revoked meanwhile is dropped, so it acts for no other.
    const noteOn = (row: Watch) => (row.generation > message.generation ? row : { ...row, [note.field]: notedUntil });
    await unlessContended(deps.watches.update(watch, noteOn, { watch, etag }));
  }
  return { outcome: 'postponed', postponeSeconds: seconds };
}

function drop({ logger }: SubscriptionDeps, message: TenantMessage, reason: DropReason): LifecycleResult {
  logger.info('subscriptionEvent.dropped', { tenantId: message.tenantId, reason, ...nameOf(message) });
  return { outcome: 'dropped', reason };
}

/** Row keys and event names come from outside: only those of the known form are logged. */
function nameOf(message: TenantMessage): Record<string, string> {
  if (message.kind !== 'lifecycle') {
    const named = parseWatchRowKey(message.rowKey);
    return { watch: named ? watchRowKey(named) : 'unreadable' };
  }
  const { lifecycleEvent } = message;
  return { lifecycleEvent: /^[A-Za-z]{1,64}$/.test(lifecycleEvent) ? lifecycleEvent : 'unreadable' };
}
