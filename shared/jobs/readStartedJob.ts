import type { CallGraph } from '../graph/client';
import { readJob, type PrintJob } from '../graph/api/printJobs';
import { readTask, type PrintTask } from '../graph/api/printTasks';
import type { JobStartedReference } from './reference';

interface Place {
  printerId: string;
  jobId: string;
}

/** What Graph says of the task and its job. */
export type StartedReading =
  /** The job waits for us. */
  | { state: 'open'; place: Place; job: PrintJob }
  /** The task waits for us, but its job cannot be read (yet). */
  | { state: 'unreadable'; place: Place | undefined; cause: string }
  /** The task has ended; its description says whether it was us. */
  | { state: 'ended'; place: Place | undefined; job: PrintJob | undefined; description: string }
  /** The task exists but has not begun, or is in a state that we do not know. */
  | { state: 'notBegun'; place: Place | undefined; cause: string }
  /** No task. */
  | { state: 'notYet'; place: Place | undefined; cause: string };

/**
 * Reads the job with its tasks in one call where the notification named the job, and believes that answer only when it
 * holds the notified task in processing. In every other case the task itself is read, and its own state decides.
 *
 * @throws GraphError for anything but a 2xx or a 404
 */
export async function readStartedJob(
  callGraph: CallGraph,
  reference: JobStartedReference,
): Promise<StartedReading> {
  const hinted = hintedPlace(reference);
  const hintedJob = hinted && (await readJobAt(callGraph, reference, hinted));
  const listed = hintedJob?.tasks?.find((task) => task.id === reference.taskId);
  if (hinted && hintedJob && listed?.state === 'processing')
    return { state: 'open', place: hinted, job: hintedJob };

  // Graph keeps ended tasks for a while only: one that a run before us ended may live on in its job alone.
  const task = (await readTask(callGraph, reference)) ?? listed;
  if (!task) return { state: 'notYet', place: hinted, cause: 'taskNotFound' };
  const place = task.place ?? (listed ? hinted : undefined);
  const sameJob = hinted && place && hinted.printerId === place.printerId && hinted.jobId === place.jobId;
  const job = sameJob ? hintedJob : place && (await readJobAt(callGraph, reference, place));
  return judgeTask(task, place, job);
}

function judgeTask(task: PrintTask, place: Place | undefined, job: PrintJob | undefined): StartedReading {
  switch (task.state) {
    case 'completed':
    case 'aborted':
      return { state: 'ended', place, job, description: task.description };
    case 'processing':
      if (place && job) return { state: 'open', place, job };
      return { state: 'unreadable', place, cause: place ? 'jobNotFound' : 'taskWithoutJob' };
    default:
      return { state: 'notBegun', place, cause: 'taskNotProcessing' };
  }
}

function hintedPlace({ printerId, jobId }: JobStartedReference): Place | undefined {
  return printerId !== undefined && jobId !== undefined ? { printerId, jobId } : undefined;
}

function readJobAt(
  callGraph: CallGraph,
  { tenantId }: JobStartedReference,
  place: Place,
): Promise<PrintJob | undefined> {
  return readJob(callGraph, { tenantId, ...place }, 'tasks');
}
