import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock';
import { LONGEST_WAIT_IN_PLACE_MS, type CallGraph } from '../graph/client';
import { GRAPH_CALL_LIMIT_MS } from '../graph/throttle';
import type { Silence, Throttle } from '../graph/throttle';
import type { LocateJob } from '../graph/api/printerShares';
import { afterAdmission, idsOf, idsOfInput, parseJobMessage, watchOf, type MessageOfJob } from './message';
import type { ClientStateRecord } from '../watches/clientState';
import type { WatchKey } from '../watches/watches';
import { errorFields, ReceiverError } from '../errors';
import { isIsoTime } from '../parse';
import { afterPauseMs } from './delays';
import { claimJob, extendLease, type Claim, type ClaimDeps } from './claims';
import type { Logger } from '../logger';
import type { MessageQueue } from '../storage/queues';
import type { Places } from '../fairness/places';
import type { Turns } from '../fairness/turns';
import type { Access, InactiveReason, ReadAccess } from './access';
import { sendToArchive } from './archiving';
import { deferAfterError, deferClaimed, deferUntilTablesAnswer, requeue, waitForPlace } from './defer';
import type { Ledger } from './ledger';
import type { DecisionDeps } from './decision';
import { keepAcceptedJob } from './revokedJob';
import { nameSharedJob } from './sharedJob';
import { workOnJob, type WorkResult } from './work';

export interface ProcessDeps {
  ledger: Ledger;
  readAccess: ReadAccess;
  /** The record of revoked clientStates, which names watches by their tags. */
  readClientStates: () => Promise<ClientStateRecord | undefined>;
  callGraph: CallGraph;
  locateJob: LocateJob;
  throttle: Pick<Throttle, 'remainingMs'>;
  silence: Pick<Silence, 'isSilent'>;
  places: Pick<Places, 'enter' | 'leave'>;
  turns: Turns;
  rules: DecisionDeps['rules'];
  findPrinter: DecisionDeps['findPrinter'];
  queues: {
    /** print-notifications, to defer a message. */
    jobs: MessageQueue;
    /** print-notifications-waiting, for a message that waits for a place. */
    waiting: MessageQueue;
    /** print-job-events, the vendor's. */
    events: MessageQueue;
    /** print-archive, for a job whose documents are archived first. */
    archive: MessageQueue;
    /** print-notifications-poison. */
    poison: MessageQueue;
  };
  /** Requests the renewal of the watch's subscription. Repeated requests are cheap. */
  requestRenewal: (watch: WatchKey, traceparent: string) => Promise<void>;
  /** Requests a sweep of the watch. Repeated requests are cheap. */
  requestSweep: (watch: WatchKey, traceparent: string) => Promise<void>;
  clock: Pick<Clock, 'now'>;
  /** Of the span of this run, for the event. Without telemetry, that of the message. */
  traceparent?: string;
  /** 0 to 1. */
  random: () => number;
  logger: Logger;
}

/** The result of one message. After each of them the message may be deleted. */
export type ProcessOutcome =
  /** The job event was sent and recorded. */
  | 'done'
  /** The job is held: its task stays open until a wish is stored or its time is up. */
  | 'held'
  /** Its documents are archived first. */
  | 'archiving'
  /** The event was sent, but another run has taken the row over and may send the same event again. */
  | 'eventRepeated'
  /** Recorded before; nothing to do. */
  | 'duplicate'
  /** Recorded before, and Graph listed the task as open: it was ended once more, without a second event. */
  | 'endedAgain'
  /** The same for the last time: Graph confirms the end of the task and keeps listing it as open. */
  | 'taskStaysOpen'
  /** A copy of the message is on the queue and becomes visible later. */
  | 'deferred'
  /** The row says why, and when the sweep retries it. */
  | 'failed'
  /** A copy of the message is in the waiting queue: its tenant has all the places that it may have now. */
  | 'waiting'
  /** Graph never showed the job. A later notification or sweep reopens the row. */
  | 'gone'
  /** Tenant or watch is not active: the task was ended without an event. */
  | 'releasedWithoutEvent'
  /** Tenant or watch is not active: nothing to do. */
  | 'dropped'
  /** On the poison queue for a person to look at. */
  | 'poisoned';

/** Graph has answered for the job. */
export const DONE: readonly ProcessOutcome[] = [
  'done',
  'eventRepeated',
  'releasedWithoutEvent',
  'gone',
  'endedAgain',
  'taskStaysOpen',
  'held',
  'archiving',
];

/** Subscriptions are renewed every hour, for about 70 hours. Less than a day left means many missed renewals. */
const NEAR_EXPIRY_MS = 24 * 60 * 60_000;

