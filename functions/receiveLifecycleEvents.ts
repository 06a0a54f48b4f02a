import { app } from '@azure/functions';
import { answerWebhook } from './answerWebhook';

/** A route of its own, so that `lifecycleNotificationUrl` can be told apart in Graph; anonymous like the other. */
app.http('receiveLifecycleEvents', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'lifecycle',
  handler: answerWebhook,
});
