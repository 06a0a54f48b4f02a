import { app } from '@azure/functions';
import { timerHandler } from './handlers';

/**
 * Under the ten minutes between two runs, and under functionTimeout of host.json, 30 minutes: after that the host ends the
 * process and all its work.
 */
const LIMIT_MS = 8 * 60_000;

/**
 * Reconciles the subscription of every watch, then sweeps watches that had none for a while. It may overlap the CLI or
 * another run, because each row is guarded by its ETag.
 */
const handler = timerHandler(async ({ services, logger }) => {
  const { reconcileAll } = await import('../shared/subscriptions/reconcileAll');
  const deps = { ...(await services.subscriptions()), logger };
  const endsAt = deps.clock.now() + LIMIT_MS;
  const summary = await reconcileAll(deps, { limitMs: LIMIT_MS });
  const { counts, tenantsSkipped, tenantsRefused, orphansDeleted, unreadable, toSweep } = summary;
  logger.info('subscriptions.reconciled', {
    ...counts,
    tenantsSkipped,
    tenantsRefused,
    orphansDeleted,
    unreadable: unreadable.length,
    toSweep: toSweep.length,
  });
  if (toSweep.length === 0) return;
  const { sweepWatches } = await import('../shared/sweep/sweepWatches');
  await sweepWatches({ ...(await services.sweep()), logger }, toSweep, endsAt);
});

app.timer('renewSubscriptions', { schedule: '0 */10 * * * *', handler });
