import { isRecord, parseId, parseText } from '../../parse';
import { unlessNotFound, type CallGraph } from '../client';
import { unreadableAnswer } from '../errors';
import { parseJobUrl, type NamedPlace } from '../../jobPlace';
import { readAllPages, type Paging } from '../paging';

/** A print task (resources/printtask.md). */
export interface PrintTask {
  /** Lower-cased. */
  id: string;
  /** pending, processing, completed, aborted, or a value that Graph added since. */
  state: string;
  /** pending or processing: its job waits for it. */
  isOpen: boolean;
  /** completed or aborted. A task in a state that is not documented is neither open nor known to have ended. */
  hasEnded: boolean;
  /** Where its job is. Absent without a readable parentUrl. */
  place?: NamedPlace;
}

/** Why an answer shows no task or job: a 404, or an answer that is about another one. */
export type NotShown = 'notFound' | 'otherId';

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
 * @returns `notFound` for a 404, which also a task gets that Graph does not show yet
 * @throws GraphError as `callGraph` otherwise, and `graphAnswerUnreadable`
 */
export async function readTask(callGraph: CallGraph, task: TaskKey): Promise<PrintTask | NotShown> {
  const call = callOf(task);
  const answer = await unlessNotFound(callGraph({ ...call, method: 'GET' }));
  if (!answer) return 'notFound';
  const parsed = parseTask(answer.body);
  if (!parsed) throw unreadableAnswer('a printTask without an id', call.path);
  return parsed.id === task.taskId.toLowerCase() ? parsed : 'otherId';
}

/**
 * Ends the task (api/printtaskdefinition-update-task.md). The job of a completed task continues. The page does not say what an
 * aborted task does to its job.
 *
 * @param status its description stays on the task and shows who ended it
 * @throws GraphError as `callGraph`
 */
export async function endTask(
  callGraph: CallGraph,
  task: TaskKey,
  status: { state: 'completed' | 'aborted'; description: string },
): Promise<void> {
  const body = { status };
  await callGraph({ ...callOf(task), method: 'PATCH', body });
}

/**
 * GET /print/taskDefinitions/{id}/tasks, all pages: running tasks and those that ended recently. It takes no query options
 * (api/printtaskdefinition-list-tasks.md). An item without a usable id is skipped.
 *
 * @throws GraphError as `readAllPages`
 */
export function listTasks(
  paging: Paging,
  { tenantId, definitionId }: { tenantId: string; definitionId: string },
): AsyncGenerator<PrintTask> {
  return readAllPages(paging, { tenantId, path: tasksPath(definitionId), permission: PERMISSION }, parseTask);
}

function tasksPath(definitionId: string): string {
  return `/print/taskDefinitions/${encodeURIComponent(definitionId)}/tasks`;
}

function callOf({ tenantId, definitionId, taskId }: TaskKey) {
  const path = `${tasksPath(definitionId)}/${encodeURIComponent(taskId)}`;
  return { tenantId, path, permission: PERMISSION };
}

/** The task in an answer, an item of a listing or a job's `tasks`. Undefined without a usable id. */
export function parseTask(value: unknown): PrintTask | undefined {
  const { id, status, parentUrl } = isRecord(value) ? value : {};
  const taskId = parseId(id);
  if (taskId === undefined) return undefined;
  const { state } = isRecord(status) ? status : {};
  const place = parseJobUrl(parentUrl);
  return {
    id: taskId,
    state: parseText(state) || 'unknown',
    isOpen: state === 'pending' || state === 'processing',
    hasEnded: state === 'completed' || state === 'aborted',
    ...(place ? { place } : {}),
  };
}
