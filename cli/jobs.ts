import { InvalidArgumentError, type Command } from 'commander';
import { ReceiverError } from '../shared/errors';
import type { LedgerRow } from '../shared/jobs/ledger';
import { timelineOf } from '../shared/jobs/timeline';
import { parseJobId } from '../shared/parse';
import { idArgument, tenantArgument, usageError } from './arguments';
import type { CliContext } from './cliContext';
import { example, formatTable, JSON_HELP, writeJson } from './output';
import { sweepVerb, type SweepCliOptions } from './sweepVerb';

const STATUSES: readonly string[] = ['claimed', 'waiting', 'failed', 'gone', 'done'];
const DEFAULT_LIMIT = 50;
const TENANT = '11111111-1111-1111-1111-111111111111';

interface ListJobsOptions {
  tenant: string;
  status?: string;
  limit: number;
  json?: true;
}

/** The group `jobs`: what the ledger knows, and the sweep for what it does not. */
export function jobsCommand(group: Command, context: CliContext): void {
  group.description('the jobs that the app has seen, and the search for those that it has not');
  group
    .command('list')
    .description('show the latest job events of a customer, newest first')
    .requiredOption('--tenant <id>', 'GUID of the tenant', tenantArgument)
    .option('--status <word>', `only ${STATUSES.join(', ')}`, statusArgument)
    .option('--limit <count>', 'how many at most', limitArgument, DEFAULT_LIMIT)
    .option('--json', JSON_HELP)
    .addHelpText('after', example(`jobs list --tenant ${TENANT} --status failed`))
    .action((options: ListJobsOptions) => list(context, options));
  group
    .command('show')
    .description('show what happened to one job')
    .argument('<job>', 'job id of Universal Print, or the key of a job event as logs and jobs list show it')
    .requiredOption('--tenant <id>', 'GUID of the tenant', tenantArgument)
    .option('--json', JSON_HELP)
    .addHelpText('after', example(`jobs show 5182 --tenant ${TENANT}`))
    .action((job: string, options: { tenant: string; json?: true }) => show(context, job, options));
  group
    .command('sweep')
    .description('ask Graph for open tasks and ready jobs now, as the timer does, and queue what was missed')
    .option('--tenant <id>', 'only this tenant', tenantArgument)
    .option('--printer <id>', 'only this watched printer of the tenant', idArgument)
    .option('--definition <id>', 'only this watched task definition of the tenant', idArgument)
    .option('--json', JSON_HELP)
    .addHelpText('after', example('jobs sweep', `jobs sweep --tenant ${TENANT}`))
    .action((options: SweepCliOptions) => sweepVerb(context, options));
}

async function list(context: CliContext, options: ListJobsOptions): Promise<void> {
  const { io } = context;
  const { tenant, status, limit } = options;
  const found: ({ rowKey: string } & LedgerRow)[] = [];
  const ledger = await (await context.services()).ledger();
  for await (const { rowKey, row } of ledger.list(tenant, { onUnreadable: warnWith(context) })) {
    if (row && (status === undefined || row.status === status)) found.push({ rowKey, ...row });
  }
  const shown = found.sort((a, b) => b.firstSeenAt.localeCompare(a.firstSeenAt)).slice(0, limit);
  if (options.json) return writeJson(io.stdout, shown);
  if (shown.length === 0) return io.stdout('The ledger has no such job.\n');
  const rows = shown.map(({ firstSeenAt, status: word, outcome, foundBy, jobId, rowKey, cause }) => [
    firstSeenAt,
    word,
    outcome ?? '',
    foundBy,
    jobId ?? '',
    rowKey,
    cause ?? '',
  ]);
  io.stdout(formatTable(['first seen', 'status', 'outcome', 'found by', 'job', 'key', 'cause'], rows));
  if (found.length > shown.length) {
    io.stderr(`${found.length - shown.length} older one(s) are not shown: add --limit <count>\n`);
  }
}

async function show(
  context: CliContext,
  job: string,
  options: { tenant: string; json?: true },
): Promise<void> {
  const { io } = context;
  const ledger = await (await context.services()).ledger();
  const jobId = parseJobId(job);
  if (jobId === undefined) throw usageError('jobs show needs a job id, or the key of a job event');
  const keys: string[] = [];
  if (/^job(Started|Fetchable)_/.test(jobId)) keys.push(jobId);
  else {
    for await (const { rowKey, row } of ledger.list(options.tenant, {
      onUnreadable: warnWith(context),
    })) {
      if (row?.jobId === jobId) keys.push(rowKey);
    }
  }
  const events = [];
  for (const rowKey of keys) {
    const stored = await ledger.get({ tenantId: options.tenant, rowKey });
    if (!stored) continue;
    const { job: text, ...row } = stored.value;
    const timeline = timelineOf(row, stored.changedAt);
    const read: unknown = text === undefined ? undefined : JSON.parse(text);
    events.push({ rowKey, ...row, job: read, timeline });
  }
  if (events.length === 0) {
    throw new ReceiverError(
      'jobNotFound',
      `The ledger of tenant ${options.tenant} does not know ${job}: see jobs list, or search Graph with jobs sweep`,
    );
  }
  if (options.json) return writeJson(io.stdout, events);
  for (const { rowKey, printerId, timeline } of events) {
    io.stdout(`${rowKey}${printerId === undefined ? '' : `, printer ${printerId}`}\n`);
    io.stdout(
      formatTable(
        ['when', 'what'],
        timeline.map(({ at, what }) => [at ?? '', what]),
      ),
    );
    io.stdout('\n');
  }
}

function warnWith({ io }: CliContext): (error: Error) => void {
  return (error) => io.stderr(`warning: ${error.message}\n`);
}

function statusArgument(value: string): string {
  if (!STATUSES.includes(value)) throw new InvalidArgumentError(`It is one of ${STATUSES.join(', ')}.`);
  return value;
}

function limitArgument(value: string): number {
  const limit = Number(value);
  if (!Number.isSafeInteger(limit) || limit < 1)
    throw new InvalidArgumentError('It is a whole number from 1.');
  return limit;
}
