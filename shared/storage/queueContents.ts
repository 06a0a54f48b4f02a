import { RestError, type QueueClient } from '@azure/storage-queue';
import { toStorageError } from './errors';

/** A message that other readers see too. */
export interface SeenMessage {
  /** What was sent: decoded from base64, or the raw text where it is none. */
  text: string;
  /** Milliseconds since 1970. */
  insertedAt: number;
}

/** A message that is hidden from other readers for a while. */
export interface TakenMessage extends SeenMessage {
  /** Stays the same while the message is in its queue. */
  id: string;
  /** The right to show or remove it, until it becomes visible again. */
  receipt: string;
}

/** The messages of a queue without a trigger, for a person to look at or for workers that have places. */
export interface QueueContents {
  /** About how many messages wait, hidden ones included. */
  count(): Promise<number>;
  /** The time by the clock that sets `insertedAt`, to the second below it; milliseconds since 1970. */
  now(): Promise<number>;
  /** The first 32 visible messages. They stay visible. */
  peek(): Promise<SeenMessage[]>;
  /** Up to `most` messages (32 at most), hidden from other readers for `hideSeconds`. None when no more are visible. */
  take(hideSeconds: number, most?: number): Promise<TakenMessage[]>;
  /** Makes a message visible at once, or after so many seconds. False when it was visible already. */
  show(message: TakenMessage, afterSeconds?: number): Promise<boolean>;
  /** Hides a message for longer: the message with its new receipt. Undefined when its time was over. */
  keep(message: TakenMessage, hideSeconds: number): Promise<TakenMessage | undefined>;
  /** False when its time was over: another reader may have it, and it is still there. */
  remove(message: TakenMessage): Promise<boolean>;
}

/** The most that one call peeks or receives. */
const PAGE = 32;
const CALL_TIMEOUT_MS = 15_000;

/**
 * The contents of an Azure storage queue behind the interface. Its calls reject with ReceiverError `queueUnavailable` when
 * the service is unavailable for now.
 */
export function createQueueContents(client: QueueClient): QueueContents {
  const bounded = () => ({ abortSignal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
  const named = async <T>(call: Promise<T>): Promise<T> => {
    try {
      return await call;
    } catch (error) {
      throw toStorageError(error, 'queueUnavailable', client.url);
    }
  };
  return {
    async count() {
      return (await named(client.getProperties(bounded()))).approximateMessagesCount ?? 0;
    },
    async now() {
      const { date } = await named(client.getProperties(bounded()));
      if (!date) throw new TypeError('Storage answered without the header Date');
      return date.getTime();
    },
    async peek() {
      const { peekedMessageItems } = await named(client.peekMessages({ numberOfMessages: PAGE, ...bounded() }));
      return peekedMessageItems.map(seen);
    },
    async take(hideSeconds, most = PAGE) {
      const options = { numberOfMessages: most, visibilityTimeout: hideSeconds, ...bounded() };
      const { receivedMessageItems } = await named(client.receiveMessages(options));
      return receivedMessageItems.map((item) => ({ id: item.messageId, receipt: item.popReceipt, ...seen(item) }));
    },
    show: ({ id, receipt }, afterSeconds = 0) =>
      named(isDone(client.updateMessage(id, receipt, undefined, afterSeconds, bounded()))),
    async keep(message, hideSeconds) {
      const { id, receipt } = message;
      const kept = await named(unlessGone(client.updateMessage(id, receipt, undefined, hideSeconds, bounded())));
      return kept && { ...message, receipt: kept.popReceipt ?? receipt };
    },
    remove: ({ id, receipt }) => named(isDone(client.deleteMessage(id, receipt, bounded()))),
  };
}

/** 404: the message is gone, or its receipt is out of date (400 in some versions of the service). */
async function unlessGone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    const code = error instanceof RestError ? error.code : undefined;
    if (code === 'MessageNotFound' || code === 'PopReceiptMismatch') return undefined;
    throw error;
  }
}

const isDone = async (call: Promise<object>) => (await unlessGone(call)) !== undefined;

function seen({ messageText, insertedOn }: { messageText: string; insertedOn: Date }): SeenMessage {
  return { text: decode(messageText), insertedAt: insertedOn.getTime() };
}

function decode(text: string): string {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes.toString('utf8') : text;
}
