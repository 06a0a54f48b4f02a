import { app } from '@azure/functions';
import { errorFields } from '../shared/errors';
import { sinkTrigger } from '../shared/settings/sinkTrigger';
import type { BringBackDeps } from '../shared/fairness/bringBack';
import { timerHandler, type Invocation } from './handlers';

/**
 * Brings back what waits and is due, and finds held jobs whose time is up and jobs whose process was killed: every minute, and at start, when the process
 * before may just have died.
 */
const handler = timerHandler(async ({ services, logger }) => {
  await bringBackWaiting(logger, () => services.bringBack('messages'));
  // Events that wait for a sink that is no longer set belong to the readers of their queue.
  if (!sinkTrigger(process.env)) await bringBackWaiting(logger, () => services.bringBack('events'));
  const { recoverJobs } = await import('../shared/sweep/recoverJobs');
  const deps = { ...(await services.sweep()), logger };
  const isEven = new Date(deps.clock.now()).getUTCMinutes() % 2 === 0;
  // Listing open tasks costs a call for each definition, so it is done every two minutes.
  const recovered = await recoverJobs(deps, { tasks: isEven });
  if (recovered.due > 0) logger.info('jobs.holdsEnded', { jobs: recovered.due });
  if (recovered.claims + recovered.tasks > 0) logger.warn('jobs.recovered', { ...recovered });
});

/** It needs no settings but those of storage: it is what ends the wait when wrong ones have been corrected. */
async function bringBackWaiting(logger: Invocation['logger'], open: () => Promise<BringBackDeps>): Promise<void> {
  try {
    const { bringBack } = await import('../shared/fairness/bringBack');
    const messages = await bringBack(await open());
    if (messages > 0) logger.info('waiting.broughtBack', { messages });
  } catch (error) {
    logger.error('waiting.notBroughtBack', errorFields(error));
  }
}

app.timer('recoverJobs', { schedule: '15 * * * * *', runOnStartup: true, handler });
