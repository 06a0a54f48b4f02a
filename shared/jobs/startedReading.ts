import type { CallGraph } from '../graph/client';
import { GraphError } from '../graph/errors';
import { pullPrintId, type JobPlace, type NamedPlace } from '../jobPlace';
import type { LocateJob } from '../graph/api/printerShares';
import { readJob, type PrintJob } from '../graph/api/printJobs';
import { readTask, type PrintTask } from '../graph/api/printTasks';
import type { JobStartedReference } from './message';

export interface ReadingDeps {
  callGraph: CallGraph;
  locateJob: LocateJob;
}

/** The job of a task, as far as Graph shows it. All is undefined for a task without a readable parentUrl. */
export interface Found {
  printerId?: string | undefined;
  shareId?: string | undefined;
  jobId?: string | undefined;
  job: PrintJob | undefined;
}

interface NoJob {
  cause: string;
  /** Graph refuses to show the parent, which is a share or a pull print printer. */
  isRefused?: boolean;
  /** Graph does not show the job or its parent, now or ever. */
  isMissing?: boolean;
}

/** What Graph shows of a task and its job. */
export type StartedReading =
  /** The job waits for us. */
  | { state: 'open'; found: Found & { job: PrintJob } }
  /** The task waits for us, but its job cannot be read. */
  | ({ state: 'unreadable'; found: Found } & NoJob)
  /** The task has ended. */
  | { state: 'ended'; found: Found }
  /** The task is pending or in an unknown state, or a redirect is about to end it. */
  | { state: 'notBegun'; found: Found; cause: string }
  /** No task. */
  | { state: 'notYet'; found: Found; cause: string };

/**
 * Reads the job with its tasks in one call where the notification named the job. That answer is used only when it holds
 * the notified task in processing. Otherwise the task itself is read, and its own state decides. The job of a task that
 * names another place is read once.
 *
 * @throws GraphError for anything but a 2xx, a 404, and a refusal to show a share or a pull print printer
 */
export async function readStartedJob(deps: ReadingDeps, reference: JobStartedReference): Promise<StartedReading> {
  const { tenantId, taskId } = reference;
  const hinted = hintOf(reference);
  const first = hinted && (await readAt(deps, tenantId, hinted));
  const listed = first?.found.job?.tasks?.find(({ id }) => id === taskId);
  if (first && listed?.state === 'processing') return judgeTask(listed, first);

  // Graph keeps ended tasks for a limited time. A task that an earlier run ended may be left in its job only.
  const read = await readTask(deps.callGraph, reference);
  const task = typeof read === 'string' ? listed : read;
  if (!task) {
    const cause = read === 'otherId' ? 'taskOfOtherId' : 'taskNotFound';
    return { state: 'notYet', found: { ...hinted, job: undefined }, cause };
  }
  const place = task.place ?? (listed ? hinted : undefined);
  if (!place) return judgeTask(task, { found: { job: undefined }, cause: 'taskWithoutJob', isMissing: true });
  const isHinted = first !== undefined && hinted !== undefined && namesSame(hinted, place);
  return judgeTask(task, isHinted ? first : await readAt(deps, tenantId, place));
}

type Look = { found: Found } & NoJob;

/** Reads the job at a place. A share or pull print printer that Graph refuses to show is a result, as a 404 is. */
async function readAt({ callGraph, locateJob }: ReadingDeps, tenantId: string, named: NamedPlace): Promise<Look> {
  let place: JobPlace | undefined;
  const none = (cause: string, why: Partial<NoJob>) => ({
    found: { ...named, ...place, job: undefined },
    cause,
    ...why,
  });
  try {
    place = await locateJob(callGraph, tenantId, named);
    if (!place) return none('shareNotFound', { isMissing: true });
    const job = await readJob(callGraph, { tenantId, ...place }, 'tasks');
    if (typeof job !== 'string') return { found: { ...named, ...place, job }, cause: '' };
    return none(job === 'otherId' ? 'jobOfOtherId' : 'jobNotFound', { isMissing: true });
  } catch (error) {
    const isPrinter = place !== undefined && pullPrintId(place.printerId) === undefined;
    // The paths below a pull print printer are not documented, so 400 is the same answer as 403.
    const isRefused = error instanceof GraphError && ['graphForbidden', 'graphRejected'].includes(error.code);
    if (isPrinter || !isRefused) throw error;
    return none(error.code, { isRefused: true });
  }
}

function judgeTask(task: PrintTask, look: Look): StartedReading {
  const { found, ...noJob } = look;
  const { job } = found;
  switch (task.state) {
    case 'completed':
    case 'aborted':
      return { state: 'ended', found };
    case 'processing':
      // api/printjob-redirect.md: the redirect completes the task itself.
      if (job?.isRedirectedAway) return { state: 'notBegun', found, cause: 'jobRedirected' };
      if (job && !isJobOfOtherTask(task, look)) return { state: 'open', found: { ...found, job } };
      if (job)
        return { state: 'unreadable', found: { ...found, job: undefined }, cause: 'jobOfOtherTask', isMissing: true };
      return { state: 'unreadable', found, ...noJob };
    default:
      return { state: 'notBegun', found, cause: 'taskNotProcessing' };
  }
}

/** A share may have another printer by now (api/printershare-update.md), whose jobs have the same ids. */
function isJobOfOtherTask({ id }: PrintTask, { found: { shareId, job } }: Look): boolean {
  const tasks = job?.tasks ?? [];
  return shareId !== undefined && tasks.length > 0 && !tasks.some((task) => task.id === id);
}

function hintOf({ printerId, shareId, jobId }: JobStartedReference): NamedPlace | undefined {
  if (jobId === undefined) return undefined;
  if (printerId !== undefined) return { printerId, jobId };
  return shareId === undefined ? undefined : { shareId, jobId };
}

function namesSame(a: NamedPlace, b: NamedPlace): boolean {
  const parentOf = (place: NamedPlace) => ('shareId' in place ? `shares/${place.shareId}` : place.printerId);
  return a.jobId === b.jobId && parentOf(a) === parentOf(b);
}
