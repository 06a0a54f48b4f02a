import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock';
import { errorFields, ReceiverError } from '../errors';
import { LONGEST_WAIT_IN_PLACE_MS } from '../graph/createGraphClient';
import type { CallGraph } from '../graph/graphClient';
import { GraphError } from '../graph/graphError';
import type { Throttle } from '../graph/throttle';
import type { Logger } from '../logger';
import type { EntityTable } from '../storage/entityTable';
import type { MessageQueue } from '../storage/messageQueue';
import type { WatchKey } from '../watches/watchKey';
import type { Decide } from './decide';
import { taskDeadline } from './deadline';
import {
  afterPauseMs,
  afterShareMs,
  growingDelayMs,
  LONGEST_DELAY_MS,
  NOT_YET_WINDOW_MS,
  type WaitReason,
} from './delays';
import { claimJob, isoTime, releaseClaim, type Claim } from './ledger';
import { formatJobMessage, parseJobMessage, type JobMessage } from './message';
import { ledgerRowKey, watchOf, type JobReference } from './reference';
import type { ReadStanding, Standing } from './standing';
import type { TenantShare } from './tenantShare';
import { workOnJob, type WorkResult } from './workOnJob';

export interface ProcessDeps {
  ledger: EntityTable;
  readStanding: ReadStanding;
  callGraph: CallGraph;
  throttle: Pick<Throttle, 'remainingMs'>;
  share: TenantShare;
  decide: Decide;
  queues: {
    /** print-notifications, to put a message back. */
    jobs: MessageQueue;
    /** print-job-events, the vendor's. */
    events: MessageQueue;
    /** print-notifications-poison. */
    poison: MessageQueue;
  };
  /** Asks for the renewal of this watch's subscription; asking often costs little. */
  requestRenewal: (watch: WatchKey, traceparent: string) => Promise<void>;
  clock: Pick<Clock, 'now'>;
  /** 0 to 1. */
  random: () => number;
  logger: Logger;
}

/** What became of one message. Every outcome means: the message may be deleted. */
export type ProcessOutcome =
  /** The job event was sent and recorded. */
  | 'done'
  /** The event was sent, but another run has the row; it may send the same event again. */
  | 'doneTwice'
  /** Recorded before; nothing to do. */
  | 'duplicate'
  /** Put back to wait: busy, throttled, not yet, or Graph out of order. */
  | 'postponed'
  /** Never became visible; a later notification or sweep opens it again. */
  | 'gone'
  /** Not served (decision 10): the task was ended without an event. */
  | 'unservedEnded'
  /** Not served: dropped. */
  | 'dropped'
  /** Put on the poison queue for a person to look at. */
  | 'poison';

type MessageOfJob = Extract<JobMessage, { reference: JobReference }>;

/** Subscriptions are renewed every hour to some 70 hours ahead: a day is many missed renewals. */
const NEAR_EXPIRY_MS = 24 * 60 * 60_000;

/**
 * Handles one message of print-notifications: claim, read, decide, act, event, done.
 *
 * @param input the message as the Functions library hands it over: parsed JSON, or text that is none
 * @throws whatever kept it from an outcome; the host makes the message visible again and after maxDequeueCount tries
 *   moves it to the poison queue
 */
export async function processNotification(deps: ProcessDeps, input: unknown): Promise<ProcessOutcome> {
  const parsed = parseJobMessage(input);
  if ('malformed' in parsed) return poison(deps, input, { reason: 'malformed', detail: parsed.malformed });
  const { message } = parsed;
  if (message.reference === undefined) {
    return poison(deps, input, {
      reason: 'unknownResource',
      tenantId: message.tenantId,
      shape: message.shape,
    });
  }
  const { tenantId } = message.reference;
  // Before anything that costs a call: the tenant's other messages must pass a throttled tenant's quickly.
  const pauseMs = deps.throttle.remainingMs(tenantId);
  if (pauseMs > LONGEST_WAIT_IN_PLACE_MS) {
    return putBack(deps, message, 'throttled', afterPauseMs(pauseMs, deps.random()));
  }
  if (!deps.share.enter(tenantId)) {
    return putBack(deps, message, 'share', afterShareMs(deps.random()));
  }
  try {
    const outcome = await processServed(deps, message, input);
    await renewIfNearExpiry(deps, message);
    return outcome;
  } catch (error) {
    if (!(error instanceof ReceiverError) || error.code !== 'storageUnavailable') throw error;
    // The tables are out of order, the queues may not be: waiting there burns no attempt, however long it lasts.
    deps.logger.warn('job.postponed', { ...idsOf(message.reference), ...errorFields(error) });
    return await putBack(
      deps,
      message,
      error.code,
      growingDelayMs('outage', message.deferrals, deps.random()),
    );
  } finally {
    deps.share.leave(tenantId);
  }
}

