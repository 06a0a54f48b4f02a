import { setTimeout as sleep } from 'node:timers/promises';
import type { QueueFunction } from '../functions';
import { messageOf } from '../hostError';
import type { ReceivedMessage } from './messageData';
import { isMissing, processMessage, type QueueContext } from './processMessage';

/** How long a stop waits for storage to answer the last receive. */
const LAST_RECEIVE_MS = 1_000;

/**
 * Polls one queue. Receives batchSize messages whenever at most newBatchThreshold are in progress, hence at most their
 * sum at a time. Empty polls back off. A missing queue is never created: it counts as empty.
 */
export function startQueueListener(context: QueueContext, fn: QueueFunction) {
  const { client, config, leaseMs, reporter, activity } = context;
  const { batchSize, newBatchThreshold, maxPollingIntervalMs } = config.queues;
  const inProgress = new Set<Promise<void>>();
  const backoff = createBackoff(maxPollingIntervalMs, Math.random);
  const stopped = new AbortController();
  const aborted = new AbortController();

  async function receive(): Promise<readonly ReceivedMessage[]> {
    // One line for the request and one for the answer, as the storage SDK of the host writes when the filters let it.
    const logSdk = (what: string) =>
      reporter.log({ level: 'information', category: 'Azure.Core', message: `${what} ${client.url}/messages` });
    try {
      logSdk('Request GET');
      const answer = await client.receiveMessages({
        numberOfMessages: batchSize,
        visibilityTimeout: Math.round(leaseMs / 1000),
        abortSignal: aborted.signal,
      });
      logSdk('Response 200');
      return answer.receivedMessageItems;
    } catch (error) {
      const message = `Polling ${fn.queueName} failed: ${messageOf(error)}`;
      if (!aborted.signal.aborted && !isMissing(error))
        reporter.log({ level: 'error', category: 'Host.Queues', function: fn.name, message });
      return [];
    }
  }

  async function poll() {
    let found = false;
    while (!stopped.signal.aborted) {
      const messages = await receive();
      for (const message of messages) {
        const work: Promise<void> = activity
          .track(processMessage(context, fn, message))
          .finally(() => inProgress.delete(work));
        inProgress.add(work);
      }
      if (messages.length === 0)
        await sleep(backoff(found), undefined, { signal: stopped.signal }).catch(() => undefined);
      found = messages.length > 0;
      while (inProgress.size > newBatchThreshold && !stopped.signal.aborted) await Promise.race(inProgress);
    }
  }

  const polling = poll();
  return {
    /**
     * Starts no further receive. Resolves when the receive in progress has ended (aborted after a second). Its messages
     * still run: returning them would cost each one of its attempts.
     */
    async stop(): Promise<void> {
      stopped.abort();
      const timer = setTimeout(() => aborted.abort(), LAST_RECEIVE_MS);
      await polling;
      clearTimeout(timer);
    },
  };
}

const MAX_QUEUE_NAME_LENGTH = 63;

/** The name of the poison queue. A poison queue has none, nor does a queue whose poison name would be too long. */
export function poisonQueueName(queueName: string): string | undefined {
  const name = `${queueName}-poison`;
  return queueName.endsWith('-poison') || name.length > MAX_QUEUE_NAME_LENGTH ? undefined : name;
}

/** The first wait, and the unit of growth (RandomizedExponentialBackoffStrategy, QueuePollingIntervals). */
const MINIMUM_WAIT_MS = 100;

/**
 * Returns the milliseconds until the next poll: 100 ms at first, then 100 ms plus an increment that doubles each time,
 * with a jitter of 20 % either way, at most `maximumMs`. `found` resets it. `random` yields 0 to 1.
 */
export function createBackoff(maximumMs: number, random: () => number): (found: boolean) => number {
  let current = 0;
  let exponent = 0;
  return (found) => {
    if (found || current === 0) {
      current = MINIMUM_WAIT_MS;
      exponent = 0;
    } else if (current < maximumMs) {
      current = MINIMUM_WAIT_MS * (1 + (0.8 + 0.4 * random()) * 2 ** exponent);
      exponent += 1;
    }
    current = Math.min(current, maximumMs);
    return current;
  };
}
