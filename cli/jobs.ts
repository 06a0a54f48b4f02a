import type { Command } from 'commander';
import { ReceiverError } from '../shared/errors';
import { timelineOf } from '../shared/operations/timeline';
import type { LedgerRow } from '../shared/jobs/ledgerRow';
import { parseJobId, parseJson } from '../shared/parse';
import { heldJobCommands, listHeldJobs } from './actOnHeldJobs';
import { limitArgument, nameArgument, oneOf, usageError, TENANT_FLAG, TENANT_HELP } from './arguments';
import type { CliContext } from './context';
import { example, JSON_HELP, plural, warn, type JsonOption } from './output';
import { sweepJobs, type SweepJobsOptions } from './sweepJobs';

const STATUSES: readonly string[] = ['claimed', 'waiting', 'held', 'failed', 'gone', 'done'];
const DEFAULT_LIMIT = 50;
const TENANT = '11111111-1111-1111-1111-111111111111';

interface ListOptions extends JsonOption {
  tenant?: string;
  state?: string;
  user?: string;
  status?: string;
  limit: number;
}

/** The group `jobs`: the ledger, and the sweep for jobs that the ledger lacks. */
export function jobsCommand(group: Command, context: CliContext): void {
  group.description(
    'Inspect the ledger (the record of every job event), act on held jobs, and search Graph for missed jobs',
  );
  group
    .command('list')
    .description('List the latest job events of a customer, newest first, or the jobs that are held now')
    .option(TENANT_FLAG, TENANT_HELP, nameArgument)
    .option('--state <word>', 'held: the jobs that are held now, of one customer or of all', oneOf(['held']))
    .option('--user <name>', 'with --state held: only jobs of this user, by id or principal name', nameArgument)
    .option('--status <word>', `only this status: ${STATUSES.join(', ')}`, oneOf(STATUSES))
    .option('--limit <count>', 'maximum number of events', limitArgument, DEFAULT_LIMIT)
    .option('--json', JSON_HELP)
    .addHelpText(
      'after',
      example(`jobs list --tenant ${TENANT} --status failed`, 'jobs list --state held --user ada@contoso.com'),
    )
    .action((options: ListOptions) => list(context, options));
  heldJobCommands(group, context);
  group
    .command('show')
    .description('Show what happened to one job')
    .argument('<job>', 'job id of Universal Print, or the key of a job event from the log or from jobs list')
    .requiredOption(TENANT_FLAG, TENANT_HELP, nameArgument)
    .option('--json', JSON_HELP)
    .addHelpText('after', example(`jobs show 5182 --tenant ${TENANT}`))
    .action((job: string, options: JsonOption & { tenant: string }) => show(context, job, options));
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

async function list(context: CliContext, options: ListOptions): Promise<void> {
  const { terminal, services } = context;
  const { tenant, state, user, status, limit } = options;
  if (state === 'held') {
    if (status !== undefined) throw usageError('jobs list takes either --state or --status');
    return listHeldJobs(context, options);
  }
  if (user !== undefined) throw usageError('jobs list needs --state held with --user <name>');
  if (tenant === undefined) throw usageError('jobs list needs --tenant <id>, or --state held');
  const found: ({ rowKey: string } & LedgerRow)[] = [];
  const ledger = await (await services()).ledger();
  for await (const { rowKey, row } of ledger.list(tenant, { onUnreadable: warn(terminal) })) {
    if (row && (status === undefined || row.status === status)) found.push({ rowKey, ...row });
  }
  const shown = found.sort((a, b) => b.firstSeenAt.localeCompare(a.firstSeenAt)).slice(0, limit);
  if (options.json) return terminal.json(shown);
  if (shown.length === 0) return terminal.print('The ledger has no such job.');
  const rows = shown.map((row) => [
    row.firstSeenAt,
    row.status,
    row.outcome ?? '',
    row.foundBy,
    row.jobId ?? '',
    row.rowKey,
    row.cause ?? '',
  ]);
  terminal.table(['first seen', 'status', 'outcome', 'found by', 'job', 'key', 'cause'], rows);
  if (found.length > shown.length) {
    const hidden = plural(found.length - shown.length, 'older job event');
    terminal.note(`${hidden} not shown: add --limit <count>`);
  }
}

async function show(
  { terminal, services }: CliContext,
  job: string,
  options: JsonOption & { tenant: string },
): Promise<void> {
  const ledger = await (await services()).ledger();
  const jobId = parseJobId(job);
  if (jobId === undefined) throw usageError('jobs show needs a job id, or the key of a job event');
  const keys: string[] = [];
  if (/^job(Started|Fetchable)_/.test(jobId)) keys.push(jobId);
  else {
    for await (const { rowKey, row } of ledger.list(options.tenant, { onUnreadable: warn(terminal) })) {
      if (row?.jobId === jobId) keys.push(rowKey);
    }
  }
  const events = [];
  for (const rowKey of keys) {
    const stored = await ledger.get({ tenantId: options.tenant, rowKey });
    if (!stored) continue;
    const { job: text, ...row } = stored.value;
    const timeline = timelineOf(row, stored.changedAt);
    const read = text === undefined ? undefined : parseJson(text);
    events.push({ rowKey, ...row, job: read, timeline });
  }
  if (events.length === 0) {
    throw new ReceiverError('jobNotFound', `The ledger of tenant ${options.tenant} has no job ${job}`);
  }
  if (options.json) return terminal.json(events);
  for (const { rowKey, printerId, timeline } of events) {
    const steps = timeline.map(({ at, what }) => [at ?? '', what]);
    const printer = printerId === undefined ? '' : `, printer ${printerId}`;
    terminal.print(`${rowKey}${printer}`);
    terminal.table(['when', 'what'], steps);
    terminal.print('');
  }
}
