import type { Command } from 'commander';
import type { QueueContents } from '../shared/storage/queueContents';
import { QUEUE_NAMES } from '../shared/storage/account';
import type { Tenant } from '../shared/tenants/tenants';
import type { Watch } from '../shared/watches/watches';
import type { CliContext, CliServices } from './cliContext';
import { example, formatTable, JSON_HELP, writeJson } from './output';
import { summarizeService, type ServiceSummary } from './summarizeService';

interface QueueState {
  queue: string;
  /** About how many messages, hidden ones included. */
  waiting: number;
  poison: number;
  /** Age of the oldest poison message. */
  oldestPoisonMinutes?: number;
}

/** With these bounds `status` fits 80 by 24, which is what every terminal has, however many tenants are in trouble. */
const ERRORS_SHOWN = 3;
const ERROR_LENGTH = 110;

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
  const { tenants, keys, minutesToNearestExpiry, lastRenewal, foundOnlyBySweep } = summary;
  const facts = [
    ['tenants', countWords(tenants)],
    ['watches', describeWatches(summary)],
    ['keys', keys.map(({ keyId, role, watches: count }) => `${keyId}: ${role}, ${count} watches`).join('; ')],
    [
      'minutes to nearest expiry',
      minutesToNearestExpiry === undefined ? 'none' : String(minutesToNearestExpiry),
    ],
    ['last renewal', lastRenewal ?? 'never'],
    ['last sweep', describeSweep(summary)],
    ['jobs found only by the sweep', String(foundOnlyBySweep)],
  ];
  const rows = queues.map(({ queue, waiting, poison, oldestPoisonMinutes }) => [
    queue,
    String(waiting),
    String(poison),
    oldestPoisonMinutes === undefined ? '' : `${oldestPoisonMinutes} min`,
  ]);
  return `${formatTable(['status', ''], facts)}${describeErrors(summary)}\n${formatTable(['queue', 'waiting', 'poison', 'oldest poison'], rows)}`;
}

function describeWatches({ watches, watchesNotServed }: ServiceSummary): string {
  const apart = watchesNotServed === 0 ? '' : `; ${watchesNotServed} of tenants not served`;
  return countWords(watches) + apart;
}

function describeSweep({ lastSweep, neverSwept }: ServiceSummary): string {
  if (lastSweep === undefined) return 'never';
  return neverSwept === 0 ? lastSweep : `${lastSweep}; ${neverSwept} active tenant(s) never`;
}

function describeErrors({ tenantErrors }: ServiceSummary): string {
  const lines = tenantErrors
    .slice(0, ERRORS_SHOWN)
    .map(({ tenantId, error }) => `error of ${tenantId}: ${shorten(error)}`);
  const more = tenantErrors.length - lines.length;
  if (more > 0) lines.push(`and errors of ${more} more tenant(s): status --json`);
  return lines.map((line) => `${line}\n`).join('');
}

function shorten(text: string): string {
  return text.length <= ERROR_LENGTH ? text : `${text.slice(0, ERROR_LENGTH - 1)}…`;
}

function countWords(counts: Readonly<Record<string, number>>): string {
  const words = Object.entries(counts).filter(([, count]) => count > 0);
  return words.length === 0 ? 'none' : words.map(([word, count]) => `${count} ${word}`).join(', ');
}
