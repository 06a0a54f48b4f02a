import type { Clock } from '../clock';
import { LONGEST_WAIT_IN_PLACE_MS } from '../graph/client';
import type { Silence } from '../graph/throttle';
import type { Turns } from '../fairness/turns';
import { GraphError, wasNotSent } from '../graph/errors';
import { errorFields, ReceiverError } from '../errors';
import type { Logger } from '../logger';
import type { MessageQueue } from '../storage/queues';
import type { Access } from './access';
import { isoTime, releaseClaim, type Claim } from './claims';
import {
  afterPauseMs,
  firstLookMs,
  growingDelayMs,
  LONGEST_DELAY_MS,
  LONGEST_OUTAGE_MS,
  NOT_YET_WINDOW_MS,
  openTaskDelayMs,
  waitedFor,
} from './delays';
import type { Ledger } from './ledger';
import type { WaitReason } from './ledgerRow';
import { formatJobMessage, idsOf, idsOfMessage, type MessageOfJob, type MessageOfSharedJob } from './message';
import { nextRound } from './retries';
import { taskDeadline, type NotYet } from './startedJob';

export interface DeferDeps {
  ledger: Ledger;
  queues: { jobs: MessageQueue };
  clock: Pick<Clock, 'now'>;
  /** 0 to 1. */
  random: () => number;
  logger: Logger;
}

/**
 * Sends the same message again with a delay.
 *
 * @throws errors of the queue. The host still has the original message then
 */
export async function requeue(
  deps: Pick<DeferDeps, 'queues' | 'logger'>,
  message: MessageOfJob | MessageOfSharedJob,
  cause: string,
  delayMs: number,
): Promise<'deferred'> {
  const delaySeconds = Math.max(1, Math.ceil(Math.min(LONGEST_DELAY_MS, delayMs) / 1000));
  const text = formatJobMessage({ ...message, deferrals: message.deferrals + 1 });
  await deps.queues.jobs.send(text, { delaySeconds });
  const { deferrals } = message;
  deps.logger.info('job.deferred', { ...idsOfMessage(message), cause, delaySeconds, deferrals });
  return 'deferred';
}

/**
 * Sends a message to the waiting queue, because its tenant has all the places that it may have now. Workers take it from
 * there as soon as they have a place for it. The messages of a tenant that Graph does not answer are looked at one by one.
 */
export async function waitForPlace(
  deps: Pick<DeferDeps, 'logger'> & {
    queues: { waiting: MessageQueue };
    silence: Pick<Silence, 'isSilent'>;
    turns: Turns;
  },
  message: MessageOfJob | MessageOfSharedJob,
): Promise<'waiting'> {
  const { tenantId } = message.reference ?? message.shared;
  const delayMs = deps.silence.isSilent(tenantId) ? deps.turns.next(tenantId, 0) : 0;
  const delaySeconds = Math.ceil(delayMs / 1000);
  const { deferrals } = message;
  await deps.queues.waiting.send(formatJobMessage({ ...message, deferrals: deferrals + 1 }), { delaySeconds });
  deps.logger.info('job.deferred', { ...idsOfMessage(message), cause: 'places', delaySeconds, deferrals });
  return 'waiting';
}

/**
 * Defers a message because the tables are unavailable. The queues may be available, and waiting there uses no attempt. The
 * ledger row cannot record this wait, so the message does.
 */
export function deferUntilTablesAnswer(
  deps: Omit<DeferDeps, 'ledger'>,
  message: MessageOfJob | MessageOfSharedJob,
  outSince: string | undefined,
  error: ReceiverError,
): Promise<'deferred'> {
  deps.logger.warn('job.dependencyUnavailable', { ...idsOfMessage(message), ...errorFields(error) });
  const now = deps.clock.now();
  const tablesOutSince = outSince ?? isoTime(now);
  const delayMs = growingDelayMs('outage', now - Date.parse(tablesOutSince), deps.random());
  return requeue(deps, { ...message, tablesOutSince }, error.code, delayMs);
}

/** Defers a message whose job Graph does not show yet, or whose claim was lost. After ten minutes the row is `gone`. */
export async function deferClaimed(
  deps: DeferDeps,
  { message, claim, access }: { message: MessageOfJob; claim: Claim; access: Access },
  result: NotYet | { outcome: 'claimLost' },
): Promise<'deferred' | 'gone'> {
  if (result.outcome === 'claimLost') {
    // The other run has a message of its own. Ours returns once to check that the job is done.
    return requeue(deps, message, 'claimLost', growingDelayMs('outage', 0, deps.random()));
  }
  const { cause, patience, delayMs: asked } = result;
  const now = deps.clock.now();
  const waitedMs = waitedFor(claim.row, 'notYet', now);
  if (patience === 'openTask' || waitedMs < NOT_YET_WINDOW_MS) {
    const grownMs =
      patience === 'openTask'
        ? openTaskDelayMs(waitedMs, taskDeadline(claim.row, access) - now, deps.random())
        : growingDelayMs('notYet', waitedMs, deps.random());
    const delayMs = asked ?? grownMs;
    return releaseAndRequeue(deps, message, claim, { status: 'waiting', waitReason: 'notYet', cause, delayMs });
  }
  deps.logger.warn('job.gone', { ...idsOf(message.reference), cause });
  const kept = await releaseClaim(deps, claim, { status: 'gone', cause, ...nextRound(claim.row, now) });
  return kept ? 'gone' : requeue(deps, message, 'claimLost', growingDelayMs('notYet', 0, deps.random()));
}

