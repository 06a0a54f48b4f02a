import { app } from '@azure/functions';
import { sinkTrigger } from '../shared/settings/sinkTrigger';
import { QUEUE_NAMES } from '../shared/storage/account';
import { eventQueueHandler, timerHandler } from './handlers';

/** Where no sink is set, these functions do not exist, and the queue of events is left to its readers. */
const trigger = sinkTrigger(process.env);

if (trigger) {
  app.storageQueue('deliverJobEvent', {
    queueName: QUEUE_NAMES.jobEvents,
    connection: trigger.connection,
    handler: eventQueueHandler(async ({ services, logger }, message) => {
      const { deliverEvent } = await import('../shared/sinks/deliver');
      await deliverEvent({ ...(await services.eventDelivery()), logger }, message);
    }),
  });
  // A timer of its own, because a slow sink must not delay the one that recovers jobs.
  app.timer('deliverWaitingEvents', {
    schedule: '45 * * * * *',
    handler: timerHandler(async ({ services, logger }) => {
      const { deliverWaiting } = await import('../shared/sinks/deliver');
      const ends = await deliverWaiting({ ...(await services.eventDelivery()), logger });
      if (Object.values(ends).some((count) => count > 0)) logger.info('events.delivered', { ...ends });
    }),
  });
}
