import type { Clock } from '../clock';
import { GRAPH_CALL_LIMIT_MS } from '../graph/client';
import { GraphError } from '../graph/errors';
import { completeTask, readTask } from '../graph/api/printTasks';
import { readJob, type PrintJob } from '../graph/api/printJobs';
import type { Logger } from '../logger';
import type { Access } from './access';
import { extendLease, type Claim, type ClaimDeps } from './claims';
import { NOT_YET_WINDOW_MS, waitedFor } from './delays';
import type { JobFacts } from './jobEvent';
import type { Decision, LedgerRow, Outcome } from './ledger';
import { idsOf, type JobStartedReference } from './message';
import { readStartedJob, type Found, type ReadingDeps, type StartedReading } from './startedReading';

/** The vendor's rules go here. */
export type Decide = (reference: JobStartedReference, job: PrintJob | undefined) => Decision;

/** Without rules every job is released immediately. */
export const releaseEveryJob: Decide = () => 'release';

export interface StartedJobDeps extends ReadingDeps {
  ledger: ClaimDeps;
  decide: Decide;
  clock: Pick<Clock, 'now'>;
  logger: Logger;
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
}

export type StartedJobResult = { facts: JobFacts } | NotYet | { outcome: 'claimLost' };

/** What administrators read on a task that we end. No decision rests on it: Graph may show another text. */
const DESCRIPTIONS: Record<Decision, string> = {
  release: 'Released by Universal Print Receiver',
  deadline: 'Released by Universal Print Receiver at its deadline',
  unreadable: 'Released by Universal Print Receiver, which cannot read the job',
};

const OUTCOMES: Record<Decision, Outcome> = { release: 'released', deadline: 'deadline', unreadable: 'unreadable' };

/**
 * When an open task is ended even if its job cannot be read; milliseconds since 1970. The task of an inactive watch is
 * always past its deadline.
 */
export function taskDeadline(row: LedgerRow, access: Access): number {
  if (!access.active) return -Infinity;
  return Date.parse(row.firstSeenAt) + access.tenant.taskDeadlineMinutes * 60_000;
}

/**
 * Reads a job that waits for us, decides, and ends its task.
 *
 * @throws GraphError, storage errors
 */
export async function workOnStartedJob(deps: StartedJobDeps, work: StartedJobWork): Promise<StartedJobResult> {
  const reading = await readUntilDeadline(deps, work);
  const { state, found } = reading;
  switch (state) {
    case 'notYet':
      return { outcome: 'notYet', cause: reading.cause, patience: 'window' };
    case 'ended':
      return { facts: { ...placeOf(found), outcome: endedBy(work.claim, found.job), job: found.job } };
    case 'unreadable':
      if (isLeftUnread(deps, work, reading)) return endUnreadTask(deps, work, reading);
      if (isPastDeadline(deps, work)) return endTask(deps, work, 'deadline', found);
      return { outcome: 'notYet', cause: reading.cause, patience: 'openTask' };
    case 'notBegun':
      // Whether a task can be ended before it begins is not documented. Where Graph refuses, it is retried less and less often.
      if (isPastDeadline(deps, work)) return endTask(deps, work, 'deadline', found);
      return { outcome: 'notYet', cause: reading.cause, patience: 'openTask' };
    case 'open':
      return endTask(deps, work, deps.decide(work.reference, found.job), found);
  }
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
  if (!access.active) return false;
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
  return endTask(deps, work, 'unreadable', found);
}

async function endTask(
  deps: StartedJobDeps,
  { claim, reference }: StartedJobWork,
  decision: Decision,
  found: Found,
): Promise<StartedJobResult> {
  const facts = { ...placeOf(found), job: found.job };
  if (!(await extendLease(deps.ledger, claim, GRAPH_CALL_LIMIT_MS, decision))) return { outcome: 'claimLost' };
  claim.hasActed = true;
  try {
    await completeTask(deps.callGraph, reference, DESCRIPTIONS[decision]);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // A refusal is no failure when the task has ended: by somebody else, or by an earlier try whose answer was lost.
    const task = await readTask(deps.callGraph, reference);
    if (typeof task === 'string' || (task.state !== 'completed' && task.state !== 'aborted')) {
      claim.hasActed = false;
      throw error;
    }
    if (!error.wasRepeated) {
      const job = await readAgain(deps, reference, found);
      return { facts: { ...facts, job, outcome: endedBy(claim, job) } };
    }
  }
  return { facts: { ...facts, outcome: found.job?.isRedirectedAway ? 'redirected' : OUTCOMES[decision] } };
}

/** The job after its task has ended in the meantime: it may have been redirected. */
async function readAgain(
  { callGraph }: StartedJobDeps,
  { tenantId }: JobStartedReference,
  { printerId, jobId, job }: Found,
): Promise<PrintJob | undefined> {
  if (!job || printerId === undefined || jobId === undefined) return job;
  const read = await readJob(callGraph, { tenantId, printerId, jobId }, 'tasks');
  return typeof read === 'string' ? job : read;
}

/** Graph answered that the task cannot be changed in its current state. */
function isRefusal(error: unknown): error is GraphError {
  return error instanceof GraphError && ['graphRejected', 'graphConflict', 'graphNotFound'].includes(error.code);
}

/**
 * A task that has ended with our decision on its row was ended by us: the run that did it ended before it recorded that. A
 * redirect ends the task too (api/printjob-redirect.md).
 */
function endedBy({ earlierDecision }: Claim, job: PrintJob | undefined): Outcome {
  if (job?.isRedirectedAway) return 'redirected';
  return earlierDecision === undefined ? 'ended' : OUTCOMES[earlierDecision];
}

function isPastDeadline(deps: StartedJobDeps, { claim, access }: StartedJobWork): boolean {
  return deps.clock.now() >= taskDeadline(claim.row, access);
}

function placeOf({ printerId, shareId, jobId }: Found): Pick<JobFacts, 'printerId' | 'shareId' | 'jobId'> {
  // A share matters only while its printer is unknown.
  return { printerId, jobId, ...(printerId === undefined ? { shareId } : {}) };
}
