import { ReceiverError } from '../shared/errors';
import { GraphError } from '../shared/graph/errors';
import { deleteDefinition } from '../shared/graph/api/taskDefinitions';
import { listTasks } from '../shared/graph/api/printTasks';
import type { CliContext } from './cliContext';
import { confirmed } from './confirmed';
import { writeJson } from './output';

export interface DeleteDefinitionOptions {
  tenant: string;
  force?: true;
  yes?: true;
  json?: true;
}

/** The verb `definitions delete`: asks, looks for what still needs the definition, then deletes it. */
export async function deleteDefinitionVerb(
  context: CliContext,
  id: string,
  options: DeleteDefinitionOptions,
): Promise<void> {
  const { tenant: tenantId } = options;
  const question = `Delete definition ${id} of tenant ${tenantId}? Its triggers start no more tasks.`;
  if (!options.yes && !(await confirmed(context.io, 'definitions delete', question))) {
    return context.io.stderr('Nothing was deleted.\n');
  }
  if (!options.force) await refuseWhileInUse(context, tenantId, id);
  const { callGraph } = await (await context.services()).graph();
  if (!(await deleteDefinition(callGraph, tenantId, id))) throw notThere(id);
  if (options.json) return writeJson(context.io.stdout, { tenantId, id, deleted: true });
  context.io.stdout(`Definition ${id} is deleted.\n`);
}

/** Nothing says who ends a task whose definition is gone (api/print-delete-taskdefinition.md); a watch of it can only fail. */
async function refuseWhileInUse(context: CliContext, tenantId: string, id: string): Promise<void> {
  const services = await context.services();
  const reasons: string[] = [];
  if (await (await services.watches()).get({ tenantId, kind: 'jobStarted', id })) {
    reasons.push(
      `it is watched: remove its triggers (triggers list, triggers delete), then subscriptions remove --tenant ${tenantId} --definition ${id}`,
    );
  }
  const open = await countOpenTasks(context, tenantId, id);
  if (open > 0) {
    reasons.push(
      `${open} task(s) of it are open, and each holds a job back: remove its triggers, then jobs sweep --tenant ${tenantId} until jobs list --tenant ${tenantId} shows them done`,
    );
  }
  if (reasons.length === 0) return;
  throw new ReceiverError(
    'definitionInUse',
    `Definition ${id} is in use; ${reasons.join('; ')}; or give --force`,
  );
}

async function countOpenTasks(context: CliContext, tenantId: string, definitionId: string): Promise<number> {
  const services = await context.services();
  const { graphBaseUrl } = await services.config();
  const { callGraph } = await services.graph();
  let open = 0;
  try {
    for await (const { isOpen } of listTasks({ callGraph, graphBaseUrl }, { tenantId, definitionId })) {
      if (isOpen) open += 1;
    }
  } catch (error) {
    if (error instanceof GraphError && error.code === 'graphNotFound') throw notThere(definitionId);
    throw error;
  }
  return open;
}

function notThere(id: string): ReceiverError {
  return new ReceiverError(
    'graphNotFound',
    `This app has no definition ${id} in the tenant: definitions list shows those it has`,
  );
}
