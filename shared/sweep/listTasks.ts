import { readAllPages, type Paging } from '../graph/readAllPages';
import { isRecord, parseId } from '../parse';
import { parseParentUrl } from '../jobs/message';

/** A print task as a listing shows it (resources/printtask.md). */
export interface ListedTask {
  taskId: string;
  /** pending or processing: a job waits for it. */
  isOpen: boolean;
  /** Where its job is; undefined without a readable parentUrl. */
  place: { printerId: string; jobId: string } | undefined;
}

/**
 * GET /print/taskDefinitions/{id}/tasks, all pages: running tasks and those that ended lately. It takes no query options
 * (api/printtaskdefinition-list-tasks.md). An item without a usable id is passed over.
 *
 * @throws GraphError as `readAllPages`
 */
export async function* listTasks(
  paging: Paging,
  { tenantId, definitionId }: { tenantId: string; definitionId: string },
): AsyncGenerator<ListedTask> {
  const path = `/print/taskDefinitions/${encodeURIComponent(definitionId)}/tasks`;
  const permission = 'PrintTaskDefinition.ReadWrite.All';
  for await (const item of readAllPages(paging, { tenantId, path, permission })) {
    const { id, status, parentUrl } = isRecord(item) ? item : {};
    const taskId = parseId(id);
    if (taskId === undefined) continue;
    const state = isRecord(status) ? status['state'] : undefined;
    yield { taskId, isOpen: state === 'pending' || state === 'processing', place: parseParentUrl(parentUrl) };
  }
}
