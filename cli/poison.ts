import type { Command } from 'commander';
import { ReceiverError } from '../shared/errors';
import { addToGroup, sortGroups, type PoisonGroup, type PoisonMessage } from '../shared/operations/poison';
import { replayPoison, visitPoison } from '../shared/operations/replayPoison';
import { example, JSON_HELP, plural, reportProgress, type JsonOption } from './output';
import { QUEUES_WITH_POISON, type SignedQueue } from '../shared/storage/account';
import { idArgument, nameArgument, oneOf, usageError, TENANT_FLAG } from './arguments';
import type { CliContext, CliServices } from './context';

interface ListOptions extends JsonOption {
  queue?: string;
  tenant?: string;
}

interface ReplayOptions extends ListOptions {
  all?: true;
  cause?: string;
}

const QUEUES: readonly string[] = QUEUES_WITH_POISON;

/** The group `poison`: messages that failed five times, and how to replay them. */
export function poisonCommand(group: Command, context: CliContext): void {
  group.description('Inspect and replay failed messages');
  group
    .command('list')
    .description('List the failed messages, grouped by queue and cause')
    .option('--queue <name>', `only this queue: ${QUEUES.join(', ')}`, oneOf(QUEUES))
    .option(TENANT_FLAG, 'only this tenant', nameArgument)
    .option('--json', JSON_HELP)
    .addHelpText('after', example('poison list'))
    .action((options: ListOptions) => list(context, options));
  group
    .command('show')
    .description('Show the content of one message and the reason of its failure')
    .argument('<messageId>', 'id of the message, from poison list', idArgument)
    .option('--json', JSON_HELP)
    .addHelpText('after', example('poison show 77777777-7777-7777-7777-777777777777'))
    .action((id: string, options: JsonOption) => show(context, id, options));
  group
    .command('replay')
    .description('Send messages again. Safe to repeat, because each job takes effect once')
    .argument('[messageId...]', 'ids of the messages', collectIds)
    .option('--all', 'all messages that can be replayed')
    .option('--cause <text>', 'messages with this cause, after it has been corrected')
    .option('--queue <name>', `messages of this queue: ${QUEUES.join(', ')}`, oneOf(QUEUES))
    .option(TENANT_FLAG, 'messages of this tenant', nameArgument)
    .option('--json', JSON_HELP)
    .addHelpText(
      'after',
      example('poison replay --cause graphForbidden', 'poison replay 77777777-7777-7777-7777-777777777777'),
    )
    .action((ids: string[] | undefined, options: ReplayOptions) => replay(context, ids ?? [], options));
}

function collectIds(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), idArgument(value)];
}

async function openPoison(services: CliServices) {
  const signers = await services.signers();
  return {
    ledger: await services.ledger(),
    checkSignature: (queue: SignedQueue, value: unknown) => signers[queue].check(value),
    contents: services.queueContents,
    queue: services.queue,
  };
}

async function list(context: CliContext, options: ListOptions): Promise<void> {
  const groups = new Map<string, PoisonGroup>();
  await visitPoison(
    await openPoison(await context.services()),
    (message) => {
      if (options.tenant === undefined || options.tenant === message.tenantId) addToGroup(groups, message);
    },
    options.queue,
  );
  const sorted = sortGroups(groups);
  if (options.json) return context.terminal.json(sorted);
  if (sorted.length === 0) return context.terminal.print('No failed messages.');
  const rows = sorted.map(({ queue, cause, count, replayable, oldest, tenants, ids, jobs }) => [
    queue,
    cause,
    String(count),
    String(replayable),
    oldest,
    tenants.length === 1 ? (tenants[0] ?? '') : String(tenants.length),
    ids[0] ?? '',
    jobs[0] ?? '',
  ]);
  const headings = ['queue', 'cause', 'messages', 'replayable', 'oldest', 'tenants', 'example id', 'its job'];
  context.terminal.table(headings, rows);
  context.terminal.print('', 'After correcting a cause: poison replay --cause <text>');
}

async function show(context: CliContext, id: string, options: JsonOption): Promise<void> {
  const found: PoisonMessage[] = [];
  const services = await context.services();
  await visitPoison(await openPoison(services), (message) => {
    if (message.id.toLowerCase() === id) found.push(message);
  });
  const message = found[0];
  if (!message) throw new ReceiverError('messageNotFound', `No poison queue has a message ${id}`);
  const { replay: replayed, text, insertedAt, ...facts } = message;
  const { tenantId } = message;
  const tenant = tenantId === undefined ? undefined : await (await services.tenants()).get(tenantId);
  const shown = {
    ...facts,
    ...(tenant ? { tenantName: tenant.name } : {}),
    failedAt: new Date(insertedAt).toISOString(),
    replayable: replayed !== undefined,
  };
  if (options.json) return context.terminal.json({ ...shown, text });
  context.terminal.fields(shown);
  context.terminal.content('', text);
}

async function replay(context: CliContext, ids: string[], options: ReplayOptions): Promise<void> {
  const { all, cause, queue, tenant, json } = options;
  const narrowed = ids.length > 0 || [cause, queue, tenant].some((condition) => condition !== undefined);
  if (narrowed === (all === true)) {
    throw usageError('poison replay needs message ids, --cause, --queue or --tenant, or --all alone');
  }
  const filter = {
    ...(cause === undefined ? {} : { cause }),
    ...(queue === undefined ? {} : { queue }),
    ...(tenant === undefined ? {} : { tenantId: tenant }),
    ...(ids.length === 0 ? {} : { ids }),
  };
  const onProgress = reportProgress(context.terminal, 100, (replayed) => `${replayed} messages replayed`);
  const summary = await replayPoison(await openPoison(await context.services()), filter, onProgress);
  if (json) context.terminal.json(summary);
  else context.terminal.print(`Replayed ${plural(summary.replayed, 'message')}.`);
  for (const { id, cause: why } of summary.left) {
    context.terminal.warn(`${id} cannot be replayed and stays in the queue: ${why}`);
  }
  if (ids.length > 0 && summary.replayed + summary.left.length < ids.length) {
    context.markFailed();
    context.terminal.error('Some of these messages are not in a poison queue. See: poison list');
  }
}
