import { app } from '@azure/functions';
import { QUEUE_NAMES } from '../shared/storage/account';
import { signedQueueHandler } from './handlers';

app.storageQueue('archiveDocument', {
  queueName: QUEUE_NAMES.archive,
  connection: 'AzureWebJobsStorage',
  handler: signedQueueHandler(QUEUE_NAMES.archive, async ({ services, logger }, message) => {
    const { archiveDocument } = await import('../shared/archive/archiveDocument');
    await archiveDocument({ ...(await services.archive()), logger }, message);
  }),
});
