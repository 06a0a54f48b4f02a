import type { QueueClient } from '@azure/storage-queue';
import { createActivity } from '../../../../local/functionsHost/activity';
import type { QueueFunction } from '../../../../local/functionsHost/functions';
import {
  createBackoff,
  poisonQueueName,
  startQueueListener,
} from '../../../../local/functionsHost/queue/queueListener';
import { parseHostJson } from '../../../../local/functionsHost/settings/hostJson';
import { eventually } from '../../../support/eventually';

const fn: QueueFunction = {
  type: 'queue',
  name: 'f',
  queueName: 'work',
  connection: 'AzureWebJobsStorage',
  inputName: 'm',
};

/** A queue that never runs dry, as far as the listener calls it; each run ends when the test says so. */
function setUp() {
  const asked: unknown[] = [];
  const deleted: string[] = [];
  const endRun: (() => void)[] = [];
  const client = {
    receiveMessages: (options: { numberOfMessages: number }) => {
      asked.push(options);
      const receivedMessageItems = Array.from({ length: options.numberOfMessages }, (_, index) => ({
        messageId: `${asked.length}-${index}`,
        popReceipt: 'r',
        messageText: '',
        dequeueCount: 1,
        insertedOn: new Date(0),
        expiresOn: new Date(0),
        nextVisibleOn: new Date(0),
      }));
      return Promise.resolve({ receivedMessageItems });
    },
    deleteMessage: (id: string) => Promise.resolve(deleted.push(id)),
  };
  const activity = createActivity();
  const listener = startQueueListener(
    {
      client: client as unknown as QueueClient,
      poison: undefined,
      env: {},
      config: parseHostJson('{"version":"2.0"}', {}, 1),
      hostId: 'h',
      leaseMs: 600_000,
      invoke: () => new Promise((resolve) => endRun.push(() => resolve({}))),
      reporter: { log: () => undefined, event: () => undefined },
      activity,
      alarm: { at: () => () => undefined, stop: () => undefined },
      now: () => 0,
    },
    fn,
  );
  return { asked, deleted, endRun, activity, listener };
}

// QueuesOptions.cs, QueueListener.cs: batchSize 16, again at newBatchThreshold 8, hence at most 24 at a time; 10 minutes.
test('it receives again only when no more than newBatchThreshold are in progress', async () => {
  const { asked, endRun, activity, listener } = setUp();
  await eventually('16 running', () => (endRun.length === 16 ? true : undefined));
  expect(asked).toEqual([expect.objectContaining({ numberOfMessages: 16, visibilityTimeout: 600 })]);

  for (const end of endRun.splice(0, 7)) end();
  await eventually('9 left', () => (activity.running() === 9 ? true : undefined));
  expect(asked).toHaveLength(1);

  endRun.splice(0, 1)[0]?.();
  await eventually('24 running', () => (activity.running() === 24 ? true : undefined));
  expect(asked).toHaveLength(2);

  const stopped = listener.stop();
  for (const end of endRun) end();
  await stopped;
  await activity.idle();
});

test('a stop completes and deletes received messages, and receives no more', async () => {
  const { asked, deleted, endRun, activity, listener } = setUp();
  await eventually('16 running', () => (endRun.length === 16 ? true : undefined));
  const stopped = listener.stop();
  for (const end of endRun) end();
  await stopped;
  await activity.idle();
  expect(deleted).toHaveLength(16);
  expect(asked).toHaveLength(1);
});

// RandomizedExponentialBackoffStrategy.cs: exponential from 100 ms to maxPollingInterval, jitter 20 %.
const waits = (random: number, maximumMs: number, count: number) => {
  const backoff = createBackoff(maximumMs, () => random);
  return Array.from({ length: count }, () => Math.round(backoff(false)));
};

test('waits grow exponentially from 100 ms up to the maximum', () => {
  expect(waits(0.5, 2_000, 8)).toEqual([100, 200, 300, 500, 900, 1_700, 2_000, 2_000]);
});

test('the increment varies by 20 % either way', () => {
  expect(waits(0, 2_000, 3)).toEqual([100, 180, 260]);
  expect(waits(1, 2_000, 3)).toEqual([100, 220, 340]);
});

test('a found message resets the wait to 100 ms', () => {
  const backoff = createBackoff(60_000, () => 0.5);
  for (let index = 0; index < 9; index++) backoff(false);
  expect(backoff(true)).toBe(100);
  expect(backoff(false)).toBe(200);
});

// QueueListenerFactory.cs of azure-sdk-for-net (Extensions.Storage.Queues).
test('the poison queue carries the suffix', () => {
  expect(poisonQueueName('work')).toBe('work-poison');
});

test('a poison queue has none of its own', () => {
  expect(poisonQueueName('work-poison')).toBeUndefined();
});

test('a name above 63 characters has no poison queue', () => {
  expect(poisonQueueName('a'.repeat(56))).toHaveLength(63);
  expect(poisonQueueName('a'.repeat(57))).toBeUndefined();
});
