import { errorFields, ReceiverError } from '../errors';
import { GraphError } from '../graph/errors';
import { taskDeadline } from './deadline';
import { afterPauseMs, givenUpForMs, growingDelayMs, NOT_YET_WINDOW_MS } from './delays';
import { isoTime, releaseClaim, type Claim } from './claims';
import { idsOf, type MessageOfJob, type ProcessDeps, type ProcessOutcome } from './processDeps';
import { giveBack, putBack, waitedFor } from './putBack';
import { sendToPoison } from './sendToPoison';
import type { Standing } from './standing';
import type { WorkResult } from './workOnJob';

/** What becomes of message and row after the work under a claim came to a result. */
export async function settleResult(
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
      const ledger = { ledger: deps.ledger, clock: deps.clock };
      const kept = await releaseClaim(ledger, claim, {
        status: 'gone',
        cause: result.cause,
        nextTryAt: sweepAgainAt(deps, claim),
      });
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

/**
 * What becomes of message and row after the work under a claim threw.
 *
 * @throws the error itself, when trying again soon or a person is what it needs
 */
export async function settleError(
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
  const ledger = { ledger: deps.ledger, clock: deps.clock };
  try {
    await releaseClaim(ledger, claim, { status: 'failed', cause, nextTryAt: sweepAgainAt(deps, claim) });
  } catch (unwritten) {
    // The lease ends by itself; the first error is the one to report.
    deps.logger.warn('job.claimNotReleased', { ...idsOf(message.reference), ...errorFields(unwritten) });
  }
  deps.logger.error('job.failed', { ...idsOf(message.reference), ...errorFields(error) });
  if (!standing.served && error instanceof ReceiverError) {
    return sendToPoison(deps, input, { ...idsOf(message.reference), reason: standing.reason });
  }
  throw error;
}

/** When the sweep may bring back what this run gives up. Any other message may claim the row at once. */
function sweepAgainAt(deps: ProcessDeps, claim: Claim): string {
  return isoTime(deps.clock.now() + givenUpForMs(claim.row.attempts));
}
