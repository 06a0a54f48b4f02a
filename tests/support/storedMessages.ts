import { QueueServiceClient } from '@azure/storage-queue';

/** Looks into the queues of the local cloud without disturbing them, past the fault proxy. */
export interface StoredMessages {
  /** How many messages wait, hidden ones included. */
  length(queue: string): Promise<number>;
  /** Whether a message could be received now. */
  hasVisible(queue: string): Promise<boolean>;
  /** Takes every visible message out of a queue, decoded and parsed. */
  take(queue: string): Promise<unknown[]>;
  /** Puts a message in, encoded as the product does. */
  put(queue: string, message: unknown): Promise<void>;
}

/** The most that one call receives. */
const PAGE = 32;

export function createStoredMessages(connectionString: string): StoredMessages {
  const service = QueueServiceClient.fromConnectionString(connectionString);
  return {
    async length(queue) {
      const { approximateMessagesCount } = await service.getQueueClient(queue).getProperties();
      return approximateMessagesCount ?? 0;
    },
    async hasVisible(queue) {
      return (await service.getQueueClient(queue).peekMessages()).peekedMessageItems.length > 0;
    },
    async take(queue) {
      const client = service.getQueueClient(queue);
      const taken: unknown[] = [];
      for (;;) {
        const { receivedMessageItems } = await client.receiveMessages({ numberOfMessages: PAGE });
        if (receivedMessageItems.length === 0) return taken;
        for (const item of receivedMessageItems) {
          taken.push(JSON.parse(Buffer.from(item.messageText, 'base64').toString('utf8')));
          await client.deleteMessage(item.messageId, item.popReceipt);
        }
      }
    },
    async put(queue, message) {
      const text = Buffer.from(JSON.stringify(message), 'utf8').toString('base64');
      await service.getQueueClient(queue).sendMessage(text, { messageTimeToLive: -1 });
    },
  };
}
