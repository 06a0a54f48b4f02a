import type { Command } from 'commander';
import { ReceiverError } from '../shared/errors';
import { GraphError } from '../shared/graph/errors';
import { isPullPrintPrinter } from '../shared/graph/api/pullPrintPrinters';
import {
  createTrigger,
  deleteTrigger,
  findTriggers,
  TRIGGER_PERMISSIONS,
  type FoundTrigger,
} from '../shared/graph/api/taskTriggers';
import { deviceCodeOption, openAdministratorGraph, SIGN_IN_HELP, type SignInOptions } from './administrator';
import { confirm, idArgument, nameArgument, pullPrintPrinter, TENANT_FLAG, TENANT_HELP } from './arguments';
import type { CliContext } from './context';
import { printerCauses, withLikelyCauses } from './graphRefusal';
import { example, JSON_HELP, reportProgress, type JsonOption } from './output';

interface ListOptions extends JsonOption, SignInOptions {
  tenant: string;
}

interface CreateOptions extends JsonOption, SignInOptions {
  tenant: string;
  printer: string;
  definition: string;
}

interface DeleteOptions extends JsonOption, SignInOptions {
  tenant: string;
  printer: string;
  yes?: true;
}

const TENANT = '--tenant 11111111-1111-1111-1111-111111111111';
const PRINTER = '--printer 33333333-3333-3333-3333-333333333333';

/** The group `triggers`: a trigger binds a definition to a printer, so that each new job waits for the app. */
export function triggersCommand(group: Command, context: CliContext): void {
  group.description('Manage the triggers that bind a definition to a printer. A Printer Administrator signs in');
  group
    .command('create')
    .description('Make every new job of a printer wait for the app')
    .requiredOption(TENANT_FLAG, TENANT_HELP, nameArgument)
    .requiredOption('--printer <name or id>', 'the printer', nameArgument)
    .requiredOption('--definition <name or id>', 'a definition of this app', nameArgument)
    .addOption(deviceCodeOption())
    .option('--json', JSON_HELP)
    .addHelpText(
      'after',
      SIGN_IN_HELP + example(`triggers create ${TENANT} ${PRINTER} --definition 22222222-2222-2222-2222-222222222222`),
    )
    .action((options: CreateOptions) => create(context, options));
  group
    .command('list')
    .description('List every printer that has a trigger, and whether the trigger belongs to this app')
    .requiredOption(TENANT_FLAG, TENANT_HELP, nameArgument)
    .addOption(deviceCodeOption())
    .option('--json', JSON_HELP)
    .addHelpText('after', SIGN_IN_HELP + example(`triggers list ${TENANT}`))
    .action((options: ListOptions) => list(context, options));
  group
    .command('delete')
    .description('Delete a trigger. New jobs of the printer print without waiting for the app')
    .argument('<triggerId>', 'id of the trigger', idArgument)
    .requiredOption(TENANT_FLAG, TENANT_HELP, nameArgument)
    .requiredOption('--printer <name or id>', 'the printer', nameArgument)
    .option('--yes', 'skip the confirmation')
    .addOption(deviceCodeOption())
    .option('--json', JSON_HELP)
    .addHelpText(
      'after',
      SIGN_IN_HELP + example(`triggers delete 66666666-6666-6666-6666-666666666666 ${TENANT} ${PRINTER} --yes`),
    )
    .action((id: string, options: DeleteOptions) => remove(context, id, options));
}

async function create(context: CliContext, options: CreateOptions): Promise<void> {
  const { tenant: tenantId, printer: printerId, definition: definitionId } = options;
  const services = await context.services();
  const { graphBaseUrl } = await services.config();
  if (await isPullPrintPrinter((await services.graph()).callGraph, tenantId, printerId)) {
    throw pullPrintPrinter(printerId, 'triggers');
  }
  const callGraph = await openAdministratorGraph(context, tenantId, TRIGGER_PERMISSIONS.write, options);
  try {
    const trigger = await createTrigger({ callGraph, graphBaseUrl }, { tenantId, printerId, definitionId });
    if (options.json) return context.terminal.json({ tenantId, printerId, ...trigger });
    context.terminal.print(
      `Created trigger ${trigger.id}: new jobs of printer ${printerId} wait for the app.`,
      `Next: subscriptions add --tenant ${tenantId} --definition ${definitionId}`,
    );
  } catch (error) {
    if (!(error instanceof GraphError) || error.code !== 'graphConflict') {
      const ofDefinition = `${definitionId} is not a definition of this app: definitions list --tenant ${tenantId}`;
      throw withLikelyCauses(error, [...printerCauses({ tenantId, printerId }), ofDefinition]);
    }
    throw new ReceiverError(
      'graphConflict',
      `Printer ${printerId} already has a trigger, and a printer can have only one`,
      { cause: error, remedy: `See whose it is: triggers list --tenant ${tenantId}` },
    );
  }
}

async function list(context: CliContext, options: ListOptions): Promise<void> {
  const { tenant: tenantId } = options;
  const found = await readTriggers(context, tenantId, options);
  if (options.json) {
    return context.terminal.json(found.map((trigger) => ({ tenantId, ...trigger })));
  }
  if (found.length === 0) {
    return context.terminal.print(
      `No printer of the tenant has a trigger. Create one: triggers create --tenant ${tenantId} --printer <id> --definition <id>`,
    );
  }
  const rows = found.map(({ printerId, printerName, id, definitionId, ours }) => [
    printerId,
    printerName,
    id,
    definitionId ?? '',
    ours === undefined ? 'unknown' : ours ? 'this app' : 'another app',
  ]);
  context.terminal.table(['printer', 'name', 'trigger', 'definition', 'owner'], rows);
}

async function remove(context: CliContext, triggerId: string, options: DeleteOptions): Promise<void> {
  const { tenant: tenantId, printer: printerId } = options;
  const question = `Delete trigger ${triggerId} of printer ${printerId}? New jobs print without waiting for the app.`;
  if (!options.yes && !(await confirm(context.terminal, 'triggers delete', question))) {
    return context.terminal.note('Nothing was deleted.');
  }
  const callGraph = await openAdministratorGraph(context, tenantId, TRIGGER_PERMISSIONS.write, options);
  if (!(await deleteTrigger(callGraph, { tenantId, printerId, triggerId }))) {
    throw new ReceiverError('graphNotFound', `Printer ${printerId} has no trigger ${triggerId}`, {
      remedy: `See: triggers list --tenant ${tenantId}`,
    });
  }
  if (options.json) return context.terminal.json({ tenantId, printerId, id: triggerId, deleted: true });
  context.terminal.print(`Deleted trigger ${triggerId}.`);
}

/** Signs a Printer Administrator in and reads every trigger of the tenant, with progress on stderr. */
export async function readTriggers(
  context: CliContext,
  tenantId: string,
  options: SignInOptions,
): Promise<FoundTrigger[]> {
  const services = await context.services();
  const { graphBaseUrl, clientId } = await services.config();
  const administrator = {
    graphBaseUrl,
    callGraph: await openAdministratorGraph(context, tenantId, TRIGGER_PERMISSIONS.read, options),
  };
  const app = { graphBaseUrl, clientId, callGraph: (await services.graph()).callGraph };
  const onProgress = reportProgress(context.terminal, 20, (read) => `${read} printers read`);
  return findTriggers(app, administrator, tenantId, onProgress);
}
