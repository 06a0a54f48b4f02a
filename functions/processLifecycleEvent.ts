import { app } from '@azure/functions';
import { QUEUE_NAMES } from '../shared/storage/account';
import { signedQueueHandler } from './handlers';

/** Acts on one message of subscription-events. When it throws, the host retries the message and finally moves it to the poison queue. */
const handler = signedQueueHandler(QUEUE_NAMES.subscriptions, async ({ services, logger }, message) => {
  const { processSubscriptionEvent } = await import('../shared/sweep/processSubscriptionEvent');
  const [subscriptions, { share, silence }, events, poison] = await Promise.all([
    services.subscriptions(),
    services.worker(),
    services.queue(QUEUE_NAMES.subscriptions),
    services.queue(`${QUEUE_NAMES.subscriptions}-poison`),
  ]);
  const deps = {
    subscriptions: { ...subscriptions, logger },
    sweep: async () => ({ ...(await services.sweep()), logger }),
    share,
    silence,
    queues: { events, poison },
    logger,
  };
  await processSubscriptionEvent(deps, message);
});

app.storageQueue('processLifecycleEvent', {
  queueName: QUEUE_NAMES.subscriptions,
  connection: 'AzureWebJobsStorage',
  handler,
});
