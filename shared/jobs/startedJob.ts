import { errorFields, ReceiverError } from '../errors';
import { GRAPH_CALL_LIMIT_MS } from '../graph/throttle';
import { GraphError } from '../graph/errors';
import type { Access } from './access';
import { carryOut, outcomeOfEnded, type CarryOutDeps } from './carryOut';
import { extendLease, isoTime, type Claim, type ClaimDeps } from './claims';
import {
  decideByFailure,
  decideOnJob,
  decideWithoutDocument,
  isMereRelease,
  type Decided,
  type DecisionDeps,
} from './decision';
import { NOT_YET_WINDOW_MS, waitedFor } from './delays';
import type { JobFacts } from './jobEvent';
import { isHoldOver, withoutDecision, type LedgerRow } from './ledgerRow';
import { idsOf, type JobStartedReference } from './message';
import { readStartedJob, type Found, type ReadingDeps, type StartedReading } from './startedReading';

export interface StartedJobDeps extends ReadingDeps, DecisionDeps {
  ledger: ClaimDeps;
  throttle: CarryOutDeps['throttle'];
}

export interface StartedJobWork {
  claim: Claim;
  access: Access;
  reference: JobStartedReference;
}

/**
 * Graph does not show the job in the expected state yet. `window`: the row becomes `gone` after ten minutes. `openTask`:
 * the wait ends at the deadline of the task, because a print waits for it and Graph sends no other notification.
 */
export interface NotYet {
  outcome: 'notYet';
  cause: string;
  patience: 'window' | 'openTask';
  /** Milliseconds until the next look, where more is known than the usual growing wait. */
  delayMs?: number;
}

export type StartedJobResult =
  | { facts: JobFacts }
  | NotYet
  /** The job stays held: its end is not due yet, or Graph refused its wish with these words. */
  | { outcome: 'held'; lastRefusal?: string }
  /** The documents of the job are archived before it is held. */
  | { outcome: 'toArchive'; facts: JobFacts }
  | { outcome: 'claimLost' };

/**
 * When an open task is ended even if its job cannot be read; milliseconds since 1970. The time of a held job begins with the
 * end of its hold. The task of an inactive watch is always past its deadline.
 */
export function taskDeadline({ phase, heldUntil, firstSeenAt }: LedgerRow, access: Access): number {
  if (!access.active) return -Infinity;
  const from = phase === 'end' && heldUntil !== undefined ? heldUntil : firstSeenAt;
  return Date.parse(from) + access.tenant.taskDeadlineMinutes * 60_000;
}

/**
 * Reads a job that waits for us, decides, and ends its task.
 *
 * @throws GraphError, storage errors
 */
export async function workOnStartedJob(deps: StartedJobDeps, work: StartedJobWork): Promise<StartedJobResult> {
  const reading = await readUntilDeadline(deps, work);
  const { state, found } = reading;
  const { claim } = work;
  if (found.job) claim.row = { ...claim.row, readAt: isoTime(deps.clock.now()) };
  // A look at a job whose hold is not over, such as one of the sweep, ends nothing that it cannot see.
  if ((state === 'unreadable' || state === 'notBegun') && staysHeld(deps, work)) return { outcome: 'held' };
  switch (state) {
    case 'notYet':
      if (wasDeleted(deps, work)) {
        return { facts: { ...placeOf(found), outcome: outcomeOfEnded(claim, undefined), job: undefined } };
      }
      return { outcome: 'notYet', cause: reading.cause, patience: 'window' };
    case 'ended':
      return { facts: { ...placeOf(found), outcome: outcomeOfEnded(claim, found.job), job: found.job } };
    case 'unreadable':
      if (isLeftUnread(deps, work, reading)) return endUnreadTask(deps, work, reading);
      if (reading.cause === 'jobNotFound' && wasDeleted(deps, work)) return endTaskOfDeleted(deps, work, found);
      if (isPastDeadline(deps, work)) return end(deps, work, decideByFailure(work, 'deadline'), found);
      return { outcome: 'notYet', cause: reading.cause, patience: 'openTask' };
    case 'notBegun':
      // Whether a task can be ended before it begins is not documented. Where Graph refuses, it is retried less and less often.
      if (isPastDeadline(deps, work)) return end(deps, work, decideByFailure(work, 'deadline'), found);
      return { outcome: 'notYet', cause: reading.cause, patience: 'openTask' };
    case 'open':
      return workOnOpenTask(deps, work, found);
  }
}

