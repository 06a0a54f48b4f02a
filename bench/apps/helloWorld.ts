/** The baseline of the first answer: the least app that stores one message with the same client. */
import { app } from '@azure/functions';
import { QueueServiceClient } from '@azure/storage-queue';

app.http('hello', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'notifications',
  handler: async (request) => {
    const text = await request.text();
    const service = QueueServiceClient.fromConnectionString(process.env['AzureWebJobsStorage'] ?? '');
    const message = Buffer.from(text, 'utf8').toString('base64');
    await service.getQueueClient('print-notifications').sendMessage(message, { messageTimeToLive: -1 });
    return { status: 202 };
  },
});
