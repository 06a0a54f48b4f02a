import type { Command } from 'commander';
import type { LedgerRow } from '../shared/jobs/ledgerRow';
import type { Action } from '../shared/rules/decide';
import type { RulesDocument } from '../shared/rules/document';
import type { RuleEvent } from '../shared/rules/facts';
import { hasOwnRules } from './applyRules';
import { limitArgument, nameArgument, TENANT_FLAG } from './arguments';
import type { CliContext } from './context';
import { formatAction } from './formatAction';
import { example, JSON_HELP, plural, reportProgress, warn, type JsonOption } from './output';
import { documentIn, readFileNamed } from './rulesFile';
import { SINCE_FORM, sinceArgument, startOf, type Since } from './since';
import { parseLedgerKey } from '../shared/jobs/message';
import { tryRow, type TriedRow } from './tryRow';

interface DryRunOptions extends JsonOption {
  since: Since;
  tenant?: string;
  limit: number;
}

/** A job that would have gone another way than it did. */
interface OtherWay {
  tenantId: string;
  key: string;
  printerId: string;
  jobId: string;
  createdAt: string;
  rule?: string;
  went: string;
  action: Action;
}

interface RuleCount {
  event: RuleEvent;
  /** Absent for the jobs that no rule matches. */
  rule?: string;
  jobs: number;
  otherWay: number;
}

type NotTried = Extract<TriedRow, { notTried: string }>['notTried'];

const TENANT = '--tenant 11111111-1111-1111-1111-111111111111';
const DEFAULT_LIMIT = 50;
const DEFAULT_SINCE = sinceArgument('30d');

/** `rules dry-run`: what a rules file would have done with the jobs in the ledger. */
export function dryRunCommand(group: Command, context: CliContext): void {
  group
    .command('dry-run')
    .description(
      'Try a rules file on the jobs in the ledger: how many each rule decides, and which would go another way',
    )
    .argument('<file>', 'the rules, a JSON file')
    .option('--since <time>', `jobs created since this time, ${SINCE_FORM}`, sinceArgument, DEFAULT_SINCE)
    .option(TENANT_FLAG, 'only this tenant; otherwise all without rules of their own', nameArgument)
    .option('--limit <count>', 'maximum number of jobs shown', limitArgument, DEFAULT_LIMIT)
    .option('--json', JSON_HELP)
    .addHelpText(
      'after',
      '\nNothing is changed, and Graph is not called. Each job is decided as of its creation.\n' +
        example('rules dry-run rules.json', `rules dry-run rules.json --since 7d ${TENANT} --json`),
    )
    .action((file: string, options: DryRunOptions) => dryRun(context, file, options));
}

async function dryRun(context: CliContext, file: string, options: DryRunOptions): Promise<void> {
  const { terminal, now } = context;
  const document = documentIn(await readFileNamed(context, file), file);
  const since = startOf(options.since, now());
  const rules = countsOf(document);
  const notTried: Record<NotTried, number> = { withoutJob: 0, blanked: 0, shortened: 0, costly: 0, open: 0 };
  const otherWay: OtherWay[] = [];
  for await (const { tenantId, rowKey, row } of rowsSince(context, options.tenant, since)) {
    const tried = tryRow(document, rowKey, row);
    if ('notTried' in tried) {
      notTried[tried.notTried] += 1;
      continue;
    }
    const count = rules.find(({ event, rule }) => event === tried.event && rule === tried.rule);
    if (count) count.jobs += 1;
    if (!tried.isOther) continue;
    if (count) count.otherWay += 1;
    otherWay.push(otherWayOf(tenantId, rowKey, row, tried));
  }
  otherWay.sort((a, b) => b.createdAt.localeCompare(a.createdAt));
  const shown = otherWay.slice(0, options.limit);
  const jobs = rules.reduce((sum, one) => sum + one.jobs, 0);
  const other = otherWay.length;
  if (options.json) return terminal.json({ since, jobs, rules, notTried, otherWayCount: other, otherWay: shown });
  printCounts(context, { since, jobs, rules, notTried, other });
  if (shown.length > 0) printOtherWay(context, shown);
  if (other > shown.length)
    terminal.note(`${plural(other - shown.length, 'older job')} not shown: add --limit <count>`);
}