/** Whether a held job is only looked at: neither its time nor a wish ends it now, and no run has begun to end it. */
export function staysHeld(
  { clock }: Pick<StartedJobDeps, 'clock'>,
  { claim: { row, earlier } }: Pick<StartedJobWork, 'claim'>,
): boolean {
  // The hold of a job whose end was reported is over.
  const isHeld = row.phase === 'end' && row.event === undefined;
  return isHeld && earlier === undefined && row.wish === undefined && !isHoldOver(row, clock.now());
}

async function workOnOpenTask(deps: StartedJobDeps, work: StartedJobWork, found: Found): Promise<StartedJobResult> {
  const { claim } = work;
  const unsettled = settleRedirect(deps, work);
  if (unsettled) return unsettled;
  const decided = await decideUntilDeadline(deps, work, found);
  if (decided === 'staysHeld') return { outcome: 'held' };
  if (decided.decision !== 'hold') return end(deps, work, decided, found);
  if (decided.needsDocument && claim.row.archive !== 'stored') {
    const isOver = claim.row.archive === 'failed' || isPastDeadline(deps, work);
    if (isOver) return end(deps, work, decideWithoutDocument(decided), found);
    return { outcome: 'toArchive', facts: { ...placeOf(found), outcome: 'held', job: found.job } };
  }
  const { onFailure: _onFailure, needsDocument: _needs, ...cells } = decided;
  if (!(await extendLease(deps.ledger, claim, GRAPH_CALL_LIMIT_MS, cells))) return { outcome: 'claimLost' };
  return { facts: { ...placeOf(found), outcome: 'held', job: found.job } };
}

/** Between the two looks that show whether a redirect whose answer was lost has taken effect. */
const REDIRECT_SETTLES_AFTER_MS = 30_000;

/**
 * A redirect whose answer was lost may still take effect, and a second one would make a second job. Where the task is open and
 * the job not redirected at two looks 30 s apart, it is sent once more: Graph refuses it if the first one has ended the task.
 */
function settleRedirect({ clock }: StartedJobDeps, { claim }: StartedJobWork): NotYet | undefined {
  if (claim.earlier?.decision !== 'redirect') return undefined;
  // By the clock of the table service: another instance may have seen it first.
  const now = clock.now() + claim.serviceAheadMs;
  const { redirectCheckedAt } = claim.row;
  const notYet = { outcome: 'notYet', cause: 'redirectUnsettled', patience: 'openTask' } as const;
  if (redirectCheckedAt === undefined) {
    claim.row = { ...claim.row, redirectCheckedAt: isoTime(now) };
    return { ...notYet, delayMs: REDIRECT_SETTLES_AFTER_MS };
  }
  const leftMs = Date.parse(redirectCheckedAt) + REDIRECT_SETTLES_AFTER_MS - now;
  if (leftMs > 0) return { ...notYet, delayMs: leftMs };
  const { redirectCheckedAt: _settled, ...row } = claim.row;
  claim.row = row;
  return undefined;
}

/** Past its deadline an open job no longer waits for its rules, or for what they ask about it. */
async function decideUntilDeadline(
  deps: StartedJobDeps,
  work: StartedJobWork,
  found: Found,
): Promise<Decided | 'staysHeld'> {
  try {
    return await decideOnJob(deps, work, found);
  } catch (error) {
    const isThrottled = error instanceof GraphError && error.code === 'graphThrottled';
    if (!(error instanceof ReceiverError) || isThrottled || !isPastDeadline(deps, work)) throw error;
    deps.logger.error('job.rulesUnavailable', { ...idsOf(work.reference), ...errorFields(error) });
    return decideByFailure(work, 'deadline');
  }
}

