import { createMemoryContainer } from '../support/memoryContainer';
import { createMemoryDocuments } from '../support/memoryDocuments';
import { createMemoryQueue } from '../support/memoryQueue';
import { createMemoryQueueContents } from '../support/memoryQueueContents';
import { createMemoryTable } from '../support/memoryTable';
import { blobContainerContract } from './blobContainerContract';
import { documentContainerContract } from './documentContainerContract';
import { entityTableContract } from './entityTableContract';
import { messageQueueContract } from './messageQueueContract';
import { queueContentsContract } from './queueContentsContract';

entityTableContract('in memory', () => Promise.resolve(createMemoryTable()));

messageQueueContract('in memory', () => {
  const queue = createMemoryQueue();
  const visible = () =>
    Promise.resolve(queue.sent.filter(({ delaySeconds }) => delaySeconds === 0).map(({ text }) => text));
  return Promise.resolve({ queue, visible });
});

queueContentsContract('in memory', () => {
  const queue = createMemoryQueueContents();
  return Promise.resolve({ queue, contents: queue });
});

blobContainerContract('in memory', () => Promise.resolve(createMemoryContainer()));

documentContainerContract('in memory', () => Promise.resolve(createMemoryDocuments()));
