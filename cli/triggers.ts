import type { Command } from 'commander';
import { ReceiverError } from '../shared/errors';
import {
  findTriggers,
  createTrigger,
  deleteTrigger,
  TRIGGER_PERMISSIONS,
} from '../shared/graph/api/taskTriggers';
import { GraphError } from '../shared/graph/errors';
import { administratorGraph, SIGN_IN_HELP } from './administratorGraph';
import { idArgument, tenantArgument } from './arguments';
import type { CliContext } from './cliContext';
import { confirmed } from './confirmed';
import { example, formatTable, JSON_HELP, writeJson } from './output';
import { tellEvery } from './tellEvery';

interface CreateOptions {
  tenant: string;
  printer: string;
  definition: string;
  json?: true;
}

interface DeleteOptions {
  tenant: string;
  printer: string;
  yes?: true;
  json?: true;
}

const TENANT = '--tenant 11111111-1111-1111-1111-111111111111';
const PRINTER = '--printer 33333333-3333-3333-3333-333333333333';

/** The group `triggers`: what binds a definition to a printer, so that its jobs wait for us. */
export function triggersCommand(group: Command, context: CliContext): void {
  group.description('triggers that bind a definition to a printer; a Printer Administrator signs in');
  group
    .command('create')
    .description('let every new job of a printer wait for the app')
    .requiredOption('--tenant <id>', 'GUID of the tenant', tenantArgument)
    .requiredOption('--printer <id>', 'id of the printer', idArgument)
    .requiredOption('--definition <id>', 'id of a definition of this app', idArgument)
    .option('--json', JSON_HELP)
    .addHelpText(
      'after',
      SIGN_IN_HELP +
        example(`triggers create ${TENANT} ${PRINTER} --definition 22222222-2222-2222-2222-222222222222`),
    )
    .action((options: CreateOptions) => create(context, options));
  group
    .command('list')
    .description('show every printer that has a trigger, and whose it is')
    .requiredOption('--tenant <id>', 'GUID of the tenant', tenantArgument)
    .option('--json', JSON_HELP)
    .addHelpText('after', SIGN_IN_HELP + example(`triggers list ${TENANT}`))
    .action((options: { tenant: string; json?: true }) => list(context, options));
  group
    .command('delete')
    .description('let new jobs of a printer print without waiting for the app')
    .argument('<triggerId>', 'id of the trigger', idArgument)
    .requiredOption('--tenant <id>', 'GUID of the tenant', tenantArgument)
    .requiredOption('--printer <id>', 'id of its printer', idArgument)
    .option('--yes', 'do not ask')
    .option('--json', JSON_HELP)
    .addHelpText(
      'after',
      SIGN_IN_HELP +
        example(`triggers delete 66666666-6666-6666-6666-666666666666 ${TENANT} ${PRINTER} --yes`),
    )
    .action((id: string, options: DeleteOptions) => remove(context, id, options));
}

async function create(context: CliContext, options: CreateOptions): Promise<void> {
  const { tenant: tenantId, printer: printerId, definition: definitionId } = options;
  const { graphBaseUrl } = await (await context.services()).config();
  const callGraph = await administratorGraph(context, tenantId, TRIGGER_PERMISSIONS.write);
  try {
    const trigger = await createTrigger({ callGraph, graphBaseUrl }, { tenantId, printerId, definitionId });
    if (options.json) return writeJson(context.io.stdout, { tenantId, printerId, ...trigger });
    context.io.stdout(
      `Trigger ${trigger.id} is created: new jobs of printer ${printerId} wait for the app.\nNext: subscriptions add --tenant ${tenantId} --definition ${definitionId}\n`,
    );
  } catch (error) {
    if (!(error instanceof GraphError) || error.code !== 'graphConflict') throw error;
    throw new ReceiverError(
      'graphConflict',
      `Printer ${printerId} has a trigger already, and a printer takes one: triggers list shows whose it is`,
      { cause: error },
    );
  }
}

async function list(context: CliContext, options: { tenant: string; json?: true }): Promise<void> {
  const { tenant: tenantId } = options;
  const services = await context.services();
  const { graphBaseUrl } = await services.config();
  const administrator = {
    graphBaseUrl,
    callGraph: await administratorGraph(context, tenantId, TRIGGER_PERMISSIONS.read),
  };
  const app = { graphBaseUrl, callGraph: (await services.graph()).callGraph };
  const found = await findTriggers(
    app,
    administrator,
    tenantId,
    tellEvery(context.io.stderr, 20, (read) => `${read} printers read`),
  );
  if (options.json) {
    return writeJson(
      context.io.stdout,
      found.map((trigger) => ({ tenantId, ...trigger })),
    );
  }
  if (found.length === 0) {
    return context.io.stdout(
      `No printer of the tenant has a trigger. Create one with: triggers create --tenant ${tenantId} --printer <id> --definition <id>\n`,
    );
  }
  const rows = found.map(({ printerId, printerName, id, definitionId, ours }) => [
    printerId,
    printerName,
    id,
    definitionId ?? '',
    ours === undefined ? 'unknown' : ours ? 'this app' : 'another app',
  ]);
  context.io.stdout(formatTable(['printer', 'name', 'trigger', 'definition', 'of'], rows));
}

async function remove(context: CliContext, triggerId: string, options: DeleteOptions): Promise<void> {
  const { tenant: tenantId, printer: printerId } = options;
  const question = `Delete trigger ${triggerId} of printer ${printerId}? Its new jobs print without waiting for the app.`;
  if (!options.yes && !(await confirmed(context.io, 'triggers delete', question))) {
    return context.io.stderr('Nothing was deleted.\n');
  }
  const callGraph = await administratorGraph(context, tenantId, TRIGGER_PERMISSIONS.write);
  if (!(await deleteTrigger(callGraph, { tenantId, printerId, triggerId }))) {
    throw new ReceiverError(
      'graphNotFound',
      `Printer ${printerId} has no trigger ${triggerId}: triggers list shows those it has`,
    );
  }
  if (options.json)
    return writeJson(context.io.stdout, { tenantId, printerId, id: triggerId, deleted: true });
  context.io.stdout(`Trigger ${triggerId} is deleted.\n`);
}
