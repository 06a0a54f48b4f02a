import { app, type StorageQueueHandler } from '@azure/functions';
import { MAX_DEQUEUE_COUNT, QUEUE_NAMES } from '../shared/storage/account';
import { createLogger } from '../shared/logger';

/** Works on one message of print-notifications. When it throws, the host retries the message and finally moves it to the poison queue. */
const handleMessage: StorageQueueHandler = async (message, context) => {
  const logger = createLogger(context);
  // Loaded on the first message: an instance that only serves the webhook does not load it.
  const [{ getServices }, { admitMessage }, { processNotification }] = await Promise.all([
    import('../shared/services'),
    import('../shared/storage/signedMessages'),
    import('../shared/jobs/processNotification'),
  ]);
  try {
    const services = getServices(process.env);
    if (!(await admitMessage({ ...(await services.admission(QUEUE_NAMES.jobs)), logger }, message))) return;
    const worker = await services.worker();
    await processNotification({ ...worker, logger }, message);
  } catch (error) {
    const attempts = Number(context.triggerMetadata?.['dequeueCount']);
    if (attempts >= MAX_DEQUEUE_COUNT) logger.error('job.poisoned', { reason: 'tooManyAttempts', attempts });
    throw error;
  }
};

app.storageQueue('processNotification', {
  queueName: QUEUE_NAMES.jobs,
  connection: 'AzureWebJobsStorage',
  handler: handleMessage,
});
