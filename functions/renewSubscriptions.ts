import { app, type TimerHandler } from '@azure/functions';
import { createLogger } from '../shared/logger';

/** Brings every watch to its subscription. A run that overlaps the CLI or another run does no harm: the rows decide. */
const renewSubscriptions: TimerHandler = async (_timer, context) => {
  const logger = createLogger(context);
  const [{ getServices }, { reconcileAll }] = await Promise.all([
    import('../shared/services'),
    import('../shared/subscriptions/reconcileAll'),
  ]);
  const deps = { ...(await getServices(process.env).subscriptions()), logger };
  const { counts, tenantsSkipped, unreadable } = await reconcileAll(deps);
  logger.info('subscriptions.reconciled', { ...counts, tenantsSkipped, unreadable: unreadable.length });
};

app.timer('renewSubscriptions', { schedule: '0 */10 * * * *', handler: renewSubscriptions });
