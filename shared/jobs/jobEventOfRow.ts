import { parseJobUrl } from '../jobPlace';
import { isRecord, parseJson } from '../parse';
import { formatJobEvent, type JobFacts } from './jobEvent';
import type { LedgerRow, Outcome, Phase } from './ledgerRow';
import { parseLedgerKey, parsePlace, type JobReference } from './message';

/** What a row keeps of the work on its job. Undefined before its first outcome. */
export function factsOfRow(row: LedgerRow): JobFacts | undefined {
  const { outcome, printerId, shareId, jobId } = row;
  if (outcome === undefined) return undefined;
  const fields = parseJson(row.job ?? '');
  const truncated = parseJson(row.truncated ?? '');
  const isNames = Array.isArray(truncated) && truncated.every((name) => typeof name === 'string');
  const job = isRecord(fields) ? { fields, ...(isNames ? { truncated } : {}) } : undefined;
  const target = parseJson(row.redirectedTo ?? '');
  return { outcome, printerId, shareId, jobId, job, redirectedTo: isRecord(target) ? parsePlace(target) : undefined };
}

/** The archived documents that a row names. */
export function archivedOf({ archived }: Pick<LedgerRow, 'archived'>): readonly unknown[] | undefined {
  const documents = parseJson(archived ?? '');
  return Array.isArray(documents) ? documents : undefined;
}

/** One event of a row that was sent. */
export interface SentEvent {
  reference: JobReference;
  phase: Phase;
  outcome: Outcome;
  /** ISO 8601. Undefined for an event of a version that did not record it. */
  sentAt: string | undefined;
}

/** The events of a row that were sent, in their order: one, or two for a held job that has ended. */
export function sentEventsOf(key: { tenantId: string; rowKey: string }, row: LedgerRow): SentEvent[] {
  const reference = parseLedgerKey(key, row);
  const { phase, event, outcome } = row;
  if (!reference || outcome === undefined) return [];
  const isSent = event === 'sent';
  const start = phase === 'end' ? 'held' : outcome;
  // A job whose first event could not be sent is held too. Then its row waits without the time of that event.
  const isStartSent = isSent || (phase === 'end' && (row.status === 'held' || row.sentAt !== undefined));
  return [
    ...(isStartSent ? [{ reference, phase: 'start' as const, outcome: start, sentAt: row.sentAt }] : []),
    ...(isSent && phase === 'end' ? [{ reference, phase, outcome, sentAt: row.endSentAt }] : []),
  ];
}

/**
 * The text of an event that was sent, as far as the row keeps it: the same `id`, and all but the documents of a ready job,
 * which `truncated` then names. The job of a held one is shown as it was read last.
 */
export function formatEventOfRow({ reference, phase, outcome }: SentEvent, row: LedgerRow): string {
  const { firstSeenAt, traceparent = '', rule, by, refused } = row;
  const { job, redirectedTo, ...place } = factsOfRow(row) ?? { job: undefined };
  const { fields = {}, truncated = [] } = job ?? {};
  const lacksDocuments = job && reference.kind === 'jobFetchable';
  const known = {
    ...place,
    ...{ reference, phase, outcome, firstSeenAt, traceparent, rule },
    job: lacksDocuments ? { fields, truncated: ['documents', ...truncated] } : job,
    redirectedFrom: parseJobUrl(fields['redirectedFrom']),
    refused: refused === undefined ? undefined : parseJson(refused),
    archived: archivedOf(row),
  };
  // The first event of a held job that has ended says nothing about the end.
  if (phase !== row.phase) return formatJobEvent(known);
  return formatJobEvent({ ...known, by, redirectedTo: redirectedTo ?? parseJobUrl(fields['redirectedTo']) });
}
