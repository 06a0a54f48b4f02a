import type { QueueClient } from '@azure/storage-queue';

type Counted = Pick<QueueClient, 'getProperties' | 'peekMessages'>;

/**
 * How many instances the platform would ask for because of one queue: its messages, hidden ones included, over what an
 * instance runs at a time (QueueTargetScaler.cs). A queue of which no message is visible counts as empty
 * (QueueMetricsProvider.cs), so hidden messages count as soon as one is visible.
 */
export async function scaleTarget(
  client: Counted,
  { batchSize, newBatchThreshold }: { batchSize: number; newBatchThreshold: number },
): Promise<number> {
  const { approximateMessagesCount = 0 } = await client.getProperties();
  const { peekedMessageItems } = await client.peekMessages({ numberOfMessages: 1 });
  if (peekedMessageItems.length === 0) return 0;
  return Math.ceil(approximateMessagesCount / (batchSize + newBatchThreshold));
}
