import type { Command } from 'commander';
import { ReceiverError } from '../shared/errors';
import { listSentEvents, readSentEvent, type EventFilter, type ListedEvent } from '../shared/operations/sentEvents';
import { parseJson } from '../shared/parse';
import { limitArgument, nameArgument, TENANT_FLAG } from './arguments';
import type { CliContext } from './context';
import {
  describeQueue,
  eventArgument,
  readEventsQueue,
  tenantIdsOf,
  TYPE_HELP,
  typeArgument,
  type EventName,
} from './eventArguments';
import { example, JSON_HELP, plural, warn, type JsonOption } from './output';
import { resendCommand } from './resendEvents';
import { SINCE_FORM, sinceArgument, startOf, timeArgument, type Since } from './since';
import { tailCommand } from './tailEvents';

const DEFAULT_LIMIT = 50;
const TENANT = '--tenant 11111111-1111-1111-1111-111111111111';
const EVENT = '11111111-1111-1111-1111-111111111111/jobFetchable_33333333-3333-3333-3333-333333333333_5182';

interface ListOptions extends JsonOption, Omit<EventFilter, 'since'> {
  tenant?: string;
  since?: Since;
  limit: number;
}

/** The group `events`: what was sent to the vendor's systems, from the ledger, and how to send it again. */
export function eventsCommand(group: Command, context: CliContext): void {
  group.description('Inspect the events that were sent, and send them again');
  group
    .command('list')
    .description('List the events that were sent, newest first, and how many wait on the queue')
    .option(TENANT_FLAG, 'only this tenant', nameArgument)
    .option('--since <time>', `sent at or after this time, ${SINCE_FORM}`, sinceArgument)
    .option('--until <time>', 'sent before this time', timeArgument)
    .option('--type <type>', TYPE_HELP, typeArgument)
    .option('--limit <count>', 'maximum number of events', limitArgument, DEFAULT_LIMIT)
    .option('--json', JSON_HELP)
    .addHelpText('after', example('events list', `events list ${TENANT} --since 2026-11-22`))
    .action((options: ListOptions) => list(context, options));
  group
    .command('show')
    .description('Show the content of one event, as far as the ledger keeps it')
    .argument('<event>', 'id of the event, from events list', eventArgument)
    .option('--json', JSON_HELP)
    .addHelpText('after', example(`events show ${EVENT}`))
    .action((event: EventName, options: JsonOption) => show(context, event, options));
  tailCommand(group, context);
  resendCommand(group, context);
}

async function list(context: CliContext, { tenant, limit, json, since, ...conditions }: ListOptions): Promise<void> {
  const { terminal, now } = context;
  const filter = { ...conditions, ...(since === undefined ? {} : { since: startOf(since, now()) }) };
  const services = await context.services();
  const tenantIds = await tenantIdsOf(context, services, tenant);
  const newest: ListedEvent[] = [];
  let count = 0;
  const sort = () => newest.sort((a, b) => (b.sentAt ?? '').localeCompare(a.sentAt ?? '')).splice(limit);
  const options = { onUnreadable: warn(terminal) };
  for await (const { listed } of listSentEvents(await services.ledger(), tenantIds, filter, options)) {
    count += 1;
    newest.push(listed);
    // The ledger is in the order of ids. Only the newest events are kept in memory.
    if (newest.length >= 2 * limit) sort();
  }
  sort();
  const queue = await readEventsQueue(services);
  if (json) return terminal.json({ queue, count, events: newest });
  if (newest.length === 0) terminal.print('The ledger has no such event.');
  else {
    const rows = newest.map(({ sentAt = '', type, outcome, id }) => [sentAt, type, outcome, id]);
    terminal.table(['sent', 'type', 'outcome', 'id'], rows);
  }
  terminal.print('', describeQueue(queue));
  if (count > newest.length) {
    terminal.note(`${plural(count - newest.length, 'older event')} not shown: add --limit <count>`);
  }
}

async function show(context: CliContext, { id, key }: EventName, options: JsonOption): Promise<void> {
  const { terminal } = context;
  const services = await context.services();
  const found = await readSentEvent(await services.ledger(), key, id);
  if (!found) throw new ReceiverError('eventNotFound', `The ledger records no event ${id} as sent`);
  const event = parseJson(found.text);
  const queue = await readEventsQueue(services);
  if (options.json) return terminal.json({ queue, ...found.listed, event });
  terminal.fields(found.listed);
  if (found.listed.blankedAt !== undefined) {
    terminal.note('The job was removed from the ledger as personal data, so the event is shown without it.');
  }
  terminal.content('', ...JSON.stringify(event, null, 2).split('\n'));
  terminal.print('', describeQueue(queue));
}
