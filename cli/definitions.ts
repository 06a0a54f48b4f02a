import type { Command } from 'commander';
import { ReceiverError } from '../shared/errors';
import { createDefinition, deleteDefinition, listDefinitions } from '../shared/graph/printDefinitions';
import { idArgument, nameArgument, tenantArgument, usageError } from './arguments';
import type { CliContext } from './cliContext';
import { formatTable, writeJson } from './output';
import { exampleHelp, JSON_HELP } from './verbHelp';

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
      exampleHelp('definitions create --tenant 11111111-1111-1111-1111-111111111111 --name "Accounting"'),
    )
    .action((options: CreateOptions) => create(context, options));
  group
    .command('list')
    .description("show this app's definitions")
    .requiredOption('--tenant <id>', 'GUID of the tenant', tenantArgument)
    .option('--json', JSON_HELP)
    .addHelpText('after', exampleHelp('definitions list --tenant 11111111-1111-1111-1111-111111111111'))
    .action((options: { tenant: string; json?: true }) => list(context, options));
  group
    .command('delete')
    .description('delete a definition: no task will be started for it any more')
    .argument('<definitionId>', 'id of the definition', idArgument)
    .requiredOption('--tenant <id>', 'GUID of the tenant', tenantArgument)
    .option('--yes', 'do not ask')
    .option('--json', JSON_HELP)
    .addHelpText(
      'after',
      exampleHelp(
        'definitions delete 22222222-2222-2222-2222-222222222222 --tenant 11111111-1111-1111-1111-111111111111 --yes',
      ),
    )
    .action((id: string, options: { tenant: string; yes?: true; json?: true }) =>
      remove(context, id, options),
    );
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

async function remove(
  context: CliContext,
  id: string,
  options: { tenant: string; yes?: true; json?: true },
): Promise<void> {
  if (!options.yes) {
    const answer = await context.io.confirm(
      `Delete definition ${id} of tenant ${options.tenant}? Its triggers start no more tasks.`,
    );
    if (answer === undefined)
      throw usageError('definitions delete asks before it deletes: add --yes to do it unasked');
    if (!answer) return context.io.stderr('Nothing was deleted.\n');
  }
  const { callGraph } = await (await context.services()).graph();
  if (!(await deleteDefinition(callGraph, options.tenant, id))) {
    throw new ReceiverError(
      `This app has no definition ${id} in the tenant: definitions list shows those it has`,
      {
        code: 'graphNotFound',
        retryable: false,
      },
    );
  }
  if (options.json) return writeJson(context.io.stdout, { tenantId: options.tenant, id, deleted: true });
  context.io.stdout(`Definition ${id} is deleted.\n`);
}
