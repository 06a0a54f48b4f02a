import { isRecord, parseJson } from '../parse';
import { QUEUE_NAMES, type FairQueue } from '../storage/account';
import type { QueueContents } from '../storage/queueContents';

export interface BringBackDeps {
  waiting: Pick<QueueContents, 'take' | 'remove'>;
  /** Sends a message to the triggered queue it belongs to. */
  sendBack: (text: string) => Promise<void>;
}

/** Kinds of the messages of subscription-events. All others belong to print-notifications, whose parser reports them. */
const SUBSCRIPTION_KINDS: readonly unknown[] = ['lifecycle', 'renew', 'sweep', 'sweepAll'];

/** The triggered queue that a message of the waiting queue belongs to. */
export function queueOf(text: string): FairQueue {
  const value = parseJson(text);
  const event = isRecord(value) ? value['event'] : undefined;
  const kind = isRecord(event) ? event['kind'] : undefined;
  return SUBSCRIPTION_KINDS.includes(kind) ? QUEUE_NAMES.subscriptions : QUEUE_NAMES.jobs;
}

/** Half of the time between two runs of the timer. */
const LEASE_SECONDS = 30;

/**
 * Moves one batch of what waits and is due to its triggered queue. Its workers take the rest, so that one batch is enough
 * to start them. Each message is sent before it is removed.
 *
 * @returns how many messages were moved
 * @throws errors of the queues. What was not moved becomes visible again after half a minute
 */
export async function bringBack({ waiting, sendBack }: BringBackDeps): Promise<number> {
  const taken = await waiting.take(LEASE_SECONDS);
  await Promise.all(
    taken.map(async (message) => {
      await sendBack(message.text);
      await waiting.remove(message);
    }),
  );
  return taken.length;
}
