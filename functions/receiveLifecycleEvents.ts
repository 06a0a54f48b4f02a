import { app } from '@azure/functions';
import { answerWebhook } from './answerWebhook';

/** A separate route, so that `lifecycleNotificationUrl` is recognizable in Graph. Anonymous like the other. */
app.http('receiveLifecycleEvents', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'lifecycle',
  handler: answerWebhook,
});
