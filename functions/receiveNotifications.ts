import { app } from '@azure/functions';
import { answerWebhook } from './answerWebhook';

/** Anonymous, because Graph cannot sign in: each item proves itself by its clientState. */
app.http('receiveNotifications', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'notifications',
  handler: answerWebhook,
});