async function processServed(
  deps: ProcessDeps,
  message: MessageOfJob,
  input: unknown,
): Promise<ProcessOutcome> {
  const { reference } = message;
  const standing = await deps.readStanding(watchOf(reference), message.generation);
  // An open task blocks a user's print whoever it belongs to; a fetchable job waits for nobody.
  const mustEndTask =
    reference.kind === 'jobStarted' && !(!standing.served && standing.reason === 'staleGeneration');
  if (!standing.served && !mustEndTask) {
    deps.logger.warn('job.dropped', { ...idsOf(reference), reason: standing.reason });
    return 'dropped';
  }
  const runId = randomUUID();
  const ledger = { table: deps.ledger, clock: deps.clock };
  const claimed = await claimJob(ledger, reference, { runId, foundBy: message.foundBy });
  if (claimed.outcome === 'done') {
    deps.logger.info('job.duplicate', idsOf(reference));
    return 'duplicate';
  }
  if (claimed.outcome === 'busy') return putBack(deps, message, 'busy', claimed.until - deps.clock.now());
  const { claim } = claimed;
  try {
    const result = await workOnJob({ ...deps, ledger }, { claim, message, standing });
    return await settle(deps, message, claim, result);
  } catch (error) {
    return await settleError(deps, message, claim, standing, input, error);
  }
}

async function settle(
  deps: ProcessDeps,
  message: MessageOfJob,
  claim: Claim,
  result: WorkResult,
): Promise<ProcessOutcome> {
  const { reference } = message;
  switch (result.outcome) {
    case 'notYet': {
      const waitedMs = waitedFor(deps, claim, 'notYet');
      if (result.patience === 'openTask' || waitedMs < NOT_YET_WINDOW_MS) {
        return giveBack(deps, message, claim, {
          status: 'waiting',
          cause: result.cause,
          delayMs: growingDelayMs('notYet', waitedMs, deps.random()),
        });
      }
      deps.logger.warn('job.gone', { ...idsOf(reference), cause: result.cause });
      const ledger = { table: deps.ledger, clock: deps.clock };
      const kept = await releaseClaim(ledger, claim, { status: 'gone', cause: result.cause });
      return kept ? 'gone' : putBack(deps, message, 'claimLost', growingDelayMs('notYet', 0, deps.random()));
    }
    case 'claimLost':
      // Whoever took the row over has a message of its own; ours comes back once to see that it was done.
      return putBack(deps, message, 'claimLost', growingDelayMs('outage', 0, deps.random()));
    default:
      deps.logger.info('job.processed', {
        ...idsOf(reference),
        outcome: result.outcome,
        jobOutcome: result.jobOutcome,
        foundBy: message.foundBy,
        attempts: claim.row.attempts,
        msSinceFirstSeen: deps.clock.now() - Date.parse(claim.row.firstSeenAt),
      });
      return result.outcome;
  }
}

async function settleError(
  deps: ProcessDeps,
  message: MessageOfJob,
  claim: Claim,
  standing: Standing,
  input: unknown,
  error: unknown,
): Promise<ProcessOutcome> {
  const patientMs = growingDelayMs('outage', waitedFor(deps, claim, 'outage'), deps.random());
  if (error instanceof GraphError && error.code === 'graphThrottled') {
    const { retryAfterMs } = error;
    // Without a Retry-After the waits must grow (concepts/throttling.md).
    const delayMs = retryAfterMs === undefined ? patientMs : afterPauseMs(retryAfterMs, deps.random());
    return giveBack(deps, message, claim, { status: 'waiting', cause: error.code, delayMs });
  }
  if (error instanceof ReceiverError && error.retryable) {
    const askedMs = error instanceof GraphError ? (error.retryAfterMs ?? 0) : 0;
    deps.logger.warn('job.postponed', { ...idsOf(message.reference), ...errorFields(error) });
    return giveBack(deps, message, claim, {
      status: 'waiting',
      cause: error.code,
      delayMs: Math.max(askedMs, patientMs),
    });
  }
  const leftMs = taskDeadline(claim.row, standing) - deps.clock.now();
  if (error instanceof ReceiverError && message.reference.kind === 'jobStarted' && leftMs > 0) {
    // Poison would come long before the task's deadline, and nobody would end it: keep trying until then.
    deps.logger.error('job.failed', { ...idsOf(message.reference), ...errorFields(error) });
    return giveBack(deps, message, claim, {
      status: 'failed',
      cause: error.code,
      delayMs: Math.min(leftMs, patientMs),
    });
  }
  const cause = error instanceof ReceiverError ? error.code : 'unexpected';
  const ledger = { table: deps.ledger, clock: deps.clock };
  try {
    await releaseClaim(ledger, claim, { status: 'failed', cause });
  } catch (unwritten) {
    // The lease ends by itself; the first error is the one to report.
    deps.logger.warn('job.claimNotReleased', { ...idsOf(message.reference), ...errorFields(unwritten) });
  }
  deps.logger.error('job.failed', { ...idsOf(message.reference), ...errorFields(error) });
  if (!standing.served && error instanceof ReceiverError) {
    return poison(deps, input, { ...idsOf(message.reference), reason: standing.reason });
  }
  throw error;
}

