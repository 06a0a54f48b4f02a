import { createCache } from '../cache';
import type { Clock } from '../clock';
import { isRecord, parseId, parseText } from '../parse';
import type { MessageQueue } from '../storage/queues';
import { watchRowKey, type WatchKey } from '../watches/watches';
import { PATCH_SPACING_MS } from './plan';

/** A message of the queue subscription-events. */
export type SubscriptionMessage = LifecycleMessage | RenewMessage;

interface MessageBase {
  tenantId: string;
  /** ISO 8601. */
  receivedAt: string;
  traceparent: string;
}

/** A lifecycle notification of Graph for the watch that `tag` names. */
export interface LifecycleMessage extends MessageBase {
  kind: 'lifecycle';
  tag: string;
  /** reauthorizationRequired, subscriptionRemoved, missed, or an event that is not documented yet. */
  lifecycleEvent: string;
  /** Free text, for the log only: the tag names the watch. */
  subscriptionId?: string;
  generation: number;
}

/** The worker saw that the subscription of this watch expires soon. */
export interface RenewMessage extends MessageBase {
  kind: 'renew';
  /** RowKey in the table Subscriptions. */
  rowKey: string;
}

/** The version that this build writes. Readers accept the previous one too. */
const SUBSCRIPTION_MESSAGE_VERSION = 1;

/** The JSON text of a message, nested in `event` like the job message and for the same reason. */
export function formatSubscriptionMessage(message: SubscriptionMessage): string {
  return JSON.stringify({ event: { v: SUBSCRIPTION_MESSAGE_VERSION, ...message } });
}

/** The message in `value` (parsed JSON), or the reason why it is malformed. Never throws. */
export function parseSubscriptionMessage(value: unknown): { message: SubscriptionMessage } | { malformed: string } {
  const event = isRecord(value) ? value['event'] : undefined;
  if (!isRecord(event)) return { malformed: 'no event object' };
  if (event['v'] !== SUBSCRIPTION_MESSAGE_VERSION && event['v'] !== SUBSCRIPTION_MESSAGE_VERSION - 1) {
    return { malformed: 'unknown version' };
  }
  const tenantId = parseId(event['tenantId']);
  if (tenantId === undefined) return { malformed: 'no tenantId' };
  const base = { tenantId, receivedAt: parseText(event['receivedAt']), traceparent: parseText(event['traceparent']) };
  const { kind, tag, lifecycleEvent, subscriptionId, generation, rowKey } = event;
  if (kind === 'renew' && typeof rowKey === 'string') return { message: { kind, ...base, rowKey } };
  if (kind !== 'lifecycle' || typeof tag !== 'string' || typeof lifecycleEvent !== 'string') {
    return { malformed: 'fields missing or of another form' };
  }
  return {
    message: {
      kind,
      ...base,
      tag,
      lifecycleEvent,
      generation: typeof generation === 'number' ? generation : 0,
      ...(typeof subscriptionId === 'string' ? { subscriptionId } : {}),
    },
  };
}

/** Requests the renewal of a watch's subscription. */
export type RequestRenewal = (watch: WatchKey, traceparent: string) => Promise<void>;

/** A bound on memory. One instance sees far fewer expiring watches within ten minutes. */
const MOST_REMEMBERED = 5_000;

/**
 * Requests renewals through the queue subscription-events, at most once in ten minutes for each watch. Otherwise every job
 * of a burst would send a request, and PATCH is not allowed more often.
 */
export function createRequestRenewal(deps: { queue: MessageQueue; clock: Pick<Clock, 'now'> }): RequestRenewal {
  const requested = createCache<true>({ most: MOST_REMEMBERED, keepMs: PATCH_SPACING_MS - 1, clock: deps.clock });
  return async ({ tenantId, kind, id }, traceparent) => {
    const rowKey = watchRowKey({ kind, id });
    const name = `${tenantId}/${rowKey}`;
    if (requested.has(name)) return;
    requested.set(name, true);
    const receivedAt = new Date(deps.clock.now()).toISOString();
    try {
      await deps.queue.send(formatSubscriptionMessage({ kind: 'renew', tenantId, rowKey, receivedAt, traceparent }));
    } catch (error) {
      requested.delete(name);
      throw error;
    }
  };
}
