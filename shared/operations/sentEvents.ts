import { createPace } from '../concurrency';
import type { Clock } from '../clock';
import { eventId, eventType } from '../jobs/jobEvent';
import { formatEventOfRow, sentEventsOf, type SentEvent } from '../jobs/jobEventOfRow';
import type { Ledger, LedgerKey } from '../jobs/ledger';
import type { LedgerRow } from '../jobs/ledgerRow';
import { END_OF_FETCHABLE } from '../jobs/message';
import type { MessageQueue } from '../storage/queues';

/** An event as lists show it. */
export interface ListedEvent {
  id: string;
  type: string;
  outcome: string;
  sentAt?: string;
  printerId?: string;
  jobId?: string;
  /** When its job was removed from the ledger as personal data: the event cannot be sent again. ISO 8601. */
  blankedAt?: string;
}

/** Selects events. All conditions must hold. */
export interface EventFilter {
  /** ISO 8601. An event without `sentAt` counts as sent when its job was first seen. */
  since?: string;
  /** ISO 8601, exclusive. */
  until?: string;
  type?: string;
}

interface FoundEvent {
  listed: ListedEvent;
  event: SentEvent;
  row: LedgerRow;
}

/**
 * The events that the ledger records as sent, in the order of their ids within each tenant.
 *
 * @param withJob reads the jobs too, so that `formatEventOfRow` has all that the row keeps
 */
export async function* listSentEvents(
  ledger: Pick<Ledger, 'list'>,
  tenantIds: readonly string[],
  filter: EventFilter,
  options: { withJob?: true; onUnreadable: (error: Error) => void },
): AsyncGenerator<FoundEvent> {
  for (const tenantId of tenantIds) {
    for await (const { rowKey, row } of ledger.list(tenantId, options)) {
      if (!row) continue;
      for (const event of sentEventsOf({ tenantId, rowKey }, row)) {
        const listed = listEvent(event, row);
        if (matches(filter, listed, row)) yield { listed, event, row };
      }
    }
  }
}

/** The event of this `id`, as far as its row keeps it. Undefined when none was sent. */
export async function readSentEvent(
  ledger: Pick<Ledger, 'get'>,
  key: LedgerKey,
  id: string,
): Promise<{ listed: ListedEvent; text: string } | undefined> {
  const row = (await ledger.get(key))?.value;
  const event = row && sentEventsOf(key, row).find((one) => eventId(one) === id);
  return event && { listed: listEvent(event, row), text: formatEventOfRow(event, row) };
}

function listEvent(event: SentEvent, { printerId, jobId, blankedAt }: LedgerRow): ListedEvent {
  const { outcome, sentAt } = event;
  return {
    id: eventId(event),
    type: eventType(event),
    outcome,
    ...(sentAt === undefined ? {} : { sentAt }),
    ...(printerId === undefined ? {} : { printerId }),
    ...(jobId === undefined ? {} : { jobId }),
    ...(blankedAt === undefined ? {} : { blankedAt }),
  };
}

function matches({ since, until, type }: EventFilter, listed: ListedEvent, { firstSeenAt }: LedgerRow): boolean {
  const at = listed.sentAt ?? firstSeenAt;
  return (
    (since === undefined || at >= since) &&
    (until === undefined || at < until) &&
    (type === undefined || listed.type === type)
  );
}

export interface ResendDeps {
  ledger: Pick<Ledger, 'list'>;
  events: MessageQueue;
  clock: Clock;
}

export interface ResendOrder {
  tenantIds: readonly string[];
  filter: EventFilter;
  /** The id of the event that was resent last: only events after it. */
  after?: string;
  perSecond: number;
}

/**
 * Sends events again, with the same `id`, in the order of their ids, so that a run that ended can continue after its last one.
 *
 * @param onResent called after each event with its id
 * Events whose job was removed as personal data are left out.
 *
 * @returns whether it came to the end, false when the signal stopped it, and how many events were left out
 */
export async function resendEvents(
  { ledger, events, clock }: ResendDeps,
  { tenantIds, filter, after, perSecond }: ResendOrder,
  onUnreadable: (error: Error) => void,
  onResent: (id: string) => void,
  signal: AbortSignal,
): Promise<{ isWhole: boolean; blanked: number }> {
  let blanked = 0;
  const pace = createPace(clock, { most: perSecond, windowMs: 1_000 });
  const options = { withJob: true, onUnreadable } as const;
  for await (const { listed, event, row } of listSentEvents(ledger, [...tenantIds].sort(), filter, options)) {
    if (signal.aborted) return { isWhole: false, blanked };
    if (after !== undefined && orderOf(listed.id) <= orderOf(after)) continue;
    if (listed.blankedAt !== undefined) {
      blanked += 1;
      continue;
    }
    await pace(1);
    await events.send(formatEventOfRow(event, row));
    onResent(listed.id);
  }
  return { isWhole: true, blanked };
}

/**
 * The table sorts by key. The end of a held job comes right after its start: before the key `a-b` where its own is `a`. The end of
 * a fetchable job has a row of its own.
 */
function orderOf(id: string): string {
  return id.replace(/\/end$/, id.includes('/jobFetchable_') ? END_OF_FETCHABLE : '\u0001');
}
