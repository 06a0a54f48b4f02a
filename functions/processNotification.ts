import { app } from '@azure/functions';
import { MAX_DEQUEUE_COUNT, QUEUE_NAMES } from '../shared/storage/account';
import { signedQueueHandler } from './handlers';

/** Works on one message of print-notifications. When it throws, the host retries the message and finally moves it to the poison queue. */
const handler = signedQueueHandler(QUEUE_NAMES.jobs, async ({ services, logger, context }, message) => {
  const { processNotification } = await import('../shared/jobs/processNotification');
  const worker = await services.worker();
  try {
    await processNotification({ ...worker, logger }, message);
  } catch (error) {
    const attempts = Number(context.triggerMetadata?.['dequeueCount']);
    if (attempts >= MAX_DEQUEUE_COUNT) logger.error('job.poisoned', { reason: 'tooManyAttempts', attempts });
    throw error;
  }
});

app.storageQueue('processNotification', {
  queueName: QUEUE_NAMES.jobs,
  connection: 'AzureWebJobsStorage',
  handler,
});
