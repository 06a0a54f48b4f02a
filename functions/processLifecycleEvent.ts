import { app } from '@azure/functions';
import { QUEUE_NAMES } from '../shared/storage/account';
import { fairQueueHandler } from './fairQueueHandler';

app.storageQueue('processLifecycleEvent', {
  queueName: QUEUE_NAMES.subscriptions,
  connection: 'AzureWebJobsStorage',
  handler: fairQueueHandler(QUEUE_NAMES.subscriptions),
});
