import { app } from '@azure/functions';
import { QUEUE_NAMES } from '../shared/storage/account';
import { formatSubscriptionMessage, parseSubscriptionMessage } from '../shared/subscriptions/message';
import { signedQueueHandler } from './handlers';

/** Acts on one message of subscription-events. When it throws, the host retries the message and finally moves it to the poison queue. */
const handler = signedQueueHandler(QUEUE_NAMES.subscriptions, async ({ services, logger }, entry) => {
  const { handleLifecycleEvent } = await import('../shared/subscriptions/lifecycle');
  const parsed = parseSubscriptionMessage(entry);
  if ('malformed' in parsed) {
    logger.error('subscriptionEvent.malformed', { reason: parsed.malformed });
    const poison = await services.queue(`${QUEUE_NAMES.subscriptions}-poison`);
    await poison.send(typeof entry === 'string' ? entry : JSON.stringify(entry));
    return;
  }
  const deps = { ...(await services.subscriptions()), logger };
  const startedAt = deps.clock.now();
  const result = await handleLifecycleEvent(deps, parsed.message);
  if ('sweep' in result && result.sweep) {
    const [{ sweepWatches }, { SWEEP_RUN_MS }] = await Promise.all([
      import('../shared/sweep/sweepWatches'),
      import('../shared/sweep/sweepRun'),
    ]);
    // Counted from the start, as the host does: at functionTimeout it ends the process and all its work.
    await sweepWatches({ ...(await services.sweep()), logger }, [result.sweep], startedAt + SWEEP_RUN_MS);
  }
  if (result.outcome !== 'postponed') return;
  const queue = await services.queue(QUEUE_NAMES.subscriptions);
  await queue.send(formatSubscriptionMessage(result.message ?? parsed.message), {
    delaySeconds: result.postponeSeconds,
  });
});

app.storageQueue('processLifecycleEvent', {
  queueName: QUEUE_NAMES.subscriptions,
  connection: 'AzureWebJobsStorage',
  handler,
});
