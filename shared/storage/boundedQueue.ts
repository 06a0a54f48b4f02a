import { ReceiverError } from '../errors';
import { untilAborted } from '../untilAborted';
import type { MessageQueue } from './messageQueue';

export interface SendPatience {
  tries: number;
  /** Milliseconds one try may take. */
  tryTimeoutMs: number;
}

/**
 * A queue whose sends end in time. The storage client has no time-out of its own: its `tryTimeoutInMs` only tells the
 * server, in whole seconds, how long to try. A try that ran out may still have stored its message, so a second one may
 * store it twice.
 */
export function createBoundedQueue(queue: MessageQueue, patience: SendPatience): MessageQueue {
  return {
    async send(text, options = {}) {
      for (let left = patience.tries; ; left -= 1) {
        try {
          return await tryOnce(queue, patience.tryTimeoutMs, text, options);
        } catch (error) {
          if (left <= 1 || options.signal?.aborted) throw error;
        }
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
    `The storage queue gave no answer within ${timeoutMs} ms: check its health and firewall`,
    {
      code: 'storageUnavailable',
      retryable: true,
    },
  );
}
