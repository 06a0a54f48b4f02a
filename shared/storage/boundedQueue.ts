import { setTimeout as delay } from 'node:timers/promises';
import { ReceiverError } from '../errors';
import { untilAborted } from '../concurrency';
import type { MessageQueue } from './messageQueue';
import { toStorageError } from './toStorageError';

export interface SendPatience {
  tries: number;
  /** Milliseconds one try may take. */
  tryTimeoutMs: number;
  /** Milliseconds before the second try, doubled before each further one. */
  pauseMs: number;
}

/**
 * A queue whose sends end in time. The storage client has no time-out of its own: its `tryTimeoutInMs` only tells the
 * server, in whole seconds, how long to try. A try that ran out may still have stored its message, so a second one may
 * store it twice. Rejects with ReceiverError `queueUnavailable` when the service could not serve it for now.
 */
export function createBoundedQueue(queue: MessageQueue, patience: SendPatience): MessageQueue {
  return {
    async send(text, options = {}) {
      for (let tries = 1; ; tries += 1) {
        try {
          return await tryOnce(queue, patience.tryTimeoutMs, text, options);
        } catch (error) {
          if (options.signal?.aborted) throw error;
          if (tries >= patience.tries) throw toStorageError(error, 'queueUnavailable');
        }
        if (patience.pauseMs > 0) await delay(patience.pauseMs * 2 ** (tries - 1));
      }
    },
  };
}

async function tryOnce(
  queue: MessageQueue,
  timeoutMs: number,
  ...[text, options]: Required<Parameters<MessageQueue['send']>>
): Promise<void> {
  const ending = new AbortController();
  const outer = options.signal;
  const onOuterAbort = () => ending.abort(outer?.reason);
  const timer = setTimeout(() => ending.abort(tookTooLong(timeoutMs)), timeoutMs);
  if (outer?.aborted) onOuterAbort();
  outer?.addEventListener('abort', onOuterAbort, { once: true });
  try {
    await untilAborted(ending.signal, queue.send(text, { ...options, signal: ending.signal }));
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', onOuterAbort);
  }
}

function tookTooLong(timeoutMs: number): ReceiverError {
  return new ReceiverError(
    'queueUnavailable',
    `The storage queue gave no answer within ${timeoutMs} ms: check its health and firewall`,
  );
}
