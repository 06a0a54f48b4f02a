import { app } from '@azure/functions';
import { timerHandler } from './handlers';

/**
 * Reads Graph to find jobs without a notification. Each run sweeps the watches whose minute of a round of ten it is, and those
 * of the minutes that earlier runs did not cover. Runs may overlap, because each job is claimed.
 */
const handler = timerHandler(async ({ services, logger }) => {
  const [{ countSweeps, sweepAll }, { SWEEP_RUN_MS }] = await Promise.all([
    import('../shared/sweep/sweepAll'),
    import('../shared/sweep/sweepRun'),
  ]);
  const deps = { ...(await services.sweep()), logger };
  logger.info('jobs.swept', countSweeps(await sweepAll(deps, { dueOnly: true, runMs: SWEEP_RUN_MS })));
});

app.timer('sweepJobs', { schedule: '30 * * * * *', handler });
