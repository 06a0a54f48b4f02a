import { createBoundedQueue } from '../../../shared/storage/boundedQueue';
import type { MessageQueue, SendOptions } from '../../../shared/storage/messageQueue';
import { createMemoryQueue } from '../../support/memoryQueue';

const PATIENCE = { tries: 2, tryTimeoutMs: 20 };

/** A queue that answers the n-th send with the n-th behaviour. */
function queueOf(...behaviours: (() => Promise<void>)[]) {
  const seen: SendOptions[] = [];
  const queue: MessageQueue = {
    send: (_text, options = {}) => {
      seen.push(options);
      return (behaviours[seen.length - 1] ?? (() => Promise.reject(new Error('one try too many'))))();
    },
  };
  return { queue: createBoundedQueue(queue, PATIENCE), seen };
}
const stored = () => Promise.resolve();
const silent = () => new Promise<void>(() => undefined);
const failing = () => Promise.reject(Object.assign(new Error('busy'), { statusCode: 503 }));

it('sends once when the first try succeeds, with the delay it was given', async () => {
  const memory = createMemoryQueue();
  await createBoundedQueue(memory, PATIENCE).send('text', { delaySeconds: 5 });
  await createBoundedQueue(memory, PATIENCE).send('other');
  expect(memory.sent).toEqual([
    { text: 'text', delaySeconds: 5 },
    { text: 'other', delaySeconds: 0 },
  ]);
});

it.each([
  ['fails', failing],
  ['gives no answer', silent],
])('tries once more when the first try %s, and ends the first', async (_name, first) => {
  const { queue, seen } = queueOf(first, stored);
  await queue.send('text');
  expect(seen).toHaveLength(2);
  expect(seen[0]?.signal?.aborted).toBe(first === silent);
});

it('gives up after the last try: with its error, or with storageUnavailable when there was no answer', async () => {
  await expect(queueOf(silent, failing).queue.send('x')).rejects.toMatchObject({ statusCode: 503 });
  const { queue, seen } = queueOf(failing, silent);
  await expect(queue.send('x')).rejects.toMatchObject({ code: 'storageUnavailable', retryable: true });
  expect(seen).toHaveLength(2);
});

it('ends with the reason of the caller, in the middle of a try or before it, and tries no more', async () => {
  const reason = new Error('time is up');
  const controller = new AbortController();
  const { queue, seen } = queueOf(silent);
  const sending = queue.send('x', { signal: controller.signal });
  controller.abort(reason);
  await expect(sending).rejects.toBe(reason);
  expect(seen[0]?.signal?.reason).toBe(reason);
  await expect(
    createBoundedQueue(createMemoryQueue(), PATIENCE).send('x', { signal: controller.signal }),
  ).rejects.toBe(reason);
  expect(seen).toHaveLength(1);
});
