import type { Clock } from '../clock';
import { GRAPH_CALL_LIMIT_MS, type CallGraph } from '../graph/client';
import { GraphError } from '../graph/errors';
import { completeTask, readTask, type PrintTask } from '../graph/api/printTasks';
import { readJob, type PrintJob } from '../graph/api/printJobs';
import type { Access } from './access';
import { extendLease, type Claim, type ClaimDeps } from './claims';
import type { JobFacts } from './jobEvent';
import type { Decision, LedgerRow, Outcome } from './ledger';
import type { JobStartedReference } from './message';

/** The vendor's rules go here. */
export type Decide = (reference: JobStartedReference, job: PrintJob | undefined) => Decision;

/** Without rules every job is released immediately. */
export const releaseEveryJob: Decide = () => 'release';

export interface StartedJobDeps {
  ledger: ClaimDeps;
  callGraph: CallGraph;
  decide: Decide;
  clock: Pick<Clock, 'now'>;
}

export interface StartedJobWork {
  claim: Claim;
  access: Access;
  reference: JobStartedReference;
}

/**
 * Graph does not show the job in the expected state yet. `window`: the row becomes `gone` after ten minutes. `openTask`:
 * the wait has no end, because a print waits for the task and Graph sends no other notification.
 */
export interface NotYet {
  outcome: 'notYet';
  cause: string;
  patience: 'window' | 'openTask';
}

export type StartedJobResult = { facts: JobFacts } | NotYet | { outcome: 'claimLost' };

interface Place {
  printerId: string;
  jobId: string;
}

/** What Graph shows of the task and its job. `place` is undefined when the task has no readable parentUrl. */
type StartedReading =
  /** The job waits for us. */
  | { state: 'open'; place: Place; job: PrintJob }
  /** The task waits for us, but its job cannot be read. */
  | { state: 'unreadable'; place: Place | undefined; cause: string }
  /** The task has ended. */
  | { state: 'ended'; place: Place | undefined; job: PrintJob | undefined }
  /** The task is pending or in an unknown state. */
  | { state: 'notBegun'; place: Place | undefined; cause: string }
  /** No task. */
  | { state: 'notYet'; place: Place | undefined; cause: string };

/** What administrators read on a task that we end. No decision rests on it: Graph may show another text. */
const DESCRIPTIONS: Record<Decision, string> = {
  release: 'Released by Universal Print Receiver',
  deadline: 'Released by Universal Print Receiver at its deadline',
};

const OUTCOMES: Record<Decision, Outcome> = { release: 'released', deadline: 'deadline' };

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
  switch (reading.state) {
    case 'notYet':
      return { outcome: 'notYet', cause: reading.cause, patience: 'window' };
    case 'ended':
      return { facts: { ...placeOf(reading), outcome: endedBy(work.claim), job: reading.job } };
    case 'notBegun':
    case 'unreadable':
      if (!isPastDeadline(deps, work)) {
        return { outcome: 'notYet', cause: reading.cause, patience: 'openTask' };
      }
      if (reading.state === 'notBegun') return endTaskBeforeItBegins(deps, work, reading);
      return endTask(deps, work, 'deadline', { ...placeOf(reading), job: undefined });
    case 'open': {
      const decision = deps.decide(work.reference, reading.job);
      return endTask(deps, work, decision, { ...placeOf(reading), job: reading.job });
    }
  }
}

/**
 * Past its deadline a task is ended even if Graph refuses to show the job, because a user is waiting at the printer. The
 * task of an inactive watch is read again after an outage.
 */
async function readUntilDeadline(deps: StartedJobDeps, work: StartedJobWork): Promise<StartedReading> {
  const { reference } = work;
  try {
    return await readStartedJob(deps.callGraph, reference);
  } catch (error) {
    const final =
      error instanceof GraphError &&
      error.code !== 'graphThrottled' &&
      (work.access.active || !error.retryable) &&
      isPastDeadline(deps, work);
    if (!final) throw error;
    return { state: 'unreadable', place: hintedPlace(reference), cause: error.code };
  }
}

