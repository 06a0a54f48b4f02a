import { app, type TimerHandler } from '@azure/functions';
import { createLogger } from '../shared/logger';

/** Reads Graph to find jobs without a notification. Runs may overlap, because each job is claimed. */
const sweepJobs: TimerHandler = async (_timer, context) => {
  const logger = createLogger(context);
  const [{ getServices }, { countSweeps, sweepAll }, { SWEEP_RUN_MS }] = await Promise.all([
    import('../shared/services'),
    import('../shared/sweep/sweepAll'),
    import('../shared/sweep/sweepRun'),
  ]);
  const deps = { ...(await getServices(process.env).sweep()), logger };
  logger.info('jobs.swept', countSweeps(await sweepAll(deps, { runMs: SWEEP_RUN_MS })));
};

app.timer('sweepJobs', { schedule: '30 */10 * * * *', handler: sweepJobs });
