import { isSignedQueue, QUEUE_NAMES } from '../shared/storage/account';
import type { SeenMessage } from '../shared/storage/queueContents';
import { keyIdOfMessage } from '../shared/storage/signedMessages';
import type { CliServices } from './context';
import type { Terminal } from './terminal';

export interface QueueState {
  queue: string;
  /** Approximate number of messages, hidden ones included. */
  waiting: number;
  /** Absent where the queue has no poison queue. */
  poison?: number;
  /** Age of the oldest message in the poison queue. */
  oldestPoisonMinutes?: number;
}

/** What the messages of the app say about its keys. */
export interface SignedMessages {
  /** The key of each message that could be seen. */
  keyIds: readonly string[];
  /** Messages that could not be seen, because they are hidden or behind the first 32 of their queue. */
  unseen: number;
}

/** The queues of the app and their poison queues at `now` (milliseconds since 1970). */
export async function readQueues(
  services: Pick<CliServices, 'queueContents'>,
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

async function readQueue({ queueContents }: Pick<CliServices, 'queueContents'>, queue: string, now: number) {
  const ready = await queueContents(queue);
  if (queue === QUEUE_NAMES.waiting) {
    const [waiting, seen] = await Promise.all([ready.count(), ready.peek()]);
    return { state: { queue, waiting }, signed: keysOf(seen, waiting) };
  }
  const poison = await queueContents(`${queue}-poison`);
  const [waiting, failed, seen, seenFailed] = await Promise.all([
    ready.count(),
    poison.count(),
    ready.peek(),
    poison.peek(),
  ]);
  const oldest = Math.min(...seenFailed.map(({ insertedAt }) => insertedAt));
  const state: QueueState = {
    queue,
    waiting,
    poison: failed,
    ...(seenFailed.length === 0 ? {} : { oldestPoisonMinutes: Math.max(0, Math.round((now - oldest) / 60_000)) }),
  };
  if (!isSignedQueue(queue)) return { state, signed: { keyIds: [], unseen: 0 } };
  return { state, signed: keysOf([...seen, ...seenFailed], waiting + failed) };
}

function keysOf(seen: readonly SeenMessage[], count: number): SignedMessages {
  const keyIds = seen.flatMap(({ text }) => keyIdOfMessage(text) ?? []);
  return { keyIds, unseen: Math.max(0, count - seen.length) };
}

export function printQueues(terminal: Terminal, queues: readonly QueueState[]): void {
  const rows = queues.map(({ queue, waiting, poison, oldestPoisonMinutes }) => [
    queue,
    String(waiting),
    poison === undefined ? '' : String(poison),
    oldestPoisonMinutes === undefined ? '' : `${oldestPoisonMinutes} min`,
  ]);
  terminal.table(['queue', 'waiting', 'poison', 'oldest poison'], rows);
}