/** Carries a decision out. What Graph refuses ends as the customer chose for failures, or leaves the job held. */
async function end(
  deps: StartedJobDeps,
  work: StartedJobWork,
  decided: Decided,
  found: Found,
): Promise<StartedJobResult> {
  const { claim, reference } = work;
  const result = await carryOut(deps, work, decided, found);
  if (result.outcome === 'claimLost') return result;
  if (result.outcome !== 'refused') {
    claim.row = { ...claim.row, actedAt: isoTime(deps.clock.now()) };
    return { facts: { ...placeOf(found), ...result } };
  }
  const { refused, error } = result;
  const { decidedBy, onFailure } = decided;
  if (decidedBy === 'wish') {
    deps.logger.warn('job.wishRefused', { ...idsOf(reference), action: refused.action, ...errorFields(error) });
    return { outcome: 'held', lastRefusal: refused.message };
  }
  const isAbortRefused = refused.action === 'abort';
  const isLast = isMereRelease(decided) || decided.isAbortRefused || (decidedBy === 'refusal' && !isAbortRefused);
  if (isLast || (refused.action === 'release' && decided.configure === undefined)) {
    deps.logger.error('job.releaseRefused', { ...idsOf(reference), action: refused.action, ...errorFields(error) });
    throw error;
  }
  deps.logger.error('job.decisionRefused', {
    ...idsOf(reference),
    action: refused.action,
    onFailure,
    ...errorFields(error),
  });
  claim.row = { ...withoutDecision(claim.row), refused: claim.row.refused ?? JSON.stringify(refused) };
  const failed: Decided = { decision: onFailure, decidedBy: 'refusal', onFailure };
  return end(deps, work, isAbortRefused && onFailure === 'abort' ? { ...failed, isAbortRefused } : failed, found);
}

/**
 * Past its deadline a task is ended even if Graph refuses to show the job, because a user is waiting at the printer. The
 * task of an inactive watch is read again after an outage.
 */
async function readUntilDeadline(deps: StartedJobDeps, work: StartedJobWork): Promise<StartedReading> {
  const { reference } = work;
  try {
    return await readStartedJob(deps, reference);
  } catch (error) {
    const final =
      error instanceof GraphError &&
      error.code !== 'graphThrottled' &&
      (work.access.active || !error.retryable) &&
      isPastDeadline(deps, work);
    if (!final) throw error;
    const { printerId, shareId, jobId } = reference;
    return { state: 'unreadable', found: { printerId, shareId, jobId, job: undefined }, cause: error.code };
  }
}

/** Graph has refused to show the parent of an open task, or has not shown its job for as long as a job may be "not yet". */
function isLeftUnread(
  { clock }: StartedJobDeps,
  { claim, access }: StartedJobWork,
  { isRefused, isMissing }: { isRefused?: boolean; isMissing?: boolean },
): boolean {
  if (!access.active || claim.row.phase === 'end') return false;
  const waitedMs = waitedFor(claim.row, 'notYet', clock.now());
  return isRefused === true || (isMissing === true && waitedMs >= NOT_YET_WINDOW_MS);
}

/** A job that the app cannot read must not hold its user up. */
async function endUnreadTask(
  deps: StartedJobDeps,
  work: StartedJobWork,
  { found, cause }: { found: Found; cause: string },
): Promise<StartedJobResult> {
  const { printerId, shareId } = found;
  deps.logger.error('job.unreadable', { ...idsOf(work.reference), printerId, shareId, cause });
  return end(deps, work, decideByFailure(work, 'unreadable'), found);
}

/** A held job has been seen, so one that Graph has not shown for as long as a job may be "not yet" was deleted since. */
function wasDeleted({ clock }: StartedJobDeps, { claim: { row } }: StartedJobWork): boolean {
  return row.phase === 'end' && waitedFor(row, 'notYet', clock.now()) >= NOT_YET_WINDOW_MS;
}

/** Whether the deletion of a job ends its task is not documented (resources/printjob.md). The job itself cannot be aborted. */
function endTaskOfDeleted(deps: StartedJobDeps, work: StartedJobWork, found: Found): Promise<StartedJobResult> {
  return end(deps, work, { ...decideByFailure(work, 'deleted'), isAbortRefused: true }, found);
}

function isPastDeadline(deps: StartedJobDeps, { claim, access }: StartedJobWork): boolean {
  return deps.clock.now() >= taskDeadline(claim.row, access);
}

function placeOf({ printerId, shareId, jobId }: Found): Pick<JobFacts, 'printerId' | 'shareId' | 'jobId'> {
  // A share matters only while its printer is unknown.
  return { printerId, jobId, ...(printerId === undefined ? { shareId } : {}) };
}