/** A notification says when its subscription ends: near that, the timer that should have renewed it did not run. */
async function renewIfNearExpiry(
  deps: ProcessDeps,
  { reference, expires, traceparent }: MessageOfJob,
): Promise<void> {
  const left = Date.parse(expires ?? '') - deps.clock.now();
  if (Number.isNaN(left) || left > NEAR_EXPIRY_MS) return;
  try {
    await deps.requestRenewal(watchOf(reference), traceparent);
  } catch (error) {
    // The job is done; the next notification asks again.
    deps.logger.warn('job.renewalNotRequested', { ...idsOf(reference), ...errorFields(error) });
  }
}

/** Writes the row back first, so that whoever comes next, on whatever message, may claim it at once. */
async function giveBack(
  deps: ProcessDeps,
  message: MessageOfJob,
  claim: Claim,
  wait: { status: 'waiting' | 'failed'; cause: string; delayMs: number },
): Promise<ProcessOutcome> {
  const { status, cause, delayMs } = wait;
  const ledger = { table: deps.ledger, clock: deps.clock };
  const now = deps.clock.now();
  await releaseClaim(ledger, claim, {
    status,
    cause,
    nextTryAt: isoTime(now + Math.min(LONGEST_DELAY_MS, delayMs)),
    waitingSince: isoTime(now - waitedFor(deps, claim, reasonOf(cause))),
  });
  // Also when the row was lost: a message too many finds the job done, one too few would lose it.
  return putBack(deps, message, cause, delayMs);
}

/** What readFetchableJob and readStartedJob say of something that Graph will show soon. */
const NOT_YET_CAUSES = [
  'jobNotFound',
  'jobNotFetchable',
  'taskNotFound',
  'taskWithoutJob',
  'taskNotProcessing',
];

function reasonOf(cause: string | undefined): WaitReason {
  return cause !== undefined && NOT_YET_CAUSES.includes(cause) ? 'notYet' : 'outage';
}

/** How long the job has waited for this reason without a break; 0 when it waited for another one, or not at all. */
function waitedFor(deps: ProcessDeps, { row }: Claim, reason: WaitReason): number {
  const since = Date.parse(row.waitingSince ?? '');
  return Number.isNaN(since) || reasonOf(row.cause) !== reason ? 0 : Math.max(0, deps.clock.now() - since);
}

async function putBack(
  deps: ProcessDeps,
  message: MessageOfJob,
  cause: string,
  delayMs: number,
): Promise<ProcessOutcome> {
  const delaySeconds = Math.max(1, Math.ceil(Math.min(LONGEST_DELAY_MS, delayMs) / 1000));
  await deps.queues.jobs.send(formatJobMessage({ ...message, deferrals: message.deferrals + 1 }), {
    delaySeconds,
  });
  deps.logger.info('job.putBack', {
    ...idsOf(message.reference),
    cause,
    delaySeconds,
    deferrals: message.deferrals,
  });
  return 'postponed';
}

async function poison(
  deps: ProcessDeps,
  input: unknown,
  fields: Record<string, string>,
): Promise<ProcessOutcome> {
  deps.logger.error('job.poison', fields);
  await deps.queues.poison.send(typeof input === 'string' ? input : JSON.stringify(input));
  return 'poison';
}

function idsOf(reference: JobReference): { tenantId: string; key: string } {
  return { tenantId: reference.tenantId, key: ledgerRowKey(reference) };
}
