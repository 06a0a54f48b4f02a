import type { QueueClient } from '@azure/storage-queue';
import type { MessageQueue } from './messageQueue';

/** Never: a message waits for as long as it takes until somebody has handled it. */
const NEVER_EXPIRES = -1;

/**
 * An Azure storage queue behind the interface. The JavaScript client does not encode; host.json says `base64`, and the
 * host moves anything else to the poison queue unseen.
 */
export function createQueueMessages(client: QueueClient): MessageQueue {
  return {
    async send(text, options = {}) {
      await client.sendMessage(Buffer.from(text, 'utf8').toString('base64'), {
        messageTimeToLive: NEVER_EXPIRES,
        ...(options.delaySeconds === undefined ? {} : { visibilityTimeout: Math.ceil(options.delaySeconds) }),
        ...(options.signal === undefined ? {} : { abortSignal: options.signal }),
      });
    },
  };
}
