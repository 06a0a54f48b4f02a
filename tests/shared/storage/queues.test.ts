import { createBoundedQueue, type MessageQueue, type SendOptions } from '../../../shared/storage/queues';
import { createMemoryQueue } from '../../support/memoryQueue';

const ADDRESS = 'https://account.queue.core.windows.net/jobs';
const PATIENCE = { tries: 2, tryTimeoutMs: 20, pauseMs: 0 };

/** A queue that answers the n-th send with the n-th behaviour. */
function queueOf(...behaviours: (() => Promise<void>)[]) {
  const seen: SendOptions[] = [];
  const queue: MessageQueue = {
    send: (_text, options = {}) => {
      seen.push(options);
      return (behaviours[seen.length - 1] ?? (() => Promise.reject(new Error('one try too many'))))();
    },
  };
  return { queue: createBoundedQueue(queue, PATIENCE, ADDRESS), seen };
}
const stored = () => Promise.resolve();
const silent = () => new Promise<void>(() => undefined);
const failing = () => Promise.reject(Object.assign(new Error('busy'), { name: 'RestError', statusCode: 503 }));

it('sends once when the first try succeeds, with the delay it was given', async () => {
  const memory = createMemoryQueue();
  await createBoundedQueue(memory, PATIENCE, ADDRESS).send('text', { delaySeconds: 5 });
  await createBoundedQueue(memory, PATIENCE, ADDRESS).send('other');
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

it.each([
  ['the service is out of order', failing],
  ['there was no answer', silent],
])('rejects after the last try with queueUnavailable when %s', async (_name, last) => {
  const { queue, seen } = queueOf(failing, last);
  await expect(queue.send('x')).rejects.toMatchObject({ code: 'queueUnavailable', retryable: true });
  expect(seen).toHaveLength(2);
});

it.each([
  [401, 'not accepted'],
  [403, 'Storage Queue Data Contributor'],
  [404, 'missing'],
  [409, 'being deleted'],
])('reports a refusal with %i as one to wait out, with its remedy', async (statusCode, words) => {
  const refusal = Object.assign(new Error('refused'), { name: 'RestError', statusCode });
  const { queue } = queueOf(silent, () => Promise.reject(refusal));
  await expect(queue.send('x')).rejects.toMatchObject({
    code: 'queueUnavailable',
    retryable: true,
    message: expect.stringContaining(words) as string,
  });
});

it('rejects with the error itself when waiting does not help', async () => {
  const tooLarge = Object.assign(new Error('too large'), { name: 'RestError', statusCode: 413 });
  const { queue } = queueOf(silent, () => Promise.reject(tooLarge));
  await expect(queue.send('x')).rejects.toMatchObject({ statusCode: 413 });
});

it('pauses between tries, longer each time', async () => {
  const startedAt = performance.now();
  const seen: number[] = [];
  const queue: MessageQueue = {
    send: () => {
      seen.push(performance.now() - startedAt);
      return seen.length < 3 ? failing() : stored();
    },
  };
  await createBoundedQueue(queue, { tries: 3, tryTimeoutMs: 1_000, pauseMs: 20 }, ADDRESS).send('x');
  const [, second = 0, third = 0] = seen;
  // Timers may fire up to a millisecond early.
  expect(second).toBeGreaterThanOrEqual(19);
  expect(third - second).toBeGreaterThanOrEqual(39);
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
    createBoundedQueue(createMemoryQueue(), PATIENCE, ADDRESS).send('x', { signal: controller.signal }),
  ).rejects.toBe(reason);
  expect(seen).toHaveLength(1);
});