/**
 * Handles one message of print-notifications: parse, admit, claim, work, outcome.
 *
 * @param input the message as the Functions library hands it over: parsed JSON, or text that is not JSON
 * @throws errors that need a retry soon or a person. The host makes the message visible again, and after maxDequeueCount
 *   attempts moves it to the poison queue
 */
export async function processNotification(deps: ProcessDeps, input: unknown): Promise<ProcessOutcome> {
  const parsed = parseJobMessage(input);
  if ('malformed' in parsed) return sendToPoison(deps, input, { reason: 'malformed', detail: parsed.malformed });
  const { message } = parsed;
  if ('shape' in message) return sendToPoison(deps, input, { reason: 'unknownResource' });
  const { tenantId } = message.reference ?? message.shared;
  // Before anything that costs a call: messages of a throttled tenant must not delay the others.
  const pauseMs = deps.throttle.remainingMs(tenantId);
  if (pauseMs > LONGEST_WAIT_IN_PLACE_MS) {
    const delayMs = deps.turns.next(tenantId, afterPauseMs(pauseMs, deps.random()));
    return requeue(deps, message, 'throttled', delayMs);
  }
  if (!deps.places.enter(tenantId)) return waitForPlace(deps, message);
  const startedAt = deps.clock.now();
  let isDone = false;
  // Any other wait of this run begins after the tables have answered.
  const { tablesOutSince, ...admitted } = message;
  try {
    const named = admitted.reference ? { message: admitted } : await nameSharedJob(deps, admitted);
    if ('poison' in named) return await sendToPoison(deps, input, { reason: named.poison });
    if ('outcome' in named) return named.outcome;
    const outcome = await processAdmitted(deps, named.message, input);
    await renewIfNearExpiry(deps, named.message);
    isDone = DONE.includes(outcome);
    return outcome;
  } catch (error) {
    if (!(error instanceof ReceiverError) || error.code !== 'storageUnavailable') throw error;
    return await deferUntilTablesAnswer(deps, admitted, tablesOutSince, error);
  } finally {
    deps.places.leave(tenantId, { tookMs: deps.clock.now() - startedAt, isDone });
  }
}

async function processAdmitted(deps: ProcessDeps, received: MessageOfJob, input: unknown): Promise<ProcessOutcome> {
  const message = afterAdmission(received);
  const { reference, foundBy, receivedAt } = message;
  const access = await deps.readAccess(watchOf(reference), received.generation);
  if (!access.active && isDropped(received, access.reason)) {
    await keepAcceptedJob(deps, message, access);
    deps.logger.warn('job.dropped', { ...idsOf(reference), reason: access.reason });
    return 'dropped';
  }
  const ledger = { ledger: deps.ledger, clock: deps.clock };
  const claimed = await claimJob(ledger, reference, {
    runId: randomUUID(),
    foundBy,
    traceparent: deps.traceparent ?? message.traceparent,
    ...(isIsoTime(receivedAt) ? { receivedAt } : {}),
    ...(message.stillOpen ? { stillOpen: true } : {}),
    ...(foundBy === 'graph' && receivedAt !== '' ? { notifiedAt: receivedAt } : {}),
  });
  if (claimed.outcome === 'done') {
    deps.logger.info('job.duplicate', { ...idsOf(reference), kind: reference.kind });
    return 'duplicate';
  }
  if (claimed.outcome === 'busy') return requeue(deps, message, 'busy', claimed.until - deps.clock.now());
  const { claim } = claimed;
  const { kind } = reference;
  if (claim.row.attempts === 1) deps.logger.info('job.claimed', { ...idsOf(reference), kind, foundBy });
  const wasHeld = claim.row.phase === 'end';
  let result: WorkResult;
  try {
    const callGraph = underLease(deps.callGraph, ledger, claim);
    result = await workOnJob({ ...deps, ledger, callGraph }, { claim, message, access });
  } catch (error) {
    return endAfterError(deps, { message, claim, access, input }, error);
  }
  // Outside: a message that cannot be sent is left to the host, with the wait that its row has recorded.
  if (result.outcome === 'toArchive') {
    const sent = await sendToArchive({ ...deps, ledger }, message, claim, result.facts);
    return sent === 'claimLost' ? deferClaimed(deps, { message, claim, access }, { outcome: sent }) : sent;
  }
  if (result.outcome === 'notYet' || result.outcome === 'claimLost') {
    return deferClaimed(deps, { message, claim, access }, result);
  }
  const times = { kind, wasHeld, ...timesOf(claim, wasHeld, deps.clock.now()) };
  if (result.outcome === 'held') {
    const { heldUntil, rule, lastRefusal } = claim.row;
    const wishRefused = lastRefusal !== undefined;
    deps.logger.info('job.held', { ...idsOf(reference), heldUntil, rule, wishRefused, ...times });
    return 'held';
  }
  if (result.outcome === 'taskStaysOpen') deps.logger.error('job.taskStaysOpen', idsOf(reference));
  deps.logger.info('job.processed', {
    ...idsOf(reference),
    outcome: result.outcome,
    jobOutcome: result.jobOutcome,
    decidedBy: claim.row.decidedBy,
    foundBy,
    attempts: claim.row.attempts,
    ...times,
  });
  return result.outcome;
}

