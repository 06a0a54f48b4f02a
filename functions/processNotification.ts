import { app, type StorageQueueHandler } from '@azure/functions';
import { MAX_DEQUEUE_COUNT, QUEUE_NAMES } from '../shared/storage/account';
import { createLogger } from '../shared/logger';

/** Works on one message of print-notifications. A throw makes the host try again, the last time it is poison. */
const handleMessage: StorageQueueHandler = async (message, context) => {
  const logger = createLogger(context);
  // Loaded on the first message: an instance that only serves the webhook never pays for it.
  const [{ getServices }, { processNotification }] = await Promise.all([
    import('../shared/services'),
    import('../shared/jobs/processNotification'),
  ]);
  try {
    const worker = await getServices(process.env).worker();
    await processNotification({ ...worker, logger }, message);
  } catch (error) {
    const tries = Number(context.triggerMetadata?.['dequeueCount']);
    if (tries >= MAX_DEQUEUE_COUNT) logger.error('job.poison', { reason: 'tooManyTries', tries });
    throw error;
  }
};

app.storageQueue('processNotification', {
  queueName: QUEUE_NAMES.jobs,
  connection: 'AzureWebJobsStorage',
  handler: handleMessage,
});
