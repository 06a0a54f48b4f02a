import { isRecord, parseJobId, parseText } from '../../parse';
import type { BatchPart } from '../batch';
import { unlessNotFound, type CallGraph } from '../client';
import { unreadableAnswer } from '../errors';
import { pullPrintId, type JobPlace } from '../../jobPlace';
import { readAllPages, type Paging } from '../paging';
import { parseTask, type NotShown, type PrintTask } from './printTasks';

/** A print job (resources/printjob.md). */
export interface PrintJob {
  id: string;
  /** pending, processing, paused, stopped, completed, canceled, aborted, unknown, or a value that Graph added since. */
  state: string;
  isAcquiredByPrinter: boolean;
  isFetchable: boolean;
  /** It was redirected to another printer, where a job of its own prints. */
  isRedirectedAway: boolean;
  /** The documented fields of printJob as Graph gave them, without documents and tasks. */
  fields: Record<string, unknown>;
  /** Present when expanded. */
  documents?: unknown[];
  /** Present when expanded. A task without a usable id is left out. */
  tasks?: PrintTask[];
}

/** A print job of a listing, reduced so that thousands fit into memory. */
export interface ListedJob {
  jobId: string;
  /** Milliseconds since 1970, NaN without a createdDateTime. */
  createdAt: number;
  /** Fetchable, acquired or completed: Graph has sent a JobFetchable notification for it, or will. */
  isReady: boolean;
  /** Completed, canceled or aborted. Not of a job that was redirected to another printer, where a job of its own ends. */
  hasEnded: boolean;
  /** It came from another printer, so a trigger of this printer may not have fired for it. */
  isRedirected: boolean;
}

const READ_JOBS = 'PrintJob.ReadBasic.All';

/** resources/printjob.md. `displayName` exists on beta only. */
const FIELDS = [
  'id',
  'displayName',
  'createdDateTime',
  'createdBy',
  'status',
  'configuration',
  'isFetchable',
  'redirectedFrom',
  'redirectedTo',
  'errorCode',
  'acknowledgedDateTime',
];

/**
 * GET /print/printers/{id}/jobs/{id} (api/printjob-get.md), also below a pull print printer.
 *
 * @returns `notFound` for a 404, which also a job gets that Graph does not show yet
 * @throws GraphError as `callGraph` otherwise, and `graphAnswerUnreadable`
 */
export async function readJob(
  callGraph: CallGraph,
  { tenantId, printerId, jobId }: { tenantId: string; printerId: string; jobId: string },
  expand: 'tasks' | 'documents' | undefined,
): Promise<PrintJob | NotShown> {
  const { path: pathOfJob, permission } = jobAt({ printerId, jobId }, READ_JOBS);
  const path = `${pathOfJob}${expand === undefined ? '' : `?$expand=${expand}`}`;
  const answer = await unlessNotFound(callGraph({ tenantId, method: 'GET', path, permission }));
  if (!answer) return 'notFound';
  const job = parseJob(answer.body);
  if (!job) throw unreadableAnswer('a printJob without an id', path);
  return job.id.toLowerCase() === jobId.toLowerCase() ? job : 'otherId';
}

/**
 * GET /print/printers/{id}/jobs, all pages. A filter by isFetchable or by time is not documented
 * (api/printer-list-jobs.md). An item without a usable id is skipped.
 *
 * @throws GraphError as `readAllPages`
 */
export function listJobs(
  paging: Paging,
  { tenantId, printerId }: { tenantId: string; printerId: string },
): AsyncGenerator<ListedJob> {
  return readAllPages(paging, { tenantId, ...jobsOf(printerId) }, parseListedJob);
}

/** The first page of `listJobs` as a part of a `$batch`. */
export function jobListingPart(printerId: string): BatchPart {
  return { method: 'GET', ...jobsOf(printerId) };
}

/**
 * The path of one job, on its printer or its pull print printer, for a call with `permission`, to which that of the parent is
 * added.
 */
export function jobAt({ printerId, jobId }: JobPlace, permission: string): { path: string; permission: string } {
  const jobs = jobsOf(printerId, permission);
  return { ...jobs, path: `${jobs.path}/${encodeURIComponent(jobId)}` };
}

/** A pull print printer inherits `jobs` from printerBase (resources/pullprintprinter.md), and reading it has its own permission. */
function jobsOf(printerId: string, permission = READ_JOBS): { path: string; permission: string } {
  const pullPrint = pullPrintId(printerId);
  const [parent, readParent] =
    pullPrint === undefined
      ? [`printers/${encodeURIComponent(printerId)}`, 'Printer.Read.All']
      : [`pullPrintPrinters/${encodeURIComponent(pullPrint)}`, 'PullPrintPrinter.Read.All'];
  return { path: `/print/${parent}/jobs`, permission: `${permission} (with ${readParent})` };
}

/** The job in an answer or an item of a listing. Undefined without a usable id. */
function parseJob(value: unknown): PrintJob | undefined {
  const body = isRecord(value) ? value : {};
  const id = parseJobId(body['id']);
  if (id === undefined) return undefined;
  const { state, isAcquiredByPrinter } = isRecord(body['status']) ? body['status'] : {};
  const { tasks, documents, isFetchable } = body;
  return {
    id,
    state: parseText(state) || 'unknown',
    isAcquiredByPrinter: isAcquiredByPrinter === true,
    isFetchable: isFetchable === true,
    isRedirectedAway: parseText(body['redirectedTo']) !== '',
    fields: Object.fromEntries(FIELDS.filter((name) => name in body).map((name) => [name, body[name]])),
    ...(Array.isArray(documents) ? { documents } : {}),
    ...(Array.isArray(tasks) ? { tasks: tasks.flatMap((task) => parseTask(task) ?? []) } : {}),
  };
}

function parseListedJob(item: unknown): ListedJob | undefined {
  const job = parseJob(item);
  if (!job) return undefined;
  const { id, state, isAcquiredByPrinter, isFetchable, fields } = job;
  // A job that was canceled or aborted after the printer acquired it has ended without a notification.
  const isStopped = state === 'canceled' || state === 'aborted';
  const isAcquired = isAcquiredByPrinter && !isStopped;
  return {
    jobId: id,
    createdAt: Date.parse(parseText(fields['createdDateTime'])),
    isReady: isFetchable || state === 'completed' || isAcquired,
    hasEnded: (state === 'completed' || isStopped) && !job.isRedirectedAway,
    isRedirected: parseText(fields['redirectedFrom']) !== '',
  };
}
