import type { Command } from 'commander';
import { ReceiverError } from '../shared/errors';
import { readSentEvent, resendEvents, type EventFilter } from '../shared/operations/sentEvents';
import { QUEUE_NAMES } from '../shared/storage/account';
import { limitArgument, nameArgument, usageError, TENANT_FLAG } from './arguments';
import type { CliContext } from './context';
import { eventArgument, tenantIdsOf, TYPE_HELP, typeArgument, type EventName } from './eventArguments';
import { example, JSON_HELP, plural, reportProgress, warn, type JsonOption } from './output';
import { SINCE_FORM, sinceArgument, startOf, timeArgument, type Since } from './since';

interface ResendOptions extends JsonOption, Omit<EventFilter, 'since'> {
  since?: Since;
  tenant?: string;
  after?: EventName;
  perSecond: number;
}

/** Slow enough that a consumer that has just recovered follows. */
const DEFAULT_PER_SECOND = 20;
const REPORT_EVERY = 100;

/** `events resend`: for a backend that lost events, or was down for longer than it can read from its queue. */
export function resendCommand(group: Command, context: CliContext): void {
  group
    .command('resend')
    .description(
      'Send events again, each with the same id. Safe to repeat, because consumers skip an id they have processed',
    )
    .argument('[event...]', 'ids of events, from events list', collectEvents)
    .option('--since <time>', `events sent at or after this time, ${SINCE_FORM}`, sinceArgument)
    .option('--until <time>', 'events sent before this time; otherwise until now', timeArgument)
    .option(TENANT_FLAG, 'only this tenant', nameArgument)
    .option('--type <type>', TYPE_HELP, typeArgument)
    .option('--after <event>', 'continue after this event, as an interrupted run says', eventArgument)
    .option('--per-second <count>', 'maximum number of events a second', limitArgument, DEFAULT_PER_SECOND)
    .option('--json', JSON_HELP)
    .addHelpText('after', example('events resend --since 2026-11-22T09:00Z --until 2026-11-22T12:00Z'))
    .action((events: EventName[] | undefined, options: ResendOptions) => resend(context, events ?? [], options));
}

function collectEvents(value: string, before: EventName[] | undefined): EventName[] {
  return [...(before ?? []), eventArgument(value)];
}

async function resend(context: CliContext, events: EventName[], options: ResendOptions): Promise<void> {
  const { since, until, tenant, type, after } = options;
  const isRange = [since, until, tenant, type, after].some((condition) => condition !== undefined);
  if (events.length > 0 ? isRange : since === undefined) {
    throw usageError('events resend needs ids of events, or --since <time> with or without the other conditions');
  }
  if (events.length > 0) return resendNamed(context, events, options);
  return resendRange(context, { ...options, until: until ?? new Date(context.now()).toISOString() });
}

async function resendNamed(context: CliContext, events: readonly EventName[], { json }: JsonOption): Promise<void> {
  const { terminal } = context;
  const services = await context.services();
  const [ledger, queue] = [await services.ledger(), await services.queue(QUEUE_NAMES.jobEvents)];
  const found = [];
  for (const { id, key } of events) {
    const event = await readSentEvent(ledger, key, id);
    if (!event)
      throw new ReceiverError('eventNotFound', `The ledger records no event ${id} as sent. Nothing was resent`);
    found.push(event);
  }
  const whole = found.filter(({ listed }) => listed.blankedAt === undefined);
  for (const { text } of whole) await queue.send(text);
  const blanked = found.length - whole.length;
  if (json) terminal.json({ resent: whole.length, blanked });
  else terminal.print(`Resent ${plural(whole.length, 'event')}.`);
  reportBlanked(context, blanked);
  if (blanked > 0) context.markFailed();
}

/** An event without its job would replace the whole one in the vendor's systems. */
function reportBlanked({ terminal }: CliContext, blanked: number): void {
  if (blanked === 0) return;
  terminal.note(`${plural(blanked, 'event')} not resent: the job was removed from the ledger as personal data.`);
}

async function resendRange(context: CliContext, options: ResendOptions): Promise<void> {
  const { terminal, now, sleep } = context;
  const { since, until, type, tenant, after, perSecond, json } = options;
  const services = await context.services();
  const deps = {
    ledger: await services.ledger(),
    events: await services.queue(QUEUE_NAMES.jobEvents),
    clock: { now, sleep },
  };
  const filter = {
    ...(since === undefined ? {} : { since: startOf(since, now()) }),
    ...(until === undefined ? {} : { until }),
    ...(type === undefined ? {} : { type }),
  };
  const tenantIds = await tenantIdsOf(context, services, tenant);
  const order = { tenantIds, filter, perSecond, ...(after === undefined ? {} : { after: after.id }) };
  let resent = 0;
  let last = after?.id;
  const onProgress = reportProgress(terminal, REPORT_EVERY, (done) => `${done} events resent, the last one ${last}`);
  const onResent = (id: string) => {
    resent += 1;
    last = id;
    onProgress(resent);
  };
  let [isWhole, blanked] = [false, 0];
  try {
    ({ isWhole, blanked } = await resendEvents(deps, order, warn(terminal), onResent, context.interruption()));
  } finally {
    if (!isWhole) {
      const conditions = Object.entries({ ...filter, tenant, after: last, 'per-second': perSecond });
      const words = conditions.flatMap(([name, value]) => (value === undefined ? [] : [`--${name} ${value}`]));
      terminal.note(`${plural(resent, 'event')} resent. To continue: events resend ${words.join(' ')}`);
    }
  }
  if (!isWhole) context.markFailed();
  if (json) terminal.json({ resent, blanked, complete: isWhole, ...(last === undefined ? {} : { last }) });
  else if (isWhole) terminal.print(`Resent ${plural(resent, 'event')}.`);
  reportBlanked(context, blanked);
}
