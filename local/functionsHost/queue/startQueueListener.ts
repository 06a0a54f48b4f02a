import type { QueueFunction } from '../describeFunctions';
import { messageOf } from '../messageOf';
import { createBackoff } from './createBackoff';
import { isMissing } from './giveUp';
import { processMessage } from './processMessage';
import type { QueueDependencies } from './queueDependencies';

export interface Listener {
  /**
   * Starts no further receive; resolves when the one under way has ended (given up after a second). What it brought is
   * still run: given back, it would have lost one of its attempts.
   */
  stop(): Promise<void>;
}

/** How long a stop waits for storage to answer the last receive. */
const LAST_RECEIVE_MS = 1_000;

/**
 * Polls one queue: receives batchSize messages whenever no more than newBatchThreshold are in hand, so at most their sum
 * at a time; empty polls back off. A missing queue is never created, it only backs off.
 */
export function startQueueListener(dependencies: QueueDependencies, fn: QueueFunction): Listener {
  const { client, options, leaseMs, reporter, activity, random } = dependencies;
  const inHand = new Set<Promise<void>>();
  const backoff = createBackoff(options.maxPollingIntervalMs, random);
  const stopped = new AbortController();
  const aborted = new AbortController();
  let found = false;

  async function receive() {
    try {
      const answer = await client.receiveMessages({
        numberOfMessages: options.batchSize,
        visibilityTimeout: Math.round(leaseMs / 1000),
        abortSignal: aborted.signal,
      });
      return answer.receivedMessageItems;
    } catch (error) {
      if (!aborted.signal.aborted && !isMissing(error))
        reporter.log({
          level: 'error',
          category: 'Host.Queues',
          function: fn.name,
          message: `Polling ${fn.queueName} failed: ${messageOf(error)}`,
        });
      return [];
    }
  }

  async function poll() {
    while (!stopped.signal.aborted) {
      const messages = await receive();
      for (const message of messages) {
        const work: Promise<void> = activity
          .track(processMessage(dependencies, fn, message))
          .finally(() => inHand.delete(work));
        inHand.add(work);
      }
      if (messages.length === 0) {
        const wait = backoff(found);
        found = false;
        await sleep(wait, stopped.signal);
        continue;
      }
      found = true;
      while (inHand.size > options.newBatchThreshold && !stopped.signal.aborted) await Promise.race(inHand);
    }
  }

  const polling = poll();
  return {
    async stop() {
      stopped.abort();
      const giveUp = setTimeout(() => aborted.abort(), LAST_RECEIVE_MS);
      await polling;
      clearTimeout(giveUp);
    },
  };
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
