import { setTimeout as delay } from 'node:timers/promises';
import { DefaultAzureCredential } from '@azure/identity';
import { QueueServiceClient, type DequeuedMessageItem } from '@azure/storage-queue';
import { parseJobEvent } from './jobEvent';
import { storeOnce } from './storeOnce';

/** Longer than an event takes to process: afterwards the message is visible to other readers again. */
const HIDE_SECONDS = 60;
/** A message that failed so often moves to the poison queue. */
const MOST_TRIES = 5;
const PAUSE_MS = 1_000;

const service = openService();
const events = service.getQueueClient('print-job-events');
const poison = service.getQueueClient('print-job-events-poison');
const folder = process.env['EVENTS_FOLDER'] ?? 'events';

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());

while (!stopping.signal.aborted) {
  const { receivedMessageItems } = await events.receiveMessages({
    numberOfMessages: 32,
    visibilityTimeout: HIDE_SECONDS,
  });
  await Promise.all(receivedMessageItems.map(handle));
  if (receivedMessageItems.length === 0) await pause();
}

async function handle(message: DequeuedMessageItem): Promise<void> {
  const { messageId, messageText, popReceipt, dequeueCount } = message;
  try {
    if (dequeueCount > MOST_TRIES) {
      await poison.sendMessage(messageText, { messageTimeToLive: -1 });
      console.error(`Moved to the poison queue: ${messageId}`);
    } else {
      const event = parseJobEvent(messageText);
      const isNew = await storeOnce(folder, event);
      console.log(`${isNew ? 'processed' : 'repeated'} ${event.type} ${event.data.outcome} ${event.id}`);
    }
    await events.deleteMessage(messageId, popReceipt);
  } catch (error) {
    // Not deleted: the message becomes visible again. The text of the error may quote the event.
    console.error(`Failed, try ${dequeueCount} of ${MOST_TRIES}: ${messageId}`, error);
  }
}

/** Passwordless in Azure. The local cloud gives a connection string. */
function openService(): QueueServiceClient {
  const { EVENTS_CONNECTION_STRING, EVENTS_QUEUE_SERVICE_URI } = process.env;
  if (EVENTS_CONNECTION_STRING) return QueueServiceClient.fromConnectionString(EVENTS_CONNECTION_STRING);
  if (EVENTS_QUEUE_SERVICE_URI) return new QueueServiceClient(EVENTS_QUEUE_SERVICE_URI, new DefaultAzureCredential());
  throw new Error('Set EVENTS_QUEUE_SERVICE_URI, or EVENTS_CONNECTION_STRING for the local cloud');
}

async function pause(): Promise<void> {
  try {
    await delay(PAUSE_MS, undefined, { signal: stopping.signal });
  } catch {
    // Stopped during the pause.
  }
}