/**
 * Reads the job with its tasks in one call where the notification named the job. That answer is used only when it holds
 * the notified task in processing. Otherwise the task itself is read, and its own state decides.
 *
 * @throws GraphError for anything but a 2xx or a 404
 */
export async function readStartedJob(callGraph: CallGraph, reference: JobStartedReference): Promise<StartedReading> {
  const { tenantId } = reference;
  const readAt = (place: Place) => readJob(callGraph, { tenantId, ...place }, 'tasks');
  const hinted = hintedPlace(reference);
  const hintedJob = hinted && (await readAt(hinted));
  const listed = hintedJob?.tasks?.find((task) => task.id === reference.taskId);
  if (hinted && hintedJob && listed?.state === 'processing') return { state: 'open', place: hinted, job: hintedJob };

  // Graph keeps ended tasks for a limited time. A task that an earlier run ended may be left in its job only.
  const task = (await readTask(callGraph, reference)) ?? listed;
  if (!task) return { state: 'notYet', place: hinted, cause: 'taskNotFound' };
  const place = task.place ?? (listed ? hinted : undefined);
  const sameJob = hinted && place && hinted.printerId === place.printerId && hinted.jobId === place.jobId;
  const job = sameJob ? hintedJob : place && (await readAt(place));
  return judgeTask(task, place, job);
}

function judgeTask(task: PrintTask, place: Place | undefined, job: PrintJob | undefined): StartedReading {
  switch (task.state) {
    case 'completed':
    case 'aborted':
      return { state: 'ended', place, job };
    case 'processing':
      if (place && job) return { state: 'open', place, job };
      return { state: 'unreadable', place, cause: place ? 'jobNotFound' : 'taskWithoutJob' };
    default:
      return { state: 'notBegun', place, cause: 'taskNotProcessing' };
  }
}

async function endTask(
  deps: StartedJobDeps,
  { claim, reference }: StartedJobWork,
  decision: Decision,
  facts: Omit<JobFacts, 'outcome'>,
): Promise<StartedJobResult> {
  if (!(await extendLease(deps.ledger, claim, GRAPH_CALL_LIMIT_MS, decision))) return { outcome: 'claimLost' };
  claim.hasActed = true;
  try {
    await completeTask(deps.callGraph, reference, DESCRIPTIONS[decision]);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // A refusal is no failure when the task has ended: by somebody else, or by an earlier try whose answer was lost.
    const task = await readTask(deps.callGraph, reference);
    if (task?.state !== 'completed' && task?.state !== 'aborted') {
      claim.hasActed = false;
      throw error;
    }
    if (!error.wasRepeated) return { facts: { ...facts, outcome: endedBy(claim) } };
  }
  return { facts: { ...facts, outcome: OUTCOMES[decision] } };
}

/** Whether a pending task can be ended is not documented. Where Graph refuses, the message is deferred. */
async function endTaskBeforeItBegins(
  deps: StartedJobDeps,
  work: StartedJobWork,
  reading: { place: Place | undefined; cause: string },
): Promise<StartedJobResult> {
  try {
    return await endTask(deps, work, 'deadline', { ...placeOf(reading), job: undefined });
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return { outcome: 'notYet', cause: reading.cause, patience: 'openTask' };
  }
}

/** Graph answered that the task cannot be changed in its current state. */
function isRefusal(error: unknown): error is GraphError {
  return error instanceof GraphError && ['graphRejected', 'graphConflict', 'graphNotFound'].includes(error.code);
}

/** A task that has ended with our decision on its row was ended by us: the run that did it ended before it recorded that. */
function endedBy({ earlierDecision }: Claim): Outcome {
  return earlierDecision === undefined ? 'ended' : OUTCOMES[earlierDecision];
}

function isPastDeadline(deps: StartedJobDeps, { claim, access }: StartedJobWork): boolean {
  return deps.clock.now() >= taskDeadline(claim.row, access);
}

function hintedPlace({ printerId, jobId }: JobStartedReference): Place | undefined {
  return printerId !== undefined && jobId !== undefined ? { printerId, jobId } : undefined;
}

function placeOf({ place }: { place: Place | undefined }) {
  return { printerId: place?.printerId, jobId: place?.jobId };
}
