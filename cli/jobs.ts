import type { Command } from 'commander';
import { STATUSES } from '../shared/jobs/ledgerRow';
import { heldJobCommands } from './actOnHeldJobs';
import { limitArgument, nameArgument, oneOf, TENANT_FLAG, TENANT_HELP } from './arguments';
import type { CliContext } from './context';
import { findJobs, listJobs, type FindJobsOptions, type ListJobsOptions } from './listJobs';
import { example, JSON_HELP, type JsonOption } from './output';
import { showJob } from './showJob';
import { SINCE_FORM, sinceArgument } from './since';
import { sweepJobs, type SweepJobsOptions } from './sweepJobs';

const DEFAULT_LIMIT = 50;
const TENANT = '11111111-1111-1111-1111-111111111111';

/** The group `jobs`: the ledger, and the sweep for jobs that the ledger lacks. */
export function jobsCommand(group: Command, context: CliContext): void {
  group.description(
    'Inspect the ledger (the record of every job event), act on held jobs, and search Graph for missed jobs',
  );
  group
    .command('list')
    .description('List the latest job events, newest first, of one customer or of all')
    .option(TENANT_FLAG, 'only this tenant', nameArgument)
    .option('--user <name>', 'only jobs of this user, by id or principal name', nameArgument)
    .option('--printer <name or id>', 'only jobs of this printer', nameArgument)
    .option('--since <time>', `seen since this time, ${SINCE_FORM}`, sinceArgument)
    .option('--state <word>', `only this state: ${STATUSES.join(', ')}`, oneOf(STATUSES))
    .option('--status <word>', 'the same as --state, read from the ledger for held jobs too', oneOf(STATUSES))
    .option('--limit <count>', 'maximum number of events', limitArgument, DEFAULT_LIMIT)
    .option('--json', JSON_HELP)
    .addHelpText(
      'after',
      example('jobs list --tenant Contoso --state failed --since 3d', 'jobs list --state held --user ada@contoso.com'),
    )
    .action((options: ListJobsOptions) => listJobs(context, options));
  group
    .command('find')
    .description('Find job events by a part of the job id, the user, the printer or the key, newest first')
    .argument('<text>', 'a part of the id or name, without case', nameArgument)
    .option(TENANT_FLAG, 'only this tenant', nameArgument)
    .option('--limit <count>', 'maximum number of events', limitArgument, DEFAULT_LIMIT)
    .option('--json', JSON_HELP)
    .addHelpText('after', example('jobs find ada@contoso.com', 'jobs find 5182 --tenant Contoso'))
    .action((text: string, options: FindJobsOptions) => findJobs(context, text, options));
  heldJobCommands(group, context);
  group
    .command('show')
    .description('Show what happened to one job')
    .argument('<job>', 'job id of Universal Print, or the key of a job event from the log or from jobs list')
    .requiredOption(TENANT_FLAG, TENANT_HELP, nameArgument)
    .option('--json', JSON_HELP)
    .addHelpText('after', example(`jobs show 5182 --tenant ${TENANT}`))
    .action((job: string, options: JsonOption & { tenant: string }) => showJob(context, job, options));
  group
    .command('sweep')
    .description('List open tasks and ready jobs at Graph now, as the timer does, and queue those that were missed')
    .option(TENANT_FLAG, 'only this tenant', nameArgument)
    .option('--printer <name or id>', 'only this watched printer of the tenant', nameArgument)
    .option('--definition <name or id>', 'only this watched task definition of the tenant', nameArgument)
    .option('--json', JSON_HELP)
    .addHelpText('after', example('jobs sweep', `jobs sweep --tenant ${TENANT}`))
    .action((options: SweepJobsOptions) => sweepJobs(context, options));
}
