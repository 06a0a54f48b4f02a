import type { Command } from 'commander';
import { ReceiverError } from '../shared/errors';
import { GraphError } from '../shared/graph/errors';
import {
  createDefinition,
  deleteDefinition,
  listDefinitions,
  type PrintDefinition,
} from '../shared/graph/api/taskDefinitions';
import { listTasks } from '../shared/graph/api/printTasks';
import { confirm, nameArgument, TENANT_FLAG, TENANT_HELP } from './arguments';
import type { CliContext } from './context';
import { example, JSON_HELP, plural, type JsonOption } from './output';

export const DEFAULT_APP_NAME = 'Universal Print Receiver';
const TENANT = '--tenant 11111111-1111-1111-1111-111111111111';

interface TenantOption extends JsonOption {
  tenant: string;
}

interface CreateOptions extends TenantOption {
  name: string;
  appName: string;
  force?: true;
}

interface DeleteOptions extends TenantOption {
  force?: true;
  yes?: true;
}

/** The group `definitions`: the print task definitions that triggers bind to printers. */
export function definitionsCommand(group: Command, context: CliContext): void {
  group.description('Manage the print task definitions of this app in a customer tenant');
  group
    .command('create')
    .description('Create a print task definition, which triggers bind to printers')
    .requiredOption(TENANT_FLAG, TENANT_HELP, nameArgument)
    .requiredOption('--name <text>', 'name of the definition, shown to administrators', nameArgument)
    .option('--app-name <text>', 'name of the app, shown to administrators', nameArgument, DEFAULT_APP_NAME)
    .option('--force', 'create it although this app has a definition of the same name')
    .option('--json', JSON_HELP)
    .addHelpText(
      'after',
      '\nThe command fails while this app has a definition of the same name, in upper or lower case.\n' +
        example(`definitions create ${TENANT} --name "Accounting"`),
    )
    .action((options: CreateOptions) => create(context, options));
  group
    .command('list')
    .description('List the definitions of this app')
    .requiredOption(TENANT_FLAG, TENANT_HELP, nameArgument)
    .option('--json', JSON_HELP)
    .addHelpText('after', example(`definitions list ${TENANT}`))
    .action((options: TenantOption) => list(context, options));
  group
    .command('delete')
    .description('Delete a definition. Its triggers start no more tasks')
    .argument('<definition>', 'the definition: its name or id', nameArgument)
    .requiredOption(TENANT_FLAG, TENANT_HELP, nameArgument)
    .option('--force', 'skip the check for open tasks and for a watch')
    .option('--yes', 'skip the confirmation')
    .option('--json', JSON_HELP)
    .addHelpText(
      'after',
      '\nThe command fails while a task of the definition is open or the app watches the definition.\n' +
        example(`definitions delete 22222222-2222-2222-2222-222222222222 ${TENANT} --yes`),
    )
    .action((id: string, options: DeleteOptions) => remove(context, id, options));
}

async function create(context: CliContext, options: CreateOptions): Promise<void> {
  const { tenant: tenantId } = options;
  if (!options.force) await requireNewName(context, tenantId, options.name);
  const { callGraph } = await (await context.services()).graph();
  const names = { displayName: options.name, appName: options.appName };
  const definition = { tenantId, ...(await createDefinition(callGraph, tenantId, names)) };
  if (options.json) return context.terminal.json(definition);
  context.terminal.print(
    `Created definition ${definition.id} (${definition.displayName}).`,
    `Next: subscriptions add --tenant ${tenantId} --definition ${definition.id}`,
  );
}

/** Graph takes any number of definitions of one name, and administrators choose by the name. */
async function requireNewName(context: CliContext, tenantId: string, name: string): Promise<void> {
  const same = (await readDefinitions(context, tenantId)).filter(
    ({ displayName }) => displayName.trim().toLowerCase() === name.toLowerCase(),
  );
  if (same.length === 0) return;
  const details = same.map(({ id, displayName, appName = 'unknown' }) => `${id} (${displayName}, app ${appName})`);
  throw new ReceiverError('definitionExists', `This app has a definition of that name in tenant ${tenantId}`, {
    details,
    remedy: `Watch it with subscriptions add --tenant ${tenantId} --definition ${same[0]?.id ?? ''}, choose another name, or add --force.`,
  });
}

async function readDefinitions({ services }: CliContext, tenantId: string): Promise<PrintDefinition[]> {
  const opened = await services();
  const { graphBaseUrl, clientId } = await opened.config();
  const { callGraph } = await opened.graph();
  return listDefinitions({ callGraph, graphBaseUrl, clientId }, tenantId);
}

async function list(context: CliContext, options: TenantOption): Promise<void> {
  const { tenant: tenantId } = options;
  const found = (await readDefinitions(context, tenantId)).map((definition) => ({ tenantId, ...definition }));
  if (options.json) return context.terminal.json(found);
  if (found.length === 0) {
    return context.terminal.print(
      `This app has no definition in the tenant. Create one: definitions create --tenant ${tenantId} --name <text>`,
    );
  }
  const rows = found.map(({ id, displayName, appName }) => [id, displayName, appName ?? '']);
  context.terminal.table(['id', 'name', 'app'], rows);
}

/** Asks for confirmation, checks that the definition is not in use, then deletes it. */
async function remove(context: CliContext, id: string, options: DeleteOptions): Promise<void> {
  const { tenant: tenantId } = options;
  const question = `Delete definition ${id} of tenant ${tenantId}? Its triggers start no more tasks.`;
  if (!options.yes && !(await confirm(context.terminal, 'definitions delete', question))) {
    return context.terminal.note('Nothing was deleted.');
  }
  if (!options.force) await requireUnused(context, tenantId, id);
  const { callGraph } = await (await context.services()).graph();
  if (!(await deleteDefinition(callGraph, tenantId, id))) throw notFound(tenantId, id);
  if (options.json) return context.terminal.json({ tenantId, id, deleted: true });
  context.terminal.print(`Deleted definition ${id}.`);
}

/**
 * A watch of a deleted definition can only fail, and the documentation does not say who ends the open tasks of a deleted
 * definition (api/print-delete-taskdefinition.md).
 */
async function requireUnused(context: CliContext, tenantId: string, id: string): Promise<void> {
  const services = await context.services();
  const reasons: string[] = [];
  if (await (await services.watches()).get({ tenantId, kind: 'jobStarted', id })) {
    reasons.push(
      `The app watches it: delete its triggers (triggers list --tenant ${tenantId}), then run subscriptions remove --tenant ${tenantId} --definition ${id}`,
    );
  }
  const open = await countOpenTasks(context, tenantId, id);
  if (open > 0) {
    reasons.push(
      `It has ${plural(open, 'open task')}, and an open task pauses its job: delete its triggers, then run jobs sweep --tenant ${tenantId} until jobs list --tenant ${tenantId} shows the jobs as done`,
    );
  }
  if (reasons.length === 0) return;
  throw new ReceiverError('definitionInUse', `Definition ${id} is in use`, { details: reasons });
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
    if (error instanceof GraphError && error.code === 'graphNotFound') throw notFound(tenantId, definitionId);
    throw error;
  }
  return open;
}

function notFound(tenantId: string, id: string): ReceiverError {
  return new ReceiverError('graphNotFound', `This app has no definition ${id} in the tenant`, {
    remedy: `See: definitions list --tenant ${tenantId}`,
  });
}
