import { app } from '@azure/functions';
import { QUEUE_NAMES } from '../shared/storage/account';
import { fairQueueHandler } from './fairQueueHandler';

app.storageQueue('processNotification', {
  queueName: QUEUE_NAMES.jobs,
  connection: 'AzureWebJobsStorage',
  handler: fairQueueHandler(QUEUE_NAMES.jobs),
});
