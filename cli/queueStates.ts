import { hasPoison, isSignedQueue, QUEUE_NAMES } from '../shared/storage/account';
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

const NOT_SIGNED: SignedMessages = { keyIds: [], unseen: 0 };

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
  if (!hasPoison(queue)) {
    const [waiting, seen] = await Promise.all([ready.count(), ready.peek()]);
    const isSigned = queue === QUEUE_NAMES.waiting;
    return { state: { queue, waiting }, signed: isSigned ? keysOf(seen, waiting) : NOT_SIGNED };
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
  if (!isSignedQueue(queue)) return { state, signed: NOT_SIGNED };
  return { state, signed: keysOf([...seen, ...seenFailed], waiting + failed) };
}

function keysOf(seen: readonly SeenMessage[], count: number): SignedMessages {
  const keyIds = seen.flatMap(({ text }) => keyIdOfMessage(text) ?? []);
  return { keyIds, unseen: Math.max(0, count - seen.length) };
}

/** The queues that only a sink uses. */
const SINK_QUEUES: readonly string[] = [QUEUE_NAMES.waitingEvents, QUEUE_NAMES.deadEvents];

/** Queues that only a sink uses are left out while they are empty. */
export function printQueues(terminal: Terminal, queues: readonly QueueState[]): void {
  const shown = queues.filter(({ queue, waiting }) => waiting > 0 || !SINK_QUEUES.includes(queue));
  const rows = shown.map(({ queue, waiting, poison, oldestPoisonMinutes }) => [
    queue,
    String(waiting),
    poison === undefined ? '' : String(poison),
    oldestPoisonMinutes === undefined ? '' : `${oldestPoisonMinutes} min`,
  ]);
  terminal.table(['queue', 'waiting', 'poison', 'oldest poison'], rows);
}
