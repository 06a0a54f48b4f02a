import { randomUUID } from 'node:crypto';
import { errorFields, ReceiverError } from '../errors';
import { LONGEST_WAIT_IN_PLACE_MS } from '../graph/client';
import { afterPauseMs, afterShareMs, growingDelayMs } from './delays';
import { claimJob, isoTime } from './claims';
import { parseJobMessage } from './message';
import { idsOf, type MessageOfJob, type ProcessDeps, type ProcessOutcome } from './processDeps';
import { putBack } from './putBack';
import { watchOf } from './reference';
import { sendToPoison } from './sendToPoison';
import { settleError, settleResult } from './settleWork';
import { workOnJob } from './workOnJob';

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
  if ('malformed' in parsed)
    return sendToPoison(deps, input, { reason: 'malformed', detail: parsed.malformed });
  const { message } = parsed;
  if (message.reference === undefined) {
    return sendToPoison(deps, input, {
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
    return putBack(deps, message, 'share', afterShareMs(deps.random(), deps.silence.isSilent(tenantId)));
  }
  // Whatever else this run puts the message back for, it does so after the tables have answered.
  const { tablesOutSince, ...served } = message;
  try {
    const outcome = await processServed(deps, served, input);
    await renewIfNearExpiry(deps, served);
    return outcome;
  } catch (error) {
    if (!(error instanceof ReceiverError) || error.code !== 'storageUnavailable') throw error;
    deps.logger.warn('job.postponed', { ...idsOf(message.reference), ...errorFields(error) });
    return await waitForTables(deps, served, tablesOutSince, error);
  } finally {
    deps.share.leave(tenantId);
  }
}

/**
 * The tables are out of order, the queues may not be: waiting there burns no attempt, however long it lasts. What the
 * ledger row keeps of other waits, the message must keep of this one.
 */
function waitForTables(
  deps: ProcessDeps,
  message: MessageOfJob,
  outSince: string | undefined,
  { code }: ReceiverError,
): Promise<ProcessOutcome> {
  const now = deps.clock.now();
  const tablesOutSince = outSince ?? isoTime(now);
  const delayMs = growingDelayMs('outage', now - Date.parse(tablesOutSince), deps.random());
  return putBack(deps, { ...message, tablesOutSince }, code, delayMs);
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
  const ledger = { ledger: deps.ledger, clock: deps.clock };
  const { foundBy, receivedAt } = message;
  const claimed = await claimJob(ledger, reference, {
    runId,
    foundBy,
    ...(foundBy === 'graph' && receivedAt !== '' ? { notifiedAt: receivedAt } : {}),
  });
  if (claimed.outcome === 'done') {
    deps.logger.info('job.duplicate', idsOf(reference));
    return 'duplicate';
  }
  if (claimed.outcome === 'busy') return putBack(deps, message, 'busy', claimed.until - deps.clock.now());
  const { claim } = claimed;
  try {
    const result = await workOnJob({ ...deps, ledger }, { claim, message, standing });
    return await settleResult(deps, message, claim, result);
  } catch (error) {
    return await settleError(deps, message, claim, standing, input, error);
  }
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
