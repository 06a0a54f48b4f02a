import { errorFields } from '../shared/errors';
import type { Places } from '../shared/fairness/places';
import { MAX_DEQUEUE_COUNT, QUEUE_NAMES, type FairQueue } from '../shared/storage/account';
import { getTelemetry } from '../shared/telemetry/telemetry';
import type { Invocation } from './handlers';

/**
 * Works on one message of a queue. `done`: Graph has answered for it. `waiting`: its tenant has all the places that it may
 * have now, so that the message is in the waiting queue.
 *
 * @param attempts how often the host has handed out the message. Absent for one that it did not hand out
 * @throws errors that another try may resolve
 */
type WorkOnMessage = (
  invocation: Invocation,
  message: unknown,
  places: Pick<Places, 'enter' | 'leave'>,
  attempts?: number,
) => Promise<'done' | 'settled' | 'waiting'>;

const workOnJobMessage: WorkOnMessage = async ({ services, logger, context }, message, places, attempts = 0) => {
  const [{ DONE, processNotification }, { traceJob }, worker] = await Promise.all([
    import('../shared/jobs/processNotification'),
    import('./traceJob'),
    services.worker(),
  ]);
  const { callGraph } = worker;
  const telemetry = getTelemetry(process.env);
  try {
    const outcome = await traceJob({ telemetry, context, callGraph }, message, (trace) =>
      processNotification({ ...worker, ...trace, places, logger }, message),
    );
    if (outcome === 'waiting') return outcome;
    return DONE.includes(outcome) ? 'done' : 'settled';
  } catch (error) {
    const ended = endOfAttempts(attempts, error);
    if (ended) {
      const { idsOfInput } = await import('../shared/jobs/message');
      logger.error('job.poisoned', { ...idsOfInput(message), ...ended });
    }
    throw error;
  }
};

/** What the log says about a message that the host now moves to the poison queue; undefined before its last attempt. */
function endOfAttempts(attempts: number, error: unknown) {
  return attempts >= MAX_DEQUEUE_COUNT ? { ...errorFields(error), reason: 'tooManyAttempts', attempts } : undefined;
}

const workOnSubscriptionMessage: WorkOnMessage = async ({ services, logger }, message, places, attempts = 0) => {
  const { processSubscriptionEvent } = await import('../shared/sweep/processSubscriptionEvent');
  const [subscriptions, events, waiting, poison] = await Promise.all([
    services.subscriptions(),
    services.queue(QUEUE_NAMES.subscriptions),
    services.waiting(QUEUE_NAMES.subscriptions),
    services.queue(`${QUEUE_NAMES.subscriptions}-poison`),
  ]);
  const deps = {
    subscriptions: { ...subscriptions, logger },
    sweep: async () => ({ ...(await services.sweep()), logger }),
    places,
    queues: { events, waiting, poison },
    logger,
  };
  try {
    return await processSubscriptionEvent(deps, message);
  } catch (error) {
    const ended = endOfAttempts(attempts, error);
    if (ended) {
      const { parseSubscriptionMessage } = await import('../shared/subscriptions/message');
      const parsed = parseSubscriptionMessage(message);
      const ids =
        'message' in parsed && parsed.message.kind !== 'sweepAll' ? { tenantId: parsed.message.tenantId } : {};
      logger.error('subscriptionEvent.poisoned', { ...ids, ...ended });
    }
    throw error;
  }
};

export const WORK: Record<FairQueue, WorkOnMessage> = {
  [QUEUE_NAMES.jobs]: workOnJobMessage,
  [QUEUE_NAMES.subscriptions]: workOnSubscriptionMessage,
};
