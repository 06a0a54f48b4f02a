import { poisonQueueName } from '../../../../local/functionsHost/queue/poisonQueueName';

// QueueListenerFactory.cs of azure-sdk-for-net (Extensions.Storage.Queues).
test('the poison queue carries the suffix', () => {
  expect(poisonQueueName('work')).toBe('work-poison');
});

test('a poison queue has none of its own', () => {
  expect(poisonQueueName('work-poison')).toBeUndefined();
});

test('there is none where the name would pass 63 characters', () => {
  expect(poisonQueueName('a'.repeat(56))).toHaveLength(63);
  expect(poisonQueueName('a'.repeat(57))).toBeUndefined();
});
