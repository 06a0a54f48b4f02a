import { app } from '@azure/functions';
import { createLogger } from '../shared/logger';

/** Works on one message of print-notifications. A throw makes the host try again, after five tries it is poison. */
app.storageQueue('processNotification', {
  queueName: 'print-notifications',
  connection: 'AzureWebJobsStorage',
  handler: async (message, context) => {
    // Loaded on the first message: an instance that only serves the webhook never pays for it.
    const [{ getServices }, { processNotification }] = await Promise.all([
      import('../shared/services'),
      import('../shared/jobs/processNotification'),
    ]);
    const worker = await getServices(process.env).worker();
    await processNotification({ ...worker, logger: createLogger(context) }, message);
  },
});
