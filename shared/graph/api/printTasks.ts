import { isRecord, parseId, parseParentUrl, parseText } from '../../parse';
import { unlessNotFound, type CallGraph } from '../client';
import { unreadableAnswer } from '../errors';
import { readAllPages, type Paging } from '../paging';

/** A print task (resources/printtask.md). */
export interface PrintTask {
  /** Lower-cased. */
  id: string;
  /** pending, processing, completed, aborted, or a value that Graph added since. */
  state: string;
  /** pending or processing: its job waits for it. */
  isOpen: boolean;
  /** Where its job is. Absent without a readable parentUrl. */
  place?: { printerId: string; jobId: string };
}

/** Names one task of a tenant. */
interface TaskKey {
  tenantId: string;
  definitionId: string;
  taskId: string;
}

const PERMISSION = 'PrintTaskDefinition.ReadWrite.All';

/**
 * GET /print/taskDefinitions/{id}/tasks/{id}.
 *
 * @returns undefined for a 404, which also a task gets that Graph does not show yet
 * @throws GraphError as `callGraph` otherwise, and `graphAnswerUnreadable`
 */
export async function readTask(callGraph: CallGraph, task: TaskKey): Promise<PrintTask | undefined> {
  const path = taskPath(task);
  const answer = await unlessNotFound(
    callGraph({ tenantId: task.tenantId, method: 'GET', path, permission: PERMISSION }),
  );
  if (!answer) return undefined;
  const parsed = parseTask(answer.body);
  if (!parsed) throw unreadableAnswer('a printTask without an id', path);
  return parsed;
}

/**
 * Ends the task, so that its job continues (api/printtaskdefinition-update-task.md).
 *
 * @param description stays on the task and shows who ended it
 * @throws GraphError as `callGraph`
 */
export async function completeTask(callGraph: CallGraph, task: TaskKey, description: string): Promise<void> {
  await callGraph({
    tenantId: task.tenantId,
    method: 'PATCH',
    path: taskPath(task),
    body: { status: { state: 'completed', description } },
    permission: PERMISSION,
  });
}

/**
 * GET /print/taskDefinitions/{id}/tasks, all pages: running tasks and those that ended recently. It takes no query options
 * (api/printtaskdefinition-list-tasks.md). An item without a usable id is skipped.
 *
 * @throws GraphError as `readAllPages`
 */
export async function* listTasks(
  paging: Paging,
  { tenantId, definitionId }: { tenantId: string; definitionId: string },
): AsyncGenerator<PrintTask> {
  const call = { tenantId, path: tasksPath(definitionId), permission: PERMISSION };
  for await (const item of readAllPages(paging, call)) {
    const task = parseTask(item);
    if (task) yield task;
  }
}

function tasksPath(definitionId: string): string {
  return `/print/taskDefinitions/${encodeURIComponent(definitionId)}/tasks`;
}

function taskPath({ definitionId, taskId }: TaskKey): string {
  return `${tasksPath(definitionId)}/${encodeURIComponent(taskId)}`;
}

/** The task in an answer, an item of a listing or a job's `tasks`. Undefined without a usable id. */
export function parseTask(value: unknown): PrintTask | undefined {
  const { id, status, parentUrl } = isRecord(value) ? value : {};
  const taskId = parseId(id);
  if (taskId === undefined) return undefined;
  const { state } = isRecord(status) ? status : {};
  const place = parseParentUrl(parentUrl);
  return {
    id: taskId,
    state: parseText(state) || 'unknown',
    isOpen: state === 'pending' || state === 'processing',
    ...(place ? { place } : {}),
  };
}
