import { app } from '@azure/functions';
import { QueueServiceClient } from '@azure/storage-queue';

/** The baseline of the acknowledgement: only parses the body and sends as many messages, of the same bytes. */
const service = () =>
  QueueServiceClient.fromConnectionString(process.env['AzureWebJobsStorage'] ?? '', {
    retryOptions: { maxTries: 1 },
  }).getQueueClient('print-notifications');

let queue: ReturnType<typeof service> | undefined;
let text = '';

/** Receives the bytes of a message that the product has sent. */
app.http('setBareMessage', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'bareMessage',
  handler: async (request) => {
    text = await request.text();
    return { status: 204 };
  },
});

app.http('bareNotifications', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'bareNotifications',
  handler: async (request) => {
    const { value } = (await request.json()) as { value: unknown[] };
    const client = (queue ??= service());
    const message = Buffer.from(text, 'utf8').toString('base64');
    await Promise.all(value.map(() => client.sendMessage(message, { messageTimeToLive: -1 })));
    return { status: 202 };
  },
});
