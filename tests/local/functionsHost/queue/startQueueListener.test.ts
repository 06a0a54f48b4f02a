import type { QueueClient } from '@azure/storage-queue';
import { createActivity } from '../../../../local/functionsHost/createActivity';
import type { QueueFunction } from '../../../../local/functionsHost/describeFunctions';
import { startQueueListener } from '../../../../local/functionsHost/queue/startQueueListener';
import { eventually } from '../../../support/eventually';

const fn: QueueFunction = {
  type: 'queue',
  name: 'f',
  queueName: 'work',
  connection: 'AzureWebJobsStorage',
  inputName: 'm',
  target: { metadata: { name: 'f', bindings: {} }, callback: () => undefined },
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
      options: {
        batchSize: 16,
        newBatchThreshold: 8,
        maxDequeueCount: 5,
        visibilityTimeoutMs: 0,
        maxPollingIntervalMs: 100,
        messageEncoding: 'base64',
      },
      leaseMs: 600_000,
      invoke: () => new Promise((resolve) => endRun.push(() => resolve({ ok: true, response: {} }))),
      reporter: { log: () => undefined, invocation: () => undefined, event: () => undefined },
      activity,
      alarm: { at: () => () => undefined, stop: () => undefined },
      now: () => 0,
      random: () => 0.5,
    },
    fn,
  );
  return { asked, deleted, endRun, activity, listener };
}

// QueuesOptions.cs, QueueListener.cs: batchSize 16, again at newBatchThreshold 8, hence at most 24 at a time; 10 minutes.
test('it receives again only when no more than newBatchThreshold are in hand', async () => {
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

test('a stop lets what was received end and be deleted, and receives no more', async () => {
  const { asked, deleted, endRun, activity, listener } = setUp();
  await eventually('16 running', () => (endRun.length === 16 ? true : undefined));
  const stopped = listener.stop();
  for (const end of endRun) end();
  await stopped;
  await activity.idle();
  expect(deleted).toHaveLength(16);
  expect(asked).toHaveLength(1);
});
