import type { NamedPlace } from '../jobPlace';
import type { Outcome, Phase } from './ledgerRow';
import { ledgerRowKey, type JobReference } from './message';
import { shortenJob, type ShortenedJob, type ShownJob } from './shortenJob';

/** A queue message holds 64 KiB on the wire, 48 KiB before base64. */
export const MOST_EVENT_BYTES = 48 * 1024;

/**
 * A cell of a table holds 64 KiB of UTF-16, 32 Ki characters (Understanding the Table service data model). The row keeps the text
 * of an event until the queue has it, so that every send says the same.
 */
export const MOST_CELL_CHARACTERS = 30_000;

/** What the work on a job found and did. */
export interface JobFacts {
  /** Where the job is; unknown only for a task without a readable parentUrl. */
  printerId?: string | undefined;
  /** In place of a printer: Graph does not show the printer of this share. */
  shareId?: string | undefined;
  jobId?: string | undefined;
  outcome: Outcome;
  /** Where this run has redirected the job to. */
  redirectedTo?: NamedPlace | undefined;
  /** Undefined when the job could not be read. */
  job: (ShownJob & { truncated?: readonly string[] | undefined }) | undefined;
}

export interface JobEventFacts extends JobFacts {
  reference: JobReference;
  /** `end`: the event reports the end of a job whose first event said that it is held. */
  phase: Phase;
  /** The name of the rule that decided, or that held the job. */
  rule?: string | undefined;
  /** Who stored the wish that ended a held job. */
  by?: string | undefined;
  /** What Graph refused of the decision, and in which words. */
  refused?: unknown;
  /** The documents that were archived. */
  archived?: readonly unknown[] | undefined;
  /** Where the job was redirected from, as far as its `redirectedFrom` names a job. */
  redirectedFrom?: NamedPlace | undefined;
  /** When this product first saw the job event; ISO 8601. */
  firstSeenAt: string;
  traceparent: string;
}

/**
 * The CloudEvents 1.0 JSON text that reports one job event to the vendor's systems. Its `id` is the same however often the
 * event is sent. A job too large for a queue message or a cell is shortened, and `truncated` names what is missing.
 */
export function formatJobEvent(facts: JobEventFacts): string {
  const { job } = facts;
  if (!job) return build(facts, undefined);
  const before = job.truncated ?? [];
  const name = (shortened: ShortenedJob) => ({
    ...shortened,
    truncated: [...new Set([...before, ...shortened.truncated])],
  });
  return build(facts, name(shortenJob(job, (shortened) => fits(build(facts, name(shortened))))));
}

function build(facts: JobEventFacts, job: ShortenedJob | undefined): string {
  const { reference, printerId, shareId, jobId, outcome, redirectedTo, redirectedFrom } = facts;
  const { tenantId } = reference;
  return JSON.stringify({
    specversion: '1.0',
    id: eventId(facts),
    source: `/tenants/${tenantId}/printers/${printerId ?? 'unknown'}`,
    subject: `jobs/${jobId ?? 'unknown'}`,
    type: eventType(facts),
    time: facts.firstSeenAt,
    datacontenttype: 'application/json',
    ...(facts.traceparent === '' ? {} : { traceparent: facts.traceparent }),
    data: {
      tenantId,
      printerId,
      shareId,
      jobId,
      ...(reference.kind === 'jobStarted' ? { taskId: reference.taskId, definitionId: reference.definitionId } : {}),
      outcome,
      rule: facts.rule,
      by: facts.by,
      refused: facts.refused,
      redirectedTo,
      redirectedFrom,
      job: job?.fields ?? null,
      documents: job?.documents,
      archived: facts.archived,
      ...(job && job.truncated.length > 0 ? { truncated: job.truncated } : {}),
    },
  });
}

/** The `id` of an event. */
export function eventId({ phase, reference }: Pick<JobEventFacts, 'phase' | 'reference'>): string {
  const { kind, tenantId } = reference;
  if (kind === 'jobEnded') return `${eventId({ phase, reference: { ...reference, kind: 'jobFetchable' } })}/end`;
  return `${tenantId}/${ledgerRowKey(reference)}${phase === 'end' ? '/end' : ''}`;
}

/** The `type` of an event. */
export function eventType({ phase, reference }: Pick<JobEventFacts, 'phase' | 'reference'>) {
  if (phase === 'end' || reference.kind === 'jobEnded') return 'print.job.ended';
  return reference.kind === 'jobStarted' ? 'print.job.started' : 'print.job.fetchable';
}

function fits(text: string): boolean {
  return text.length <= MOST_CELL_CHARACTERS && Buffer.byteLength(text, 'utf8') <= MOST_EVENT_BYTES;
}
