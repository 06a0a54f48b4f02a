import { app } from '@azure/functions';
import { timerHandler } from './handlers';

/** Measures queues, subscriptions, held jobs and silent watches. It reads storage alone, and writes nothing. */
const handler = timerHandler(async ({ services, logger }) => {
  const { measureService } = await import('../shared/measurements/measureService');
  await measureService({ services, ...(await services.measuring()), logger });
});

app.timer('measureService', { schedule: '45 */5 * * * *', handler });
