import type { Command } from 'commander';
import { TRIGGER_PERMISSIONS } from '../../shared/graph/api/taskTriggers';
import { deviceCodeOption, SIGN_IN_HELP, type SignInOptions } from '../administrator';
import { nameArgument, TENANT_FLAG, TENANT_HELP } from '../arguments';
import type { CliContext } from '../context';
import { example, JSON_HELP, type JsonOption } from '../output';
import { applyVerb } from './applyVerb';
import { exportDocument } from './exportDocument';
import { isEmptyPlan, takenPrinters, type FleetPlan } from './fleetPlan';
import { PLAN_HEADINGS, planRows, summarizePlan } from './formatPlan';
import { importVerb, type ImportOptions } from './importFleet';
import { planFleet } from './plan';
import { planOut } from './planOut';
import type { ApplyOptions } from './planRun';
import { openFleet, readFleet } from './readFleet';
import { requireFleetDocument } from './storedFleet';

interface FleetOptions extends JsonOption, SignInOptions {
  tenant: string;
}

const TENANT = '--tenant 11111111-1111-1111-1111-111111111111';

/** The group `fleet`: which printers of a customer take which scenario. */
export function fleetCommand(group: Command, context: CliContext): void {
  group.description('Bind and watch all printers of a customer by one document (docs/fleet.md)');
  const signsIn = (command: Command, help: string, ...examples: string[]) =>
    command
      .addOption(deviceCodeOption())
      .option('--json', JSON_HELP)
      .addHelpText('after', SIGN_IN_HELP + help + example(...examples));
  const signedIn = (verb: string, description: string, help = '', ...examples: string[]) =>
    signsIn(
      group.command(verb).description(description).requiredOption(TENANT_FLAG, TENANT_HELP, nameArgument),
      help,
      ...[`fleet ${verb} ${TENANT}`, ...examples],
    );
  signedIn(
    'plan',
    'Show what separates the customer from its document. Changes nothing without --out',
    `

With --out there is no sign-in: the definitions of the document and their watches are made, and the file is written for an
administrator of the customer, who runs fleet apply with it. It holds no secret.
`,
    `fleet plan ${TENANT} --out contoso.json`,
  )
    .option(
      '--out <file>',
      'make definitions and their watches, then write the file for an administrator of the customer',
    )
    .option('--yes', 'skip the confirmation of --out')
    .action((options: PlanOptions) => plan(context, options));
  signedIn(
    'check',
    'As plan, and exit code 3 when reality differs from the document. Changes nothing',
    '\n\nA printer of the document with a trigger of another app is a difference too.\n',
  ).action((options: FleetOptions) => check(context, options));
  signsIn(
    group
      .command('apply')
      .description('Make the definitions, watches and triggers of the document, and remove those that it does not name')
      .argument('[file]', 'a file of fleet plan --out: only its triggers, without any setting of the app')
      .option(TENANT_FLAG, TENANT_HELP, nameArgument),
    '\n\nMay be stopped with Ctrl-C and repeated: each run makes what is missing.\n',
    ...[`fleet apply ${TENANT}`, 'fleet apply contoso.json'],
  )
    .option('--yes', 'skip the confirmation')
    .action((file: string | undefined, options: ApplyOptions) => applyVerb(context, file, options));
  signedIn('export', 'Print a document of what is there now').action((options: FleetOptions) =>
    exportVerb(context, options),
  );
  group
    .command('import')
    .description('Store the document of a customer')
    .argument('[file]', 'the document, a JSON file')
    .requiredOption(TENANT_FLAG, TENANT_HELP, nameArgument)
    .option('--csv <file>', 'instead of a document: a CSV file with the columns id or name, scenario, definition')
    .option('--etag <text>', 'ETag of the stored version that is replaced')
    .addOption(deviceCodeOption())
    .option('--json', JSON_HELP)
    .addHelpText(
      'after',
      '\nThe replaced version stays in fleet/history/. With --csv, a Printer Administrator signs in, to check the names.\n' +
        SIGN_IN_HELP +
        example(
          `fleet import fleet.json ${TENANT}`,
          `fleet import --csv printers.csv ${TENANT} --etag 0x8DE2C3A9F1B7C40`,
        ),
    )
    .action((file: string | undefined, options: ImportOptions) => importVerb(context, file, options));
}

interface PlanOptions extends FleetOptions {
  out?: string;
  yes?: true;
}

async function plan(context: CliContext, options: PlanOptions): Promise<void> {
  const { out } = options;
  if (out !== undefined) return planOut(context, { ...options, out });
  printPlan(context, await readPlan(context, options), options);
}

async function check(context: CliContext, options: FleetOptions): Promise<void> {
  const found = await readPlan(context, options);
  printPlan(context, found, options);
  if (!isEmptyPlan(found) || takenPrinters(found).length > 0) context.markDifferent();
}

async function readPlan(context: CliContext, options: FleetOptions): Promise<FleetPlan> {
  const document = await requireFleetDocument(context, options.tenant);
  const opened = await openFleet(context, options.tenant, TRIGGER_PERMISSIONS.read, options);
  return planFleet(document, await readFleet(context, opened, { triggers: document.jobStarted !== undefined }));
}

function printPlan({ terminal }: CliContext, found: FleetPlan, { tenant, json }: FleetOptions): void {
  if (json) return terminal.json({ tenantId: tenant, ...found });
  const rows = planRows(found);
  if (rows.length > 0) terminal.table(PLAN_HEADINGS, rows);
  terminal.print(...summarizePlan(found, tenant));
}

async function exportVerb(context: CliContext, options: FleetOptions): Promise<void> {
  const opened = await openFleet(context, options.tenant, TRIGGER_PERMISSIONS.read, options);
  context.terminal.json(exportDocument(await readFleet(context, opened, { triggers: true })));
}
