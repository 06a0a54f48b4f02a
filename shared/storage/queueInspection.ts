import type { QueueClient } from '@azure/storage-queue';
import { RestError } from '@azure/storage-queue';
import type { QueueContents, TakenMessage } from './queueContents';

/** The most that one call peeks or receives. */
const PAGE = 32;
const CALL_TIMEOUT_MS = 15_000;

/** The contents of an Azure storage queue behind the interface. */
export function createQueueInspection(client: QueueClient): QueueContents {
  const bounded = () => ({ abortSignal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
  return {
    async count() {
      return (await client.getProperties(bounded())).approximateMessagesCount ?? 0;
    },
    async now() {
      const { date } = await client.getProperties(bounded());
      if (!date) throw new TypeError('Storage answered without the header Date');
      return date.getTime();
    },
    async oldest() {
      const { peekedMessageItems } = await client.peekMessages({ numberOfMessages: PAGE, ...bounded() });
      const times = peekedMessageItems.map(({ insertedOn }) => insertedOn.getTime());
      return times.length === 0 ? undefined : Math.min(...times);
    },
    async take(hideSeconds) {
      const options = { numberOfMessages: PAGE, visibilityTimeout: hideSeconds, ...bounded() };
      const { receivedMessageItems } = await client.receiveMessages(options);
      return receivedMessageItems.map(({ messageId, messageText, insertedOn, popReceipt }) => ({
        id: messageId,
        text: decode(messageText),
        insertedAt: insertedOn.getTime(),
        receipt: popReceipt,
      }));
    },
    putBack: ({ id, receipt }: TakenMessage) =>
      unlessGone(client.updateMessage(id, receipt, undefined, 0, bounded())),
    remove: ({ id, receipt }: TakenMessage) => unlessGone(client.deleteMessage(id, receipt, bounded())),
  };
}

/** 404: the message is gone, or its receipt is of an earlier taking (400 in some versions of the service). */
async function unlessGone(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    const code = error instanceof RestError ? error.code : undefined;
    if (code === 'MessageNotFound' || code === 'PopReceiptMismatch') return false;
    throw error;
  }
}

function decode(text: string): string {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes.toString('utf8') : text;
}