/** Ended job events in the ledger, of one tenant or of all that the default rules apply to. */
async function* rowsSince(
  { terminal, services }: CliContext,
  tenant: string | undefined,
  since: string,
): AsyncGenerator<{ tenantId: string; rowKey: string; row: LedgerRow }> {
  const opened = await services();
  const ledger = await opened.ledger();
  const tenantIds = tenant === undefined ? await tenantsWithDefaultRules({ terminal, services }) : [tenant];
  const onProgress = reportProgress(terminal, 5_000, (done) => `${done} job events read`);
  let read = 0;
  for (const tenantId of tenantIds) {
    for await (const { rowKey, row } of ledger.list(tenantId, { withJob: true, onUnreadable: warn(terminal) })) {
      read += 1;
      onProgress(read);
      // No rule decides on the end of a fetchable job.
      if (!row || parseLedgerKey({ tenantId, rowKey }, row)?.kind === 'jobEnded') continue;
      if ((row.jobCreatedAt ?? row.firstSeenAt) >= since) yield { tenantId, rowKey, row };
    }
  }
}

async function tenantsWithDefaultRules({ terminal, services }: Pick<CliContext, 'terminal' | 'services'>) {
  const opened = await services();
  const found: string[] = [];
  for await (const { tenantId } of (await opened.tenants()).list(warn(terminal))) {
    if (!(await hasOwnRules(opened, tenantId))) found.push(tenantId);
  }
  return found;
}

/** A count of 0 for each rule in order, then for the jobs of each event that no rule matches. */
function countsOf({ rules }: RulesDocument): RuleCount[] {
  const none = { jobs: 0, otherWay: 0 };
  return [
    ...rules.map(({ name, on }): RuleCount => ({ event: on, rule: name, ...none })),
    { event: 'jobStarted', ...none },
    { event: 'jobFetchable', ...none },
  ];
}

function otherWayOf(
  tenantId: string,
  key: string,
  { printerId = '', jobId = '', jobCreatedAt, firstSeenAt }: LedgerRow,
  { rule, action, went }: Extract<TriedRow, { action: Action }>,
): OtherWay {
  const change = Object.keys(went?.configure ?? {}).length === 0 ? '' : `, with ${JSON.stringify(went?.configure)}`;
  return {
    ...{ tenantId, key, printerId, jobId, createdAt: jobCreatedAt ?? firstSeenAt },
    ...(rule === undefined ? {} : { rule }),
    went: `${went?.kind ?? ''}${change}`,
    action,
  };
}

interface Counts {
  since: string;
  jobs: number;
  rules: readonly RuleCount[];
  notTried: Readonly<Record<NotTried, number>>;
  other: number;
}

const NOT_TRIED: Readonly<Record<NotTried, string>> = {
  withoutJob: 'the ledger has no readable job',
  blanked: 'the job was removed from the ledger as personal data',
  shortened: 'the ledger has only a part of the job',
  costly: 'the decision depends on documents, or on the name or location of the printer',
  open: 'the job has not ended',
};

function printCounts({ terminal }: CliContext, { since, jobs, rules, notTried, other }: Counts): void {
  terminal.table(
    ['rule', 'event', 'jobs', 'another way'],
    rules.map((one) => [one.rule ?? '(no rule)', one.event, `${one.jobs}`, `${one.otherWay}`]),
  );
  terminal.print('', `Tried on ${plural(jobs, 'job event')} since ${since}. ${other} would have gone another way.`);
  for (const reason of ['withoutJob', 'blanked', 'shortened', 'costly', 'open'] as const) {
    if (notTried[reason] > 0)
      terminal.print(`Not tried on ${plural(notTried[reason], 'job event')}: ${NOT_TRIED[reason]}.`);
  }
}

function printOtherWay({ terminal }: CliContext, jobs: readonly OtherWay[]): void {
  terminal.print('');
  terminal.table(
    ['created', 'tenant', 'printer', 'job', 'went', 'would go', 'rule'],
    jobs.map((one) => [
      ...[one.createdAt, one.tenantId, one.printerId, one.jobId],
      ...[one.went, formatAction(one.action), one.rule ?? '(no rule)'],
    ]),
  );
}
