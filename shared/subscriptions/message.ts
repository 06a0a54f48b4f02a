import { isRecord, parseId } from '../parse';

/** A message of the queue subscription-events. */
export type SubscriptionMessage = LifecycleMessage | RenewMessage;

interface MessageBase {
  tenantId: string;
  /** ISO 8601. */
  receivedAt: string;
  traceparent: string;
}

/** Graph said something about a subscription of the watch that `tag` names. */
export interface LifecycleMessage extends MessageBase {
  kind: 'lifecycle';
  tag: string;
  /** reauthorizationRequired, subscriptionRemoved, missed, or a word we do not know yet. */
  lifecycleEvent: string;
  /** For the log only: it is free text, and the tag decides. */
  subscriptionId?: string;
  generation: number;
}

/** The worker saw that the subscription of this watch is near its end. */
export interface RenewMessage extends MessageBase {
  kind: 'renew';
  /** RowKey in the table Subscriptions. */
  rowKey: string;
}

/** The version this build writes; readers accept the previous one too. */
const SUBSCRIPTION_MESSAGE_VERSION = 1;

/** The JSON text of a message, nested in `event` like the job message and for the same reason. */
export function formatSubscriptionMessage(message: SubscriptionMessage): string {
  return JSON.stringify({ event: { v: SUBSCRIPTION_MESSAGE_VERSION, ...message } });
}

/** The message in `value` (parsed JSON), or a word on why it is none. Never throws. */
export function parseSubscriptionMessage(
  value: unknown,
): { message: SubscriptionMessage } | { malformed: string } {
  const event = isRecord(value) ? value['event'] : undefined;
  if (!isRecord(event)) return { malformed: 'no event object' };
  if (event['v'] !== SUBSCRIPTION_MESSAGE_VERSION && event['v'] !== SUBSCRIPTION_MESSAGE_VERSION - 1) {
    return { malformed: 'unknown version' };
  }
  const tenantId = parseId(event['tenantId']);
  if (tenantId === undefined) return { malformed: 'no tenantId' };
  const base = {
    tenantId,
    receivedAt: textOf(event['receivedAt']),
    traceparent: textOf(event['traceparent']),
  };
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

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
