import { isRecord } from '../parse';
import type { CallGraph } from './graphClient';
import { GraphError } from './graphError';

export interface PrintTask {
  id: string;
  /** pending, processing, completed, aborted, or a word that Graph has learned since. */
  state: string;
  description: string;
  parentUrl?: string;
}

export interface PrintJob {
  id: string;
  /** pending, processing, paused, stopped, completed, canceled, aborted, unknown, or a newer word. */
  state: string;
  isAcquiredByPrinter: boolean;
  isFetchable: boolean;
  /** The documented fields of printJob as Graph gave them, without documents and tasks. */
  fields: Record<string, unknown>;
  /** Present when asked for and given. */
  documents?: unknown[];
  tasks?: PrintTask[];
}

const READ_JOB = 'PrintJob.ReadBasic.All (with Printer.Read.All)';
const TASKS = 'PrintTaskDefinition.ReadWrite.All';

/** resources/printjob.md; `displayName` only on beta. */
const JOB_FIELDS = [
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
 * The job, or undefined when Graph does not know it (yet).
 *
 * @throws GraphError for anything but a 2xx or a 404
 */
export async function readJob(
  callGraph: CallGraph,
  job: { tenantId: string; printerId: string; jobId: string },
  expand: 'tasks' | 'documents',
): Promise<PrintJob | undefined> {
  const path = `/print/printers/${encodeURIComponent(job.printerId)}/jobs/${encodeURIComponent(job.jobId)}?$expand=${expand}`;
  const answer = await unlessNotFound(
    callGraph({ tenantId: job.tenantId, method: 'GET', path, permission: READ_JOB }),
  );
  return answer && parseJob(answer.body);
}

/**
 * The task, or undefined when Graph does not know it (yet).
 *
 * @throws GraphError for anything but a 2xx or a 404
 */
export async function readTask(
  callGraph: CallGraph,
  task: { tenantId: string; definitionId: string; taskId: string },
): Promise<PrintTask | undefined> {
  const { tenantId } = task;
  const answer = await unlessNotFound(
    callGraph({ tenantId, method: 'GET', path: taskPath(task), permission: TASKS }),
  );
  return answer && parseTask(answer.body);
}

/**
 * Ends the task so that its job goes on (printtaskdefinition-update-task.md).
 *
 * @param description stands on the task afterwards, so that whoever reads it knows who ended it
 * @throws GraphError for anything but a 2xx
 */
export async function completeTask(
  callGraph: CallGraph,
  task: { tenantId: string; definitionId: string; taskId: string },
  description: string,
): Promise<void> {
  await callGraph({
    tenantId: task.tenantId,
    method: 'PATCH',
    path: taskPath(task),
    body: { status: { state: 'completed', description } },
    permission: TASKS,
  });
}

function taskPath(task: { definitionId: string; taskId: string }): string {
  return `/print/taskDefinitions/${encodeURIComponent(task.definitionId)}/tasks/${encodeURIComponent(task.taskId)}`;
}

async function unlessNotFound<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof GraphError && error.code === 'graphNotFound') return undefined;
    throw error;
  }
}

function parseJob(body: unknown): PrintJob {
  if (!isRecord(body) || typeof body['id'] !== 'string') throw unreadable('printJob');
  const status = isRecord(body['status']) ? body['status'] : {};
  const { tasks, documents } = body;
  return {
    id: body['id'],
    state: typeof status['state'] === 'string' ? status['state'] : 'unknown',
    isAcquiredByPrinter: status['isAcquiredByPrinter'] === true,
    isFetchable: body['isFetchable'] === true,
    fields: Object.fromEntries(JOB_FIELDS.filter((name) => name in body).map((name) => [name, body[name]])),
    ...(Array.isArray(documents) ? { documents } : {}),
    ...(Array.isArray(tasks) ? { tasks: tasks.map(parseTask) } : {}),
  };
}

function parseTask(body: unknown): PrintTask {
  if (!isRecord(body) || typeof body['id'] !== 'string') throw unreadable('printTask');
  const status = isRecord(body['status']) ? body['status'] : {};
  return {
    id: body['id'].toLowerCase(),
    state: typeof status['state'] === 'string' ? status['state'] : 'unknown',
    description: typeof status['description'] === 'string' ? status['description'] : '',
    ...(typeof body['parentUrl'] === 'string' ? { parentUrl: body['parentUrl'] } : {}),
  };
}

function unreadable(resource: string): GraphError {
  return new GraphError('graphAnswerUnreadable', `Graph answered a ${resource} without an id`);
}
