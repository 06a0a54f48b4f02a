import type { Clock } from '../clock';
import { GRAPH_CALL_LIMIT_MS, type CallGraph } from '../graph/client';
import { GraphError } from '../graph/errors';
import { completeTask, readTask, type PrintTask } from '../graph/api/printTasks';
import type { PrintJob } from '../graph/api/printJobs';
import type { MessageQueue } from '../storage/queues';
import { taskDeadline } from './deadline';
import type { Decide } from './decide';
import { formatJobEvent } from './jobEvent';
import { extendLease, finishClaim, type Claim, type ClaimDeps } from './claims';
import { type LedgerRow, type Outcome } from './ledger';
import type { JobMessage } from './message';
import { readFetchableJob } from './readFetchableJob';
import { readStartedJob, type StartedReading } from './readStartedJob';
import type { JobStartedReference } from './reference';
import type { Standing } from './standing';

export interface WorkDeps {
  ledger: ClaimDeps;
  callGraph: CallGraph;
  decide: Decide;
  queues: { events: MessageQueue };
  clock: Pick<Clock, 'now'>;
}

export interface Work {
  claim: Claim;
  message: JobMessage;
  standing: Standing;
}

export type WorkResult =
  | { outcome: 'done' | 'doneTwice' | 'unservedEnded'; jobOutcome: Outcome }
  /**
   * `window`: give it up when the time for that is over; `openTask`: never, because a user's print waits for the task
   * and no other notification will come.
   */
  | { outcome: 'notYet'; cause: string; patience: 'window' | 'openTask' }
  /** Another run has taken the row over; nothing more was started. */
  | { outcome: 'claimLost' };

/**
 * What we write on a task that we end. After a take-over it tells our own effect from another's: the run that died may
 * have ended the task before it could say so.
 */
const DESCRIPTION: Record<'released' | 'deadline', string> = {
  released: 'Released by Universal Print Receiver',
  deadline: 'Released by Universal Print Receiver at its deadline',
};

/** One send with the retries of the queue client (services.ts). */
const EVENT_SEND_LIMIT_MS = 45_000;

/** Cells of a table hold 64 KiB of UTF-16, 32 Ki characters. */
const MOST_JOB_CHARACTERS = 30_000;

interface Facts {
  outcome: Outcome;
  printerId: string | undefined;
  jobId: string | undefined;
  job: PrintJob | undefined;
}

/**
 * The work under a claim, the same after a take-over as the first time: everything is read anew, and what already
 * happened is recognised.
 *
 * @throws GraphError, storage errors
 */
export async function workOnJob(deps: WorkDeps, work: Work): Promise<WorkResult> {
  const { reference } = work.claim;
  if (reference.kind === 'jobFetchable') {
    const reading = await readFetchableJob(deps.callGraph, reference);
    if (reading.outcome === 'notYet') return { ...reading, patience: 'window' };
    const { printerId, jobId } = reference;
    return tell(deps, work, { outcome: reading.outcome, printerId, jobId, job: reading.job });
  }
  const reading = await readStarted(deps, work, reference);
  switch (reading.state) {
    case 'notYet':
      return { outcome: 'notYet', cause: reading.cause, patience: 'window' };
    case 'ended':
      return tell(deps, work, {
        ...placeOf(reading),
        outcome: whoEnded(reading.description),
        job: reading.job,
      });
    case 'notBegun':
    case 'unreadable':
      if (!isPastDeadline(deps, work)) {
        return { outcome: 'notYet', cause: reading.cause, patience: 'openTask' };
      }
      if (reading.state === 'notBegun') return endTaskBeforeItBegins(deps, work, reference, reading);
      return endTask(deps, work, reference, 'deadline', { ...placeOf(reading), job: undefined });
    case 'open': {
      const { action } = deps.decide(reference, reading.job);
      work.claim.row = { ...work.claim.row, decision: action };
      return endTask(deps, work, reference, 'released', { ...placeOf(reading), job: reading.job });
    }
  }
}

/**
 * Past its deadline a task is ended even if Graph refuses to show the job: a user waits in front of the printer. A task
 * that nobody waits for may be asked for once more after an outage.
 */
