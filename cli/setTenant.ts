import { InvalidArgumentError, Option, type Command } from 'commander';
import { TENANT_BOUNDS, type Tenant } from '../shared/tenants/tenants';
import { notListed, usageError } from './arguments';
import type { CliContext } from './context';
import { example, type JsonOption } from './output';
import { describeChoices, documentsOutliveNames } from './tenantChoices';

type Choices = Pick<
  Tenant,
  | 'retentionDays'
  | 'documentDays'
  | 'personalDataDays'
  | 'taskDeadlineMinutes'
  | 'quietPrinterMinutes'
  | 'completionEvents'
>;

interface SetOptions extends JsonOption {
  retentionDays?: number;
  documentDays?: number;
  personalDataDays?: number;
  taskDeadline?: number;
  quietPrinters?: number;
  completionEvents?: Tenant['completionEvents'];
}

/** `tenants set`: what a customer has chosen, each within its bounds. */
export function setTenantCommand(command: Command, context: CliContext): void {
  const { retentionDays, documentDays, personalDataDays, taskDeadlineMinutes, quietPrinterMinutes } = TENANT_BOUNDS;
  command
    .option(
      '--retention-days <days>',
      `how long ledger rows are kept, ${inWords(retentionDays)}`,
      within(retentionDays),
    )
    .option('--document-days <days>', `how long documents are kept, ${inWords(documentDays)}`, within(documentDays))
    .option(
      '--personal-data-days <days>',
      `how long rows name users and jobs, ${inWords(personalDataDays)}`,
      within(personalDataDays),
    )
    .option(
      '--task-deadline <minutes>',
      `when an open task is ended without its rules, ${inWords(taskDeadlineMinutes)}`,
      within(taskDeadlineMinutes),
    )
    .option(
      '--quiet-printers <minutes>',
      `how often the sweep looks at a printer without a job for a day, ${inWords(quietPrinterMinutes)}`,
      within(quietPrinterMinutes),
    )
    .addOption(
      new Option(
        '--completion-events <choice>',
        'whether an event is sent at the end of each fetchable job: on or off',
      ).choices(['on', 'off']),
    )
    .addHelpText(
      'after',
      '\nRows and documents that are too old are removed once a day. Documents and names may not be kept longer than rows:\n' +
        'erase-user finds both through the rows.\n' +
        example(
          'tenants set Contoso --retention-days 90 --document-days 30',
          'tenants set Contoso --personal-data-days 0',
          'tenants set Contoso --completion-events on',
        ),
    )
    .action((tenantId: string, options: SetOptions) => setTenant(context, tenantId, options));
}

async function setTenant(context: CliContext, tenantId: string, options: SetOptions): Promise<void> {
  const { terminal } = context;
  const { taskDeadline: taskDeadlineMinutes, quietPrinters: quietPrinterMinutes, json, ...others } = options;
  const given = Object.entries({ ...others, taskDeadlineMinutes, quietPrinterMinutes });
  const chosen: Partial<Choices> = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  if (Object.keys(chosen).length === 0) {
    throw usageError('tenants set needs at least one option', 'See: tenants set --help');
  }
  const tenants = await (await context.services()).tenants();
  const tenant = await tenants.update(tenantId, (row) => {
    if (row.status === 'removed') return row;
    const changed = { ...row, ...chosen };
    requireWithinRetention(changed);
    return changed;
  });
  if (!tenant || tenant.status === 'removed') throw notListed(tenantId, tenant !== undefined);
  if (json) return terminal.json(tenant);
  terminal.print(`Changed tenant ${tenantId} (${tenant.name}). Each function follows within a minute.`, '');
  terminal.table(['option', 'value', 'meaning'], describeChoices(tenant));
  if (documentsOutliveNames(tenant)) {
    terminal.warn(
      `Documents are kept longer than the names of their users. For ${tenant.documentDays - tenant.personalDataDays} of their days, erase-user cannot find them.`,
    );
  }
}

/** Rows name the documents and the users: what outlives them could not be found. */
function requireWithinRetention(tenant: Choices): void {
  const { retentionDays } = tenant;
  const flags = { documentDays: '--document-days', personalDataDays: '--personal-data-days' } as const;
  for (const name of ['documentDays', 'personalDataDays'] as const) {
    if (tenant[name] <= retentionDays) continue;
    throw usageError(
      `${flags[name]} ${tenant[name]} is more than --retention-days ${retentionDays}, and nothing is kept longer than its row`,
      `Set ${flags[name]} to at most ${retentionDays}, or raise --retention-days.`,
    );
  }
}

interface Bounds {
  least: number;
  most: number;
}

function inWords({ least, most }: Bounds): string {
  return `${least} to ${most}`;
}

function within(bounds: Bounds): (value: string) => number {
  return (value) => {
    const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
    if (number >= bounds.least && number <= bounds.most) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${inWords(bounds)}.`);
  };
}
