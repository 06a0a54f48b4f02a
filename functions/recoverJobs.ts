import { app } from '@azure/functions';
import { timerHandler } from './handlers';

/** Finds jobs whose process was killed: every minute, and at start, when the process before may just have died. */
const handler = timerHandler(async ({ services, logger }) => {
  const { recoverJobs } = await import('../shared/sweep/recoverJobs');
  const deps = { ...(await services.sweep()), logger };
  const isEven = new Date(deps.clock.now()).getUTCMinutes() % 2 === 0;
  // Listing open tasks costs a call for each definition, so it is done every two minutes.
  const recovered = await recoverJobs(deps, { tasks: isEven });
  if (recovered.claims + recovered.tasks > 0) logger.warn('jobs.recovered', { ...recovered });
});

app.timer('recoverJobs', { schedule: '15 * * * * *', runOnStartup: true, handler });
