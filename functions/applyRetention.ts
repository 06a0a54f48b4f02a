import { app } from '@azure/functions';
import { timerHandler } from './handlers';

/** Far under functionTimeout of host.json, 30 minutes. What is left waits for the next day. */
const LIMIT_MS = 20 * 60_000;

/** Removes what customers no longer want to be kept. Once a day, when offices of most time zones print little. */
const handler = timerHandler(async ({ services, logger }) => {
  const { applyRetention } = await import('../shared/retention/applyRetention');
  const summary = await applyRetention({ ...(await services.retention()), logger }, { runMs: LIMIT_MS });
  logger.info('retention.applied', { ...summary });
});

app.timer('applyRetention', { schedule: '0 20 2 * * *', handler });
