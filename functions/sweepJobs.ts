import { app } from '@azure/functions';
import { timerHandler } from './handlers';

/** Reads Graph to find jobs without a notification. Runs may overlap, because each job is claimed. */
const handler = timerHandler(async ({ services, logger }) => {
  const [{ countSweeps, sweepAll }, { SWEEP_RUN_MS }] = await Promise.all([
    import('../shared/sweep/sweepAll'),
    import('../shared/sweep/sweepRun'),
  ]);
  const deps = { ...(await services.sweep()), logger };
  logger.info('jobs.swept', countSweeps(await sweepAll(deps, { runMs: SWEEP_RUN_MS })));
});

app.timer('sweepJobs', { schedule: '30 */10 * * * *', handler });
