import { InvalidArgumentError, type Command } from 'commander';
import { ReceiverError } from '../shared/errors';
import { addToGroup, sortGroups, type PoisonGroup } from '../shared/poison/groupPoison';
import type { PoisonMessage } from '../shared/poison/poisonMessage';
import { replayPoison } from '../shared/poison/replayPoison';
import { visitPoison } from '../shared/poison/visitPoison';
import { QUEUE_NAMES } from '../shared/storage/account';
import { idArgument, tenantArgument, usageError } from './arguments';
import type { CliContext, CliServices } from './cliContext';
import { example, formatTable, JSON_HELP, writeJson } from './output';
import { tellEvery } from './tellEvery';

interface ReplayOptions {
  all?: true;
  cause?: string;
  queue?: string;
  tenant?: string;
  json?: true;
}

const QUEUES: readonly string[] = Object.values(QUEUE_NAMES);

/** The group `poison`: messages that were given up after five tries, and how they get another chance. */
export function poisonCommand(group: Command, context: CliContext): void {
  group.description('messages that were given up, by cause, and another chance for them');
  group
    .command('list')
    .description('show what was given up, grouped by queue and cause')
    .option('--queue <name>', `only of ${QUEUES.join(', ')}`, queueArgument)
    .option('--tenant <id>', 'only of this tenant', tenantArgument)
    .option('--json', JSON_HELP)
    .addHelpText('after', example('poison list'))
    .action((options: { queue?: string; tenant?: string; json?: true }) => list(context, options));
  group
    .command('show')
    .description('show one message as it was sent, and what is known of it')
    .argument('<messageId>', 'id of the message, from poison list', idArgument)
    .option('--json', JSON_HELP)
    .addHelpText('after', example('poison show 77777777-7777-7777-7777-777777777777'))
    .action((id: string, options: { json?: true }) => show(context, id, options));
  group
    .command('replay')
    .description('send messages again; safe to repeat, since each job takes effect once')
    .argument('[messageId...]', 'these messages', collectIds)
    .option('--all', 'every message that a replay can help')
    .option('--cause <text>', 'those with this cause, once it is corrected')
    .option('--queue <name>', `those of ${QUEUES.join(', ')}`, queueArgument)
    .option('--tenant <id>', 'those of this tenant', tenantArgument)
    .option('--json', JSON_HELP)
    .addHelpText(
      'after',
      example('poison replay --cause graphForbidden', 'poison replay 77777777-7777-7777-7777-777777777777'),
    )
    .action((ids: string[] | undefined, options: ReplayOptions) => replay(context, ids ?? [], options));
}

function queueArgument(value: string): string {
  if (QUEUES.includes(value)) return value;
  throw new InvalidArgumentError(`It is one of ${QUEUES.join(', ')}.`);
}

function collectIds(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), idArgument(value)];
}

async function openPoison(services: CliServices) {
  return {
    ledger: await services.ledger(),
    contents: services.queueContents,
    queue: services.queue,
  };
}

async function list(
  context: CliContext,
  options: { queue?: string; tenant?: string; json?: true },
): Promise<void> {
  const groups = new Map<string, PoisonGroup>();
  await visitPoison(
    await openPoison(await context.services()),
    (message) => {
      if (options.tenant === undefined || options.tenant === message.tenantId) addToGroup(groups, message);
    },
    options.queue,
  );
  const sorted = sortGroups(groups);
  if (options.json) return writeJson(context.io.stdout, sorted);
  if (sorted.length === 0) return context.io.stdout('Nothing was given up.\n');
  const rows = sorted.map(({ queue, cause, count, replayable, oldest, tenants, ids }) => [
    queue,
    cause,
    String(count),
    String(replayable),
    oldest,
    tenants.length === 1 ? (tenants[0] ?? '') : String(tenants.length),
    ids[0] ?? '',
  ]);
  const headings = ['queue', 'cause', 'messages', 'replayable', 'oldest', 'tenants', 'one of them'];
  context.io.stdout(
    `${formatTable(headings, rows)}\nOnce a cause is corrected: poison replay --cause <text>\n`,
  );
}

async function show(context: CliContext, id: string, options: { json?: true }): Promise<void> {
  const found: PoisonMessage[] = [];
  await visitPoison(await openPoison(await context.services()), (message) => {
    if (message.id.toLowerCase() === id) found.push(message);
  });
  const message = found[0];
  if (!message) throw notThere(id);
  const { replay: replayed, text, insertedAt, ...facts } = message;
  const shown = {
    ...facts,
    givenUpAt: new Date(insertedAt).toISOString(),
    replayable: replayed !== undefined,
  };
  if (options.json) return writeJson(context.io.stdout, { ...shown, text });
  const rows = Object.entries(shown).map(([name, value]) => [name, String(value)]);
  context.io.stdout(`${formatTable(['field', 'value'], rows)}\n${text}\n`);
}

async function replay(context: CliContext, ids: string[], options: ReplayOptions): Promise<void> {
  const { all, cause, queue, tenant, json } = options;
  const narrowed = ids.length > 0 || [cause, queue, tenant].some((condition) => condition !== undefined);
  if (narrowed === (all === true)) {
    throw usageError('poison replay needs message ids, --cause, --queue or --tenant; or --all alone');
  }
  const filter = {
    ...(cause === undefined ? {} : { cause }),
    ...(queue === undefined ? {} : { queue }),
    ...(tenant === undefined ? {} : { tenantId: tenant }),
    ...(ids.length === 0 ? {} : { ids }),
  };
  const tell = tellEvery(context.io.stderr, 100, (replayed) => `${replayed} messages sent again`);
  const summary = await replayPoison(await openPoison(await context.services()), filter, tell);
  if (json) writeJson(context.io.stdout, summary);
  else context.io.stdout(`${summary.replayed} message(s) were sent again.\n`);
  for (const { id, cause: why } of summary.left) {
    context.io.stderr(`warning: ${id} was left, a replay cannot help it: ${why}\n`);
  }
  if (ids.length > 0 && summary.replayed + summary.left.length < ids.length) {
    context.markFailed();
    context.io.stderr('error: Not all of these messages are there: poison list shows those that are\n');
  }
}

function notThere(id: string): ReceiverError {
  return new ReceiverError(
    'messageNotFound',
    `No poison queue holds the message ${id}: poison list shows those that are there`,
  );
}
