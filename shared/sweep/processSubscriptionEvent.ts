import { errorFields, ReceiverError, type ErrorCode } from '../errors';
import type { Places } from '../fairness/places';
import { growingDelayMs } from '../jobs/delays';
import type { Logger } from '../logger';
import type { MessageQueue } from '../storage/queues';
import { handleLifecycleEvent } from '../subscriptions/lifecycle';
import {
  formatSubscriptionMessage,
  parseSubscriptionMessage,
  type SubscriptionMessage,
  type TenantMessage,
} from '../subscriptions/message';
import type { SubscriptionDeps } from '../subscriptions/record';
import { countSweeps, sweepAll } from './sweepAll';
import { SWEEP_RUN_MS, type SweepDeps } from './sweepRun';
import { sweepWatches } from './sweepWatches';

export interface SubscriptionEventDeps {
  subscriptions: SubscriptionDeps;
  /** Opened where a watch is swept. */
  sweep: () => Promise<SweepDeps>;
  places: Pick<Places, 'enter' | 'leave'>;
  queues: {
    /** subscription-events, to defer a message. */
    events: MessageQueue;
    /** print-notifications-waiting. */
    waiting: MessageQueue;
    /** subscription-events-poison. */
    poison: MessageQueue;
  };
  logger: Logger;
}

/**
 * Handles one message of subscription-events in a place of its tenant. Without one the message moves to the waiting queue.
 * While the tables are unavailable or a row of the customer is unreadable, the message waits in the queue, which uses none of
 * the tries of the host.
 *
 * @param input the message as the Functions library hands it over: parsed JSON, or text that is not JSON
 * @throws errors of the queue, and unexpected ones. The host makes the message visible again, and after maxDequeueCount
 *   attempts moves it to the poison queue
 */
export async function processSubscriptionEvent(
  deps: SubscriptionEventDeps,
  input: unknown,
): Promise<'settled' | 'waiting'> {
  const parsed = parseSubscriptionMessage(input);
  if ('malformed' in parsed) {
    deps.logger.error('subscriptionEvent.malformed', { reason: parsed.malformed });
    await deps.queues.poison.send(typeof input === 'string' ? input : JSON.stringify(input));
    return 'settled';
  }
  const { message } = parsed;
  if (message.kind === 'sweepAll') {
    await unlessOutage(deps, message, () => sweepOnRequest(deps));
    return 'settled';
  }
  const { tenantId } = message;
  if (!deps.places.enter(tenantId)) {
    await deps.queues.waiting.send(formatSubscriptionMessage(message));
    deps.logger.info('subscriptionEvent.deferred', { tenantId, cause: 'places' });
    return 'waiting';
  }
  try {
    await unlessOutage(deps, message, () => handle(deps, message));
  } finally {
    // A message may ask for a sweep of minutes, so its time says nothing about the next one.
    deps.places.leave(tenantId);
  }
  return 'settled';
}

/** Waiting helps: until the tables answer, or until a person has corrected the row (docs/decisions/0017). */
const OUTAGES: readonly ErrorCode[] = ['storageUnavailable', 'rowUnreadable'];

/** Does `work`, or defers the message during an outage. */
async function unlessOutage(
  deps: SubscriptionEventDeps,
  message: SubscriptionMessage,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ReceiverError) || !OUTAGES.includes(error.code)) throw error;
    deps.logger.warn('subscriptionEvent.dependencyUnavailable', { ...tenantOf(message), ...errorFields(error) });
    await defer(deps, message, error.code);
  }
}

/**
 * The webhook refused a body unread, or answered late. Jobs that are found now may have been in the body: then it came from
 * Graph, or Graph has dropped their notifications.
 */
async function sweepOnRequest({ sweep, logger }: SubscriptionEventDeps): Promise<void> {
  const counts = countSweeps(await sweepAll(await sweep(), { runMs: SWEEP_RUN_MS, isTrouble: true }));
  const level = counts.enqueued > 0 ? 'error' : 'info';
  logger[level]('jobs.sweptOnRequest', counts);
}

async function handle(deps: SubscriptionEventDeps, message: TenantMessage): Promise<void> {
  const startedAt = deps.subscriptions.clock.now();
  const result = await handleLifecycleEvent({ ...deps.subscriptions, events: deps.queues.events }, message);
  if (!('sweep' in result) || !result.sweep) return;
  const { key, again } = result.sweep;
  // Counted from the start, as the host does: at functionTimeout it ends the process and all its work.
  const { failed } = await sweepWatches(await deps.sweep(), [key], startedAt + SWEEP_RUN_MS);
  if (failed > 0) await defer(deps, again, 'sweepFailed');
}

/** Sends the same message again, with a delay that grows with its age. */
async function defer(
  { queues, logger, subscriptions: { clock, random } }: SubscriptionEventDeps,
  message: SubscriptionMessage,
  cause: string,
): Promise<void> {
  const ageMs = clock.now() - Date.parse(message.receivedAt) || 0;
  const delaySeconds = Math.max(1, Math.ceil(growingDelayMs('outage', ageMs, random()) / 1_000));
  await queues.events.send(formatSubscriptionMessage(message), { delaySeconds });
  logger.info('subscriptionEvent.deferred', { ...tenantOf(message), cause, delaySeconds });
}

function tenantOf(message: SubscriptionMessage) {
  return message.kind === 'sweepAll' ? {} : { tenantId: message.tenantId };
}
