import type { Command } from 'commander';
import { toSafeJson } from '../shared/logger';
import { listSentEvents } from '../shared/operations/sentEvents';
import { nameArgument, TENANT_FLAG } from './arguments';
import type { CliContext } from './context';
import { describeQueue, readEventsQueue, tenantIdsOf } from './eventArguments';
import { example, warn, type JsonOption } from './output';

interface TailOptions extends JsonOption {
  tenant?: string;
}

const LOOK_EVERY_MS = 5_000;
/** An instance may record an event as sent a while after another one that was sent later, and their clocks differ. */
const LATE_MS = 15 * 60_000;

/** `events tail`: events as the ledger records them, which a running consumer does not change. */
export function tailCommand(group: Command, context: CliContext): void {
  group
    .command('tail')
    .description('Show events as they are sent, until Ctrl-C. Each look reads the ledger, every five seconds')
    .option(TENANT_FLAG, 'only this tenant', nameArgument)
    .option('--json', 'print one JSON document a line')
    .addHelpText('after', example('events tail', 'events tail --json'))
    .action((options: TailOptions) => tail(context, options));
}

async function tail(context: CliContext, { tenant, json }: TailOptions): Promise<void> {
  const { terminal, now, sleep } = context;
  const interrupted = context.interruption();
  const services = await context.services();
  const ledger = await services.ledger();
  const startedAt = now();
  if (!json) terminal.note(describeQueue(await readEventsQueue(services)), 'Waiting for events. To stop: Ctrl-C');
  let shown = new Set<string>();
  while (!interrupted.aborted) {
    const since = new Date(Math.max(startedAt, now() - LATE_MS)).toISOString();
    const found = [];
    const tenantIds = await tenantIdsOf(context, services, tenant);
    for await (const { listed } of listSentEvents(ledger, tenantIds, { since }, { onUnreadable: warn(terminal) })) {
      if (listed.sentAt !== undefined) found.push({ ...listed, sentAt: listed.sentAt });
    }
    const fresh = found.filter(({ id }) => !shown.has(id)).sort((a, b) => a.sentAt.localeCompare(b.sentAt));
    shown = new Set(found.map(({ id }) => id));
    const queue = fresh.length === 0 ? undefined : await readEventsQueue(services);
    for (const event of fresh) {
      const { sentAt, type, outcome, id } = event;
      terminal.print(json ? toSafeJson({ ...event, queue }) : `${sentAt}  ${type}  ${outcome}  ${id}`);
    }
    if (queue && !json) terminal.note(describeQueue(queue));
    // Rejects when it is interrupted.
    await sleep(LOOK_EVERY_MS, interrupted).catch(() => undefined);
  }
}
