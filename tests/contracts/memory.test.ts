import { createMemoryQueue } from '../support/memoryQueue';
import { createMemoryTable } from '../support/memoryTable';
import { entityTableContract } from './entityTableContract';
import { messageQueueContract } from './messageQueueContract';

entityTableContract('in memory', () => Promise.resolve(createMemoryTable()));

messageQueueContract('in memory', () => {
  const queue = createMemoryQueue();
  const visible = () =>
    Promise.resolve(queue.sent.filter(({ delaySeconds }) => delaySeconds === 0).map(({ text }) => text));
  return Promise.resolve({ queue, visible });
});