/**
 * How long the job event took. `msToClaim`: from the creation of its job at Graph to its first claim, in the first of its two
 * events alone; the clocks of both sides differ, so it may be negative and counts as 0 then. An end of a job has none.
 */
function timesOf({ reference, row }: Claim, wasHeld: boolean, now: number) {
  const firstSeen = Date.parse(row.firstSeenAt);
  const toClaim = firstSeen - Date.parse(row.jobCreatedAt ?? '');
  const hasLag = !wasHeld && reference.kind !== 'jobEnded' && !Number.isNaN(toClaim);
  return { msSinceFirstSeen: now - firstSeen, ...(hasLag ? { msToClaim: Math.max(0, toClaim) } : {}) };
}

/**
 * Ends a run whose work failed. A message of Graph or of a person is thrown, so that it reaches the poison queue and is
 * seen. The sweep sends another one whenever the row is due, so only the last of its messages is kept there.
 */
async function endAfterError(
  deps: ProcessDeps,
  work: { message: MessageOfJob; claim: Claim; access: Access; input: unknown },
  error: unknown,
): Promise<ProcessOutcome> {
  const { claim, access, input } = work;
  const { foundBy } = work.message;
  const left = await deferAfterError(deps, work, error);
  if (left === 'deferred') return left;
  if (foundBy === 'sweep' && left === 'failed') return left;
  const { jobId } = claim.row;
  const why = { ...(jobId === undefined ? {} : { jobId }), ...errorFields(error) };
  if (foundBy === 'sweep' && left === 'retriesEnded') return sendToPoison(deps, input, { ...why, reason: left });
  if (access.active || !(error instanceof ReceiverError)) throw error;
  return sendToPoison(deps, input, { ...why, reason: access.reason });
}

/** The same calls, each of which begins with enough lease left for all its tries. */
function underLease(callGraph: CallGraph, ledger: ClaimDeps, claim: Claim): CallGraph {
  return async (call) => {
    if (await extendLease(ledger, claim, GRAPH_CALL_LIMIT_MS)) return callGraph(call);
    throw new ReceiverError('claimLost', 'Another run has taken the job over');
  };
}

/**
 * An open task blocks a user's print, whether its watch is active or not, so it is ended. No print waits for a fetchable job.
 * A notification that was revoked, or whose watch has left no trace to compare it with, may be forged: the sweep finds the
 * open tasks of such a definition at Graph. Nothing is asked of a tenant that was never added.
 */
function isDropped({ reference, generation }: MessageOfJob, reason: InactiveReason): boolean {
  if (reference.kind !== 'jobStarted') return true;
  if (reason === 'unknownWatch') return generation !== undefined;
  return reason === 'staleGeneration' || reason === 'unknownTenant';
}

/** A notification says when its subscription expires. Near that, the timer that should have renewed it did not run. */
async function renewIfNearExpiry(deps: ProcessDeps, { reference, expires, traceparent }: MessageOfJob): Promise<void> {
  const left = Date.parse(expires ?? '') - deps.clock.now();
  if (Number.isNaN(left) || left > NEAR_EXPIRY_MS) return;
  try {
    await deps.requestRenewal(watchOf(reference), traceparent);
  } catch (error) {
    // The job is done. The next notification requests it again.
    deps.logger.warn('job.renewalNotRequested', { ...idsOf(reference), ...errorFields(error) });
  }
}

/** Keeps a message that cannot be processed for a person to look at. The log says whose it is, and why. */
async function sendToPoison(
  deps: Pick<ProcessDeps, 'logger' | 'queues'>,
  input: unknown,
  fields: Readonly<Record<string, string | number | boolean>> & { reason: string },
): Promise<ProcessOutcome> {
  deps.logger.error('job.poisoned', { ...idsOfInput(input), ...fields });
  await deps.queues.poison.send(typeof input === 'string' ? input : JSON.stringify(input));
  return 'poisoned';
}
