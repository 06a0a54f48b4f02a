import { scaleTarget } from '../../../../local/functionsHost/queue/scaleTarget';

const HOST = { batchSize: 16, newBatchThreshold: 8 };
type Client = Parameters<typeof scaleTarget>[0];

const queue = (count: number, visible: number) =>
  ({
    getProperties: () => Promise.resolve({ approximateMessagesCount: count }),
    peekMessages: () => Promise.resolve({ peekedMessageItems: Array.from({ length: visible }, () => ({})) }),
  }) as unknown as Client;

// QueueTargetScaler.cs and QueueMetricsProvider.cs of the storage queue extension.
it.each([
  ['an empty queue asks for none', 0, 0, 0],
  ['a queue whose messages are all hidden asks for none', 5_000, 0, 0],
  ['hidden messages count as soon as one is visible', 5_000, 1, 209],
  ['what one instance runs at a time needs one', 24, 1, 1],
  ['one more needs two', 25, 1, 2],
])('%s', async (_name, count, visible, expected) => {
  expect(await scaleTarget(queue(count, visible), HOST)).toBe(expected);
});
