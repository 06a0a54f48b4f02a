import { InvalidArgumentError, type Command } from 'commander';
import { examples, JSON_HELP, wholeNumber, type ToolContext } from './context';
import { findPrinter, findTenant } from './findNamed';
import { configurationOf, parsePages, userOf, type PrintSettings } from './printOrder';

interface PrintOptions extends PrintSettings {
  printer: string;
  tenant?: string;
  user?: string;
  document?: string;
  count: number;
  json?: true;
}

/** The verb `print`: users of the simulated customers print. */
export function printCommand(command: Command, context: ToolContext): void {
  command
    .description('Print a job on a printer of the local cloud')
    .requiredOption('--printer <id>', 'id or name of the printer, or how one begins')
    .option('--tenant <id>', 'id or name of its tenant, where printers of several have the name')
    .option('--user <name>', 'user principal name of the person who prints')
    .option('--document <name>', 'name of the document')
    .option('--pages <range>', 'pages to print, such as 2 or 1-3', rangeArgument)
    .option('--copies <number>', 'how many copies', wholeNumber)
    .option('--color', 'print in color')
    .option('--grayscale', 'print in grayscale')
    .option('--duplex', 'print on both sides')
    .option('--count <number>', 'how many jobs', wholeNumber, 1)
    .option('--json', JSON_HELP)
    .addHelpText(
      'after',
      examples('print --printer Reception', 'print --printer Reception --user ada@contoso.example --copies 2 --color'),
    )
    .action((options: PrintOptions) => print(context, options));
}

async function print({ control, output }: ToolContext, options: PrintOptions): Promise<void> {
  const simulator = control();
  const state = await simulator.state();
  const tenants = options.tenant === undefined ? state.tenants : [findTenant(state, options.tenant)];
  const { tenant, id: printerId, name } = findPrinter({ ...state, tenants }, options.printer);
  const { tenantId } = tenant;
  const jobs = await simulator.print(tenantId, {
    printerId,
    count: options.count,
    configuration: configurationOf(options),
    ...(options.user !== undefined && { user: userOf(options.user) }),
    ...(options.document !== undefined && { documents: [{ displayName: options.document }] }),
  });
  if (options.json) return output.json(jobs.map((job) => ({ tenantId, ...job })));
  for (const { jobId, taskId } of jobs) {
    output.print(`Printed job ${jobId} on ${name}${taskId === undefined ? '.' : ', where it waits for the app.'}`);
  }
  // A printer takes no more jobs than its limits allow.
  const refused = options.count - jobs.length;
  if (refused > 0) output.print(`The limits of the printer refused ${refused === 1 ? '1 job' : `${refused} jobs`}.`);
  const [first] = jobs;
  if (first) output.print(`Next: npm run -s cli -- jobs show ${first.jobId} --tenant ${tenantId}`);
}

function rangeArgument(value: string): { start: number; end: number } {
  const pages = parsePages(value);
  if (!pages) throw new InvalidArgumentError('It must be a page, or two such as 1-3.');
  return pages;
}
