import { app } from '@azure/functions';
import { MAX_DEQUEUE_COUNT, QUEUE_NAMES } from '../shared/storage/account';
import { signedQueueHandler } from './handlers';

app.storageQueue('archiveDocument', {
  queueName: QUEUE_NAMES.archive,
  connection: 'AzureWebJobsStorage',
  handler: signedQueueHandler(QUEUE_NAMES.archive, async ({ services, logger, context }, message) => {
    const { archiveDocument } = await import('../shared/archive/archiveDocument');
    try {
      await archiveDocument({ ...(await services.archive()), logger }, message);
    } catch (error) {
      const attempts = Number(context.triggerMetadata?.['dequeueCount']);
      if (attempts >= MAX_DEQUEUE_COUNT) logger.error('archive.poisoned', { reason: 'tooManyAttempts', attempts });
      throw error;
    }
  }),
});
