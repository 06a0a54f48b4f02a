import { isRecord, parseId, parseText } from '../parse';

/** A message of the queue subscription-events. */
export type SubscriptionMessage = TenantMessage | SweepAllMessage;

/** About one watch of a tenant. */
export type TenantMessage = LifecycleMessage | WatchMessage;

interface MessageBase {
  /** ISO 8601. */
  receivedAt: string;
  traceparent: string;
}

/** The webhook refused a body unread: all watches are to be swept. */
export interface SweepAllMessage extends MessageBase {
  kind: 'sweepAll';
}

/** The events that Graph documents (concepts/change-notifications-lifecycle-events.md). */
export const LIFECYCLE_EVENTS: readonly string[] = ['reauthorizationRequired', 'subscriptionRemoved', 'missed'];

/** A lifecycle notification of Graph for the watch that `tag` names. */
export interface LifecycleMessage extends MessageBase {
  kind: 'lifecycle';
  tenantId: string;
  tag: string;
  /** One of `LIFECYCLE_EVENTS`, or `unknown`. Version 0.1 wrote other words too. */
  lifecycleEvent: string;
  /** Free text, for the log only: the tag names the watch. */
  subscriptionId?: string;
  generation: number;
  /** It waits, and acts for every hint of its kind that arrives meanwhile. */
  noted?: true;
}

/**
 * `renew`: the worker saw that the subscription of this watch expires soon. `sweep`: its row says that a sweep is wanted, see
 * `requestSweep`.
 */
export interface WatchMessage extends MessageBase {
  kind: 'renew' | 'sweep';
  tenantId: string;
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
  const times = { receivedAt: parseText(event['receivedAt']), traceparent: parseText(event['traceparent']) };
  if (event['kind'] === 'sweepAll') return { message: { kind: 'sweepAll', ...times } };
  const tenantId = parseId(event['tenantId']);
  if (tenantId === undefined) return { malformed: 'no tenantId' };
  const base = { tenantId, ...times };
  const { kind, tag, lifecycleEvent, subscriptionId, generation, noted, rowKey } = event;
  if ((kind === 'renew' || kind === 'sweep') && typeof rowKey === 'string') {
    return { message: { kind, ...base, rowKey } };
  }
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
      ...(noted === true ? { noted } : {}),
    },
  };
}
