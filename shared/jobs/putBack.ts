import { LONGEST_DELAY_MS, type WaitReason } from './delays';
import { isoTime, releaseClaim, type Claim } from './claims';
import { formatJobMessage } from './message';
import { idsOf, type MessageOfJob, type ProcessDeps, type ProcessOutcome } from './processDeps';

/** Sends the same message again with a delay. When that fails it throws: the host still has the original. */
export async function putBack(
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

/** Writes the row back first, so that whoever comes next, on whatever message, may claim it at once; then puts the message back. */
export async function giveBack(
  deps: ProcessDeps,
  message: MessageOfJob,
  claim: Claim,
  wait: { status: 'waiting' | 'failed'; cause: string; delayMs: number },
): Promise<ProcessOutcome> {
  const { status, cause, delayMs } = wait;
  const ledger = { ledger: deps.ledger, clock: deps.clock };
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
export function waitedFor(deps: ProcessDeps, { row }: Claim, reason: WaitReason): number {
  const since = Date.parse(row.waitingSince ?? '');
  return Number.isNaN(since) || reasonOf(row.cause) !== reason ? 0 : Math.max(0, deps.clock.now() - since);
}
