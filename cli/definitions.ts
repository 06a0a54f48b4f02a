import type { Command } from 'commander';
import { createDefinition, listDefinitions } from '../shared/graph/api/taskDefinitions';
import { idArgument, nameArgument, tenantArgument } from './arguments';
import type { CliContext } from './cliContext';
import { deleteDefinitionVerb, type DeleteDefinitionOptions } from './deleteDefinitionVerb';
import { example, formatTable, JSON_HELP, writeJson } from './output';

const DEFAULT_APP_NAME = 'Universal Print Receiver';

interface CreateOptions {
  tenant: string;
  name: string;
  appName: string;
  json?: true;
}

/** The group `definitions`: the print task definitions that triggers bind to printers. */
export function definitionsCommand(group: Command, context: CliContext): void {
  group.description('print task definitions of this app in a customer tenant');
  group
    .command('create')
    .description('create a print task definition, to be bound to printers by triggers')
    .requiredOption('--tenant <id>', 'GUID of the tenant', tenantArgument)
    .requiredOption('--name <text>', 'name of the definition, shown to administrators', nameArgument)
    .option('--app-name <text>', 'name of the app, shown to administrators', nameArgument, DEFAULT_APP_NAME)
    .option('--json', JSON_HELP)
    .addHelpText(
      'after',
      example('definitions create --tenant 11111111-1111-1111-1111-111111111111 --name "Accounting"'),
    )
    .action((options: CreateOptions) => create(context, options));
  group
    .command('list')
    .description("show this app's definitions")
    .requiredOption('--tenant <id>', 'GUID of the tenant', tenantArgument)
    .option('--json', JSON_HELP)
    .addHelpText('after', example('definitions list --tenant 11111111-1111-1111-1111-111111111111'))
    .action((options: { tenant: string; json?: true }) => list(context, options));
  group
    .command('delete')
    .description('delete a definition: no task will be started for it any more')
    .argument('<definitionId>', 'id of the definition', idArgument)
    .requiredOption('--tenant <id>', 'GUID of the tenant', tenantArgument)
    .option('--force', 'do not look for open tasks and for a watch of it')
    .option('--yes', 'do not ask')
    .option('--json', JSON_HELP)
    .addHelpText(
      'after',
      '\nIt refuses while a task of the definition is open or the app watches it.\n' +
        example(
          'definitions delete 22222222-2222-2222-2222-222222222222 --tenant 11111111-1111-1111-1111-111111111111 --yes',
        ),
    )
    .action((id: string, options: DeleteDefinitionOptions) => deleteDefinitionVerb(context, id, options));
}

async function create(context: CliContext, options: CreateOptions): Promise<void> {
  const { tenant: tenantId } = options;
  const { callGraph } = await (await context.services()).graph();
  const names = { displayName: options.name, appName: options.appName };
  const definition = { tenantId, ...(await createDefinition(callGraph, tenantId, names)) };
  if (options.json) return writeJson(context.io.stdout, definition);
  context.io.stdout(
    `Definition ${definition.id} (${definition.displayName}) is created.\nNext: subscriptions add --tenant ${tenantId} --definition ${definition.id}\n`,
  );
}

async function list(context: CliContext, options: { tenant: string; json?: true }): Promise<void> {
  const { tenant: tenantId } = options;
  const services = await context.services();
  const { graphBaseUrl } = await services.config();
  const { callGraph } = await services.graph();
  const found = (await listDefinitions({ callGraph, graphBaseUrl }, tenantId)).map((one) => ({
    tenantId,
    ...one,
  }));
  if (options.json) return writeJson(context.io.stdout, found);
  if (found.length === 0) {
    return context.io.stdout(
      `This app has no definition in the tenant. Create one with: definitions create --tenant ${tenantId} --name <text>\n`,
    );
  }
  const rows = found.map(({ id, displayName, appName }) => [id, displayName, appName ?? '']);
  context.io.stdout(formatTable(['id', 'name', 'app'], rows));
}
