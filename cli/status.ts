import type { Command } from 'commander';
import type { QueueContents } from '../shared/storage/queueContents';
import { QUEUE_NAMES } from '../shared/storage/queueNames';
import type { Tenant } from '../shared/tenants/tenants';
import type { Watch } from '../shared/watches/watches';
import type { CliContext, CliServices } from './cliContext';
import { example, formatTable, JSON_HELP, writeJson } from './output';
import { summarizeService, type ServiceSummary } from './summarizeService';

/** One screen: 24 lines of 100 characters. The facts and queues take 14 lines, the line that says "more" another. */
const MOST_ERRORS = 8;
const LINE_LENGTH = 100;

interface QueueState {
  queue: string;
  /** About how many messages, hidden ones included. */
  waiting: number;
  poison: number;
  /** Age of the oldest poison message. */
  oldestPoisonMinutes?: number;
}

/** The command `status`: everything that an operator looks at first, on one screen. */
export function statusCommand(command: Command, context: CliContext): void {
  command
    .description('show on one screen how the service stands')
    .option('--json', JSON_HELP)
    .addHelpText('after', example('status'))
    .action((options: { json?: true }) => status(context, options));
}

async function status({ io, ...context }: CliContext, options: { json?: true }): Promise<void> {
  const services = await context.services();
  const tell = (error: Error) => io.stderr(`warning: ${error.message}\n`);
  const now = io.now();
  const tenants: Tenant[] = [];
  for await (const tenant of (await services.tenants()).list(tell)) tenants.push(tenant);
  const watches: Watch[] = [];
  for await (const { watch } of (await services.watches()).list(undefined, tell)) watches.push(watch);
  const { clientStateKeys } = await services.config();
  const keys = clientStateKeys.map(({ keyId }) => keyId);
  const summary = summarizeService({ tenants, watches, keys, now });
  const queues = await Promise.all(Object.values(QUEUE_NAMES).map((name) => lookInto(services, name, now)));
  if (options.json) return writeJson(io.stdout, { ...summary, queues });
  io.stdout(describe(summary, queues));
}

async function lookInto(
  { queueContents }: Pick<CliServices, 'queueContents'>,
  queue: string,
  now: number,
): Promise<QueueState> {
  const waiting = await (await queueContents(queue)).count();
  const poison: QueueContents = await queueContents(`${queue}-poison`);
  const [count, oldest] = [await poison.count(), await poison.oldest()];
  return {
    queue,
    waiting,
    poison: count,
    ...(oldest === undefined
      ? {}
      : { oldestPoisonMinutes: Math.max(0, Math.round((now - oldest) / 60_000)) }),
  };
}

function describe(summary: ServiceSummary, queues: readonly QueueState[]): string {
  const { tenants, watches, keys, minutesToNearestExpiry, lastRenewal, lastSweep, foundOnlyBySweep } =
    summary;
  const facts = [
    ['tenants', countWords(tenants)],
    ['watches', countWords(watches)],
    ['keys', keys.map(({ keyId, role, watches: count }) => `${keyId}: ${role}, ${count} watches`).join('; ')],
    [
      'minutes to nearest expiry',
      minutesToNearestExpiry === undefined ? 'none' : String(minutesToNearestExpiry),
    ],
    ['last renewal', lastRenewal ?? 'never'],
    ['last sweep', lastSweep ?? 'never'],
    ['jobs found only by the sweep', String(foundOnlyBySweep)],
  ];
  const rows = queues.map(({ queue, waiting, poison, oldestPoisonMinutes }) => [
    queue,
    String(waiting),
    String(poison),
    oldestPoisonMinutes === undefined ? '' : `${oldestPoisonMinutes} min`,
  ]);
  const tables = `${formatTable(['status', ''], facts)}\n${formatTable(['queue', 'waiting', 'poison', 'oldest poison'], rows)}`;
  return tables + describeErrors(summary.tenantErrors);
}

function describeErrors(errors: ServiceSummary['tenantErrors']): string {
  if (errors.length === 0) return '';
  const lines = errors
    .slice(0, MOST_ERRORS)
    .map(({ tenantId, error }) => cut(`error of ${tenantId}: ${error}`));
  const more = errors.length - lines.length;
  const rest = more > 0 ? [`and ${more} more tenant(s) with an error: status --json`] : [];
  return `\n${[...lines, ...rest].join('\n')}\n`;
}

/** The whole text is in `tenants show` and in `status --json`. */
function cut(line: string): string {
  return line.length <= LINE_LENGTH ? line : `${line.slice(0, LINE_LENGTH - 1)}…`;
}

function countWords(counts: Readonly<Record<string, number>>): string {
  const words = Object.entries(counts).filter(([, count]) => count > 0);
  return words.length === 0 ? 'none' : words.map(([word, count]) => `${count} ${word}`).join(', ');
}
