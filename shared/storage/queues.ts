import { setTimeout as delay } from 'node:timers/promises';
import { QueueServiceClient, type QueueClient } from '@azure/storage-queue';
import { untilAborted } from '../concurrency';
import type { QueueStorageConfig } from '../config';
import { ReceiverError } from '../errors';
import { openOwnIdentity } from './account';
import { addressOf, toStorageError } from './errors';
import { createQueueContents, type QueueContents } from './queueContents';

/** A storage queue as the product sees it. Messages are JSON text; the implementation encodes them in base64. */
export interface MessageQueue {
  /**
   * Stores one message that never expires. When this resolves the message is durable. When it rejects the outcome is
   * unknown: the message may have been stored, so a caller that sends again must tolerate a repeat.
   */
  send(text: string, options?: SendOptions): Promise<void>;
}

export interface SendOptions {
  /** Seconds until the message becomes visible, 0 to 604,800 (7 days, the limit of the service). */
  delaySeconds?: number;
  signal?: AbortSignal;
}

/** How long a send may take. */
export interface SendPatience {
  tries: number;
  /** Milliseconds of one try. */
  tryTimeoutMs: number;
  /** Milliseconds before the second try, doubled before each further one. */
  pauseMs: number;
}

/** The queues of one storage account, by name. */
export interface Queues {
  /** For sending. */
  queue(name: string, patience: SendPatience): MessageQueue;
  /** For looking at the messages that wait there. */
  contents(name: string): QueueContents;
}

/** Never: a message waits until it has been handled. */
const NEVER_EXPIRES = -1;
/** Tries and their limits are ours (`createBoundedQueue`): those of the client would add to them. */
const ONE_TRY = { retryOptions: { maxTries: 1 } };

/** Opens the queues of a storage account of the settings. Connections are kept alive. */
export async function openQueues(storage: QueueStorageConfig): Promise<Queues> {
  const service =
    'connectionString' in storage
      ? QueueServiceClient.fromConnectionString(storage.connectionString, ONE_TRY)
      : new QueueServiceClient(storage.queueServiceUri, await openOwnIdentity(storage), ONE_TRY);
  return {
    queue: (name, patience) => {
      const client = service.getQueueClient(name);
      return createBoundedQueue(createAzureQueue(client), patience, client.url);
    },
    contents: (name) => createQueueContents(service.getQueueClient(name)),
  };
}

/**
 * An Azure storage queue behind the interface. The JavaScript client does not encode; host.json says `base64`, and the
 * host moves anything else to the poison queue without a call.
 */
function createAzureQueue(client: QueueClient): MessageQueue {
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

/**
 * A queue whose sends end in time. The storage client has no time-out of its own: its `tryTimeoutInMs` only tells the
 * server, in whole seconds, how long to try. A try that timed out may still have stored its message, so a second one may
 * store it twice. Rejects with ReceiverError `queueUnavailable` when the service is unavailable for now.
 *
 * @param url of the queue, for messages
 */
export function createBoundedQueue(queue: MessageQueue, patience: SendPatience, url: string): MessageQueue {
  return {
    async send(text, options = {}) {
      for (let tries = 1; ; tries += 1) {
        try {
          return await sendInTime(queue, patience.tryTimeoutMs, url, text, options);
        } catch (error) {
          if (options.signal?.aborted) throw error;
          if (tries >= patience.tries) throw toStorageError(error, 'queueUnavailable', url);
        }
        if (patience.pauseMs > 0) await delay(patience.pauseMs * 2 ** (tries - 1));
      }
    },
  };
}

async function sendInTime(
  queue: MessageQueue,
  timeoutMs: number,
  url: string,
  ...[text, options]: Required<Parameters<MessageQueue['send']>>
): Promise<void> {
  const ending = new AbortController();
  const outer = options.signal;
  const onOuterAbort = () => ending.abort(outer?.reason);
  const onTimeout = () => {
    const problem = `Queue storage at ${addressOf(url)} did not answer within ${timeoutMs} ms`;
    ending.abort(new ReceiverError('queueUnavailable', problem));
  };
  const timer = setTimeout(onTimeout, timeoutMs);
  if (outer?.aborted) onOuterAbort();
  outer?.addEventListener('abort', onOuterAbort, { once: true });
  try {
    await untilAborted(ending.signal, queue.send(text, { ...options, signal: ending.signal }));
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', onOuterAbort);
  }
}
