import type { Clock } from '../clock';
import { errorFields } from '../errors';
import type { Logger } from '../logger';
import type { QueueContents, TakenMessage } from '../storage/queueContents';
import type { MessageQueue } from '../storage/queues';
import { parseEvent } from './event';
import { LONGEST_WAIT_MS, MOST_CALLS, RETRIED_FOR_MS, SHORTEST_WAIT_MS } from './limits';
import type { Delivery, Sender } from './sender';

export interface DeliverDeps {
  sender: Sender;
  queues: {
    /** print-job-events-waiting, which has no trigger. */
    waiting: MessageQueue & Pick<QueueContents, 'take' | 'show' | 'remove'>;
    /** print-job-events-dead. */
    dead: MessageQueue;
  };
  clock: Pick<Clock, 'now'>;
  logger: Logger;
}

/**
 * Delivers one message of the queue of events. An event that the sink does not accept is moved to the waiting queue, so the
 * host counts no failed try and never waits for the sink to recover.
 *
 * @throws errors of the queues. The host still has the message then
 */
export async function deliverEvent({ sender, queues, logger }: DeliverDeps, message: unknown): Promise<void> {
  const event = parseEvent(message);
  if (!event) {
    await queues.dead.send(typeof message === 'string' ? message : JSON.stringify(message));
    return logger.error('event.dead', { reason: 'malformed' });
  }
  const { id } = event;
  const delivery = await sender(event);
  if (delivery.outcome === 'accepted') return logger.info('event.delivered', { id, status: delivery.status });
  const delaySeconds = nextWaitSeconds(0, delivery);
  await queues.waiting.send(event.text, { delaySeconds });
  const { outcome, reason } = delivery;
  logger.warn('event.postponed', { id, outcome, reason, delaySeconds });
}

/** Under functionTimeout of host.json, 30 minutes. The next run of the timer continues. */
const RUN_MS = 4 * 60_000;
/** Longer than all of a batch may take with its place in the line of calls: two rounds of 10 s for a token and 10 s for a call. */
const LEASE_SECONDS = 120;
const BATCH = 2 * MOST_CALLS;

export interface DeliveredEvents {
  delivered: number;
  postponed: number;
  dead: number;
}

/**
 * Delivers the waiting events that are due, until none is left or the sink is paused. A message stays in its queue from its first
 * failed attempt until it is accepted or dead, so its age says how long it has been tried.
 *
 * @throws errors of the waiting queue
 */
export async function deliverWaiting(deps: DeliverDeps): Promise<DeliveredEvents> {
  const sum: DeliveredEvents = { delivered: 0, postponed: 0, dead: 0 };
  const endsAt = deps.clock.now() + RUN_MS;
  while (deps.clock.now() < endsAt) {
    const taken = await deps.queues.waiting.take(LEASE_SECONDS, BATCH);
    const ends = await Promise.all(taken.map((message) => settle(deps, message)));
    for (const end of ends) if (end !== 'paused' && end !== 'notSettled') sum[end] += 1;
    // Old events are removed even while the sink is paused. The others stay visible for the next run.
    if (taken.length === 0 || (ends.includes('paused') && !ends.includes('dead'))) break;
    if (ends.every((end) => end === 'notSettled')) break;
  }
  return sum;
}

type End = keyof DeliveredEvents | 'paused' | 'notSettled';

/** Delivers one message and moves or removes it. One that cannot be moved becomes visible again when its lease ends. */
async function settle({ sender, queues, clock, logger }: DeliverDeps, message: TakenMessage): Promise<End> {
  const { waiting, dead } = queues;
  try {
    const event = parseEvent(message.text);
    const id = event?.id;
    const delivery: Delivery = event ? await sender(event) : { outcome: 'failed', reason: 'malformed', waitMs: 0 };
    if (delivery.outcome === 'accepted') {
      await waiting.remove(message);
      logger.info('event.delivered', { id, status: delivery.status });
      return 'delivered';
    }
    const { outcome, reason } = delivery;
    const ageMs = clock.now() - message.insertedAt;
    if (!event || ageMs >= RETRIED_FOR_MS) {
      await dead.send(message.text);
      await waiting.remove(message);
      logger.error('event.dead', { id, reason, hours: Math.floor(ageMs / 3_600_000) });
      return 'dead';
    }
    if (outcome === 'paused') {
      await waiting.show(message);
      return 'paused';
    }
    const delaySeconds = nextWaitSeconds(ageMs, delivery);
    await waiting.show(message, delaySeconds);
    logger.warn('event.postponed', { id, outcome, reason, delaySeconds });
    return 'postponed';
  } catch (error) {
    logger.warn('event.notSettled', errorFields(error));
    return 'notSettled';
  }
}

/** Half of the time that the event has waited so far, from 30 seconds to an hour, and never before a Retry-After. */
function nextWaitSeconds(ageMs: number, { waitMs }: { waitMs: number }): number {
  const ownMs = Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, ageMs / 2));
  return Math.ceil(Math.max(ownMs, waitMs) / 1_000);
}
