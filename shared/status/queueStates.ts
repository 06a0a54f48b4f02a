import { hasPoison, isSignedQueue, QUEUE_NAMES } from '../storage/account';
import type { QueueContents, SeenMessage } from '../storage/queueContents';
import { keyIdOfMessage } from '../storage/signedMessages';

export interface QueueState {
  queue: string;
  /** Approximate number of messages, hidden ones included. */
  waiting: number;
  /** Absent where the queue has no poison queue. */
  poison?: number;
  /** Age of the oldest message in the poison queue. */
  oldestPoisonMinutes?: number;
  /** Age of the oldest visible message of a queue that the app itself works on. */
  oldestWaitingMinutes?: number;
}

/** Where queues are read. */
export interface QueueReaders {
  queueContents(name: string): Promise<QueueContents>;
}

/** What the messages of the app say about its keys. */
export interface SignedMessages {
  /** The key of each message that could be seen. */
  keyIds: readonly string[];
  /** Messages that could not be seen, because they are hidden or behind the first 32 of their queue. */
  unseen: number;
}

const NOT_SIGNED: SignedMessages = { keyIds: [], unseen: 0 };

/** One queue as it was read. */
export interface ReadQueue {
  state: QueueState;
  signed: SignedMessages;
  /** Ages in minutes of the oldest visible message of the queue, and of its poison queue. 0 for none. */
  oldest: { ready: number; poison: number };
}

/** The queues of the app and their poison queues at `now` (milliseconds since 1970). */
export async function readQueues(
  services: QueueReaders,
  now: number,
): Promise<{ states: QueueState[]; signed: SignedMessages }> {
  const read = await Promise.all(Object.values(QUEUE_NAMES).map((queue) => readQueue(services, queue, now)));
  return {
    states: read.map(({ state }) => state),
    signed: {
      keyIds: read.flatMap(({ signed }) => signed.keyIds),
      unseen: read.reduce((sum, { signed }) => sum + signed.unseen, 0),
    },
  };
}

/** One of these queues. Four calls, or two for a queue without a poison queue. */
export async function readQueue(services: QueueReaders, queue: string, now: number): Promise<ReadQueue> {
  const ready = await services.queueContents(queue);
  if (!hasPoison(queue)) {
    const [waiting, seen] = await Promise.all([ready.count(), ready.peek()]);
    const isSigned = queue === QUEUE_NAMES.waiting;
    const signed = isSigned ? keysOf(seen, waiting) : NOT_SIGNED;
    return { state: { queue, waiting }, signed, oldest: { ready: oldestMinutes(seen, now) ?? 0, poison: 0 } };
  }
  const poison = await services.queueContents(`${queue}-poison`);
  const [waiting, failed, seen, seenFailed] = await Promise.all([
    ready.count(),
    poison.count(),
    ready.peek(),
    poison.peek(),
  ]);
  const [oldestWaitingMinutes, oldestPoisonMinutes] = [oldestMinutes(seen, now), oldestMinutes(seenFailed, now)];
  const oldest = { ready: oldestWaitingMinutes ?? 0, poison: oldestPoisonMinutes ?? 0 };
  const state: QueueState = {
    queue,
    waiting,
    poison: failed,
    ...(oldestPoisonMinutes === undefined ? {} : { oldestPoisonMinutes }),
  };
  if (!isSignedQueue(queue)) return { state, signed: NOT_SIGNED, oldest };
  return {
    state: { ...state, ...(oldestWaitingMinutes === undefined ? {} : { oldestWaitingMinutes }) },
    signed: keysOf([...seen, ...seenFailed], waiting + failed),
    oldest,
  };
}

function oldestMinutes(seen: readonly SeenMessage[], now: number): number | undefined {
  if (seen.length === 0) return undefined;
  const oldest = Math.min(...seen.map(({ insertedAt }) => insertedAt));
  return Math.max(0, Math.round((now - oldest) / 60_000));
}

function keysOf(seen: readonly SeenMessage[], count: number): SignedMessages {
  const keyIds = seen.flatMap(({ text }) => keyIdOfMessage(text) ?? []);
  return { keyIds, unseen: Math.max(0, count - seen.length) };
}