async function readStarted(
  deps: WorkDeps,
  work: Work,
  reference: JobStartedReference,
): Promise<StartedReading> {
  try {
    return await readStartedJob(deps.callGraph, reference);
  } catch (error) {
    const final =
      error instanceof GraphError &&
      error.code !== 'graphThrottled' &&
      (work.standing.served || !error.retryable) &&
      isPastDeadline(deps, work);
    if (!final) throw error;
    const { printerId, jobId } = reference;
    const place = printerId && jobId ? { printerId, jobId } : undefined;
    return { state: 'unreadable', place, cause: error.code };
  }
}

async function endTask(
  deps: WorkDeps,
  work: Work,
  reference: JobStartedReference,
  outcome: 'released' | 'deadline',
  facts: Omit<Facts, 'outcome'>,
): Promise<WorkResult> {
  if (!(await extendLease(deps.ledger, work.claim, GRAPH_CALL_LIMIT_MS))) return { outcome: 'claimLost' };
  try {
    await completeTask(deps.callGraph, reference, DESCRIPTION[outcome]);
  } catch (error) {
    const ended = await readEndedTask(deps, reference, error);
    return tell(deps, work, { ...facts, outcome: whoEnded(ended.description) });
  }
  return tell(deps, work, { ...facts, outcome });
}

/** Whether a task that has not begun can be ended is not documented: where Graph refuses, it is waited for on. */
async function endTaskBeforeItBegins(
  deps: WorkDeps,
  work: Work,
  reference: JobStartedReference,
  reading: { place: { printerId: string; jobId: string } | undefined; cause: string },
): Promise<WorkResult> {
  try {
    return await endTask(deps, work, reference, 'deadline', { ...placeOf(reading), job: undefined });
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return { outcome: 'notYet', cause: reading.cause, patience: 'openTask' };
  }
}

/** A task that ended while we decided cannot be changed any more: if so it is, that is no failure of ours. */
async function readEndedTask(
  deps: WorkDeps,
  reference: JobStartedReference,
  error: unknown,
): Promise<PrintTask> {
  const task = isRefusal(error) ? await readTask(deps.callGraph, reference) : undefined;
  if (task?.state !== 'completed' && task?.state !== 'aborted') throw error;
  return task;
}

/** Graph answered that the task cannot be changed as it is now. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof GraphError && ['graphRejected', 'graphConflict', 'graphNotFound'].includes(error.code)
  );
}

/** Sends the event with the outcome, then records both. A death between the two repeats the event with the same id. */
async function tell(deps: WorkDeps, work: Work, facts: Facts): Promise<WorkResult> {
  const { claim, message, standing } = work;
  const { outcome, printerId, jobId, job } = facts;
  const jobText = job && JSON.stringify(job.fields);
  const jobCreatedAt = job?.fields['createdDateTime'];
  const record: Partial<LedgerRow> = {
    outcome,
    ...(printerId === undefined ? {} : { printerId }),
    ...(jobId === undefined ? {} : { jobId }),
    ...(typeof jobCreatedAt === 'string' ? { jobCreatedAt } : {}),
    ...(jobText === undefined || jobText.length > MOST_JOB_CHARACTERS ? {} : { job: jobText }),
  };
  if (!standing.served) {
    await finishClaim(deps.ledger, claim, { ...record, cause: standing.reason });
    return { outcome: 'unservedEnded', jobOutcome: outcome };
  }
  if (!(await extendLease(deps.ledger, claim, EVENT_SEND_LIMIT_MS))) return { outcome: 'claimLost' };
  const { reference, row } = claim;
  const { firstSeenAt } = row;
  const { traceparent } = message;
  await deps.queues.events.send(
    formatJobEvent({ reference, printerId, jobId, outcome, firstSeenAt, traceparent, job }),
  );
  const recorded = await finishClaim(deps.ledger, claim, record);
  return { outcome: recorded ? 'done' : 'doneTwice', jobOutcome: outcome };
}

function whoEnded(description: string): Outcome {
  if (description === DESCRIPTION.released) return 'released';
  return description === DESCRIPTION.deadline ? 'deadline' : 'ended';
}

function isPastDeadline(deps: WorkDeps, { claim, standing }: Work): boolean {
  return deps.clock.now() >= taskDeadline(claim.row, standing);
}

function placeOf(reading: { place: { printerId: string; jobId: string } | undefined }) {
  return { printerId: reading.place?.printerId, jobId: reading.place?.jobId };
}