/** `failed`: the row says so, and when the sweep retries it. `retriesEnded`: the row says that nothing retries it. */
export type AfterError = 'deferred' | 'failed' | 'retriesEnded' | 'unrecorded';

/**
 * Defers a message after its work failed, if waiting can help. Otherwise its row is `failed` until the sweep or another
 * message retries it.
 */
export async function deferAfterError(
  deps: DeferDeps,
  work: { message: MessageOfJob; claim: Claim; access: Access },
  error: unknown,
): Promise<AfterError> {
  const { message, claim, access } = work;
  const ids = idsOf(message.reference);
  const outMs = waitedFor(claim.row, 'outage', deps.clock.now());
  const isFirstOfServed = outMs === 0 && error instanceof GraphError && error.wasAnswered;
  const outageMs = isFirstOfServed ? firstLookMs(deps.random()) : growingDelayMs('outage', outMs, deps.random());
  if (error instanceof ReceiverError && error.retryable && outMs < LONGEST_OUTAGE_MS) {
    const retryAfterMs = error instanceof GraphError ? error.retryAfterMs : undefined;
    const isThrottled = error.code === 'graphThrottled';
    // A throttled tenant waits for its pause. Without a Retry-After the waits must grow (concepts/throttling.md), and also
    // after one so short that the client has waited it out in vain.
    const isPaused = isThrottled && retryAfterMs !== undefined;
    const growsAnyway = !isPaused || (!wasNotSent(error) && retryAfterMs <= LONGEST_WAIT_IN_PLACE_MS);
    const pauseMs = isPaused ? afterPauseMs(retryAfterMs, deps.random()) : (retryAfterMs ?? 0);
    const delayMs = growsAnyway ? Math.max(pauseMs, outageMs) : pauseMs;
    const { event, heldEventText } = claim.row;
    if (event === 'pending' || heldEventText !== undefined)
      deps.logger.error('job.eventPending', { ...ids, ...errorFields(error) });
    else if (!isThrottled) deps.logger.warn('job.dependencyUnavailable', { ...ids, ...errorFields(error) });
    const wait = {
      status: 'waiting',
      waitReason: 'outage',
      ...causeOf(error),
      delayMs: untilEndOfHold(deps, claim, delayMs),
    } as const;
    return releaseAndRequeue(deps, message, claim, wait);
  }
  deps.logger.error('job.failed', { ...ids, ...errorFields(error) });
  const leftMs = taskDeadline(claim.row, access) - deps.clock.now();
  if (error instanceof ReceiverError && message.reference.kind === 'jobStarted' && leftMs > 0) {
    // The message would be in the poison queue long before the task's deadline, and nothing would end the task.
    const delayMs = Math.min(leftMs, outageMs);
    const wait = { status: 'failed', waitReason: 'outage', ...causeOf(error), delayMs } as const;
    return releaseAndRequeue(deps, message, claim, wait);
  }
  const cause = error instanceof ReceiverError ? causeOf(error) : { cause: 'unexpected' };
  // An outage that is waited out no longer is one for the next tries too.
  const { waitReason, waitingSince } = claim.row;
  const isLongOutage = error instanceof ReceiverError && error.retryable && waitReason && waitingSince;
  const round = {
    ...nextRound(claim.row, deps.clock.now()),
    ...(isLongOutage ? { waitReason, waitingSince } : {}),
  };
  try {
    if (!(await releaseClaim(deps, claim, { status: 'failed', ...cause, ...round }))) return 'unrecorded';
    return round.retriesEndedAt === undefined ? 'failed' : 'retriesEnded';
  } catch (notReleased) {
    // The lease ends in a few minutes. The first error is the one to report.
    deps.logger.warn('job.claimNotReleased', { ...ids, ...errorFields(notReleased) });
    return 'unrecorded';
  }
}

/** A job whose first event cannot be sent does not wait longer for that than for the end of its hold. */
function untilEndOfHold({ clock }: DeferDeps, { row }: Claim, delayMs: number): number {
  if (row.heldEventText === undefined) return delayMs;
  const leftMs = Date.parse(row.heldUntil ?? '') - clock.now();
  return leftMs > 0 ? Math.min(delayMs, leftMs) : delayMs;
}

/** Releases the claim first, so that any message may claim the row immediately, then requeues this one. */
async function releaseAndRequeue(
  deps: DeferDeps,
  message: MessageOfJob,
  claim: Claim,
  wait: { status: 'waiting' | 'failed'; waitReason: WaitReason; cause: string; lastRefusal?: string; delayMs: number },
): Promise<'deferred'> {
  const { delayMs, ...reason } = wait;
  const { waitReason, cause } = reason;
  const now = deps.clock.now();
  await releaseClaim(deps, claim, {
    ...reason,
    nextTryAt: isoTime(now + Math.min(LONGEST_DELAY_MS, delayMs)),
    waitingSince: isoTime(now - waitedFor(claim.row, waitReason, now)),
  });
  // Also when the row was lost: an additional message finds the job done, a missing one would lose it.
  return requeue(deps, message, cause, delayMs);
}

/** Why a row waits or failed. The words of our own errors are safe to store. */
function causeOf({ code, message }: ReceiverError): { cause: string; lastRefusal: string } {
  return { cause: code, lastRefusal: message };
}
