import type { PrintJob } from '../graph/api/printJobs';
import type { Outcome } from './ledger';
import { ledgerRowKey, type JobReference } from './message';

/** A queue message holds 64 KiB on the wire, 48 KiB before base64. */
export const MOST_EVENT_BYTES = 48 * 1024;

/** What the work on a job found and did. */
export interface JobFacts {
  /** Where the job is; unknown only for a task without a readable parentUrl. */
  printerId: string | undefined;
  jobId: string | undefined;
  outcome: Outcome;
  /** Undefined when the job could not be read. */
  job: Pick<PrintJob, 'fields' | 'documents'> | undefined;
}

export interface JobEventFacts extends JobFacts {
  reference: JobReference;
  /** When this product first saw the job event; ISO 8601. */
  firstSeenAt: string;
  traceparent: string;
}

/**
 * The CloudEvents 1.0 JSON text that reports one job event to the vendor's systems. Its `id` is the same however often the
 * event is sent. An event too large for a queue message drops `documents`, then `job`, and names them in `truncated`.
 */
export function formatJobEvent(facts: JobEventFacts): string {
  const whole = build(facts, []);
  if (fits(whole)) return whole;
  const withoutDocuments = build(facts, ['documents']);
  return fits(withoutDocuments) ? withoutDocuments : build(facts, ['documents', 'job']);
}

function build(facts: JobEventFacts, truncated: ('documents' | 'job')[]): string {
  const { reference, printerId, jobId, job } = facts;
  const { tenantId } = reference;
  const documents = truncated.includes('documents') ? undefined : job?.documents;
  return JSON.stringify({
    specversion: '1.0',
    id: `${tenantId}/${ledgerRowKey(reference)}`,
    source: `/tenants/${tenantId}/printers/${printerId ?? 'unknown'}`,
    subject: `jobs/${jobId ?? 'unknown'}`,
    type: reference.kind === 'jobStarted' ? 'print.job.started' : 'print.job.fetchable',
    time: facts.firstSeenAt,
    datacontenttype: 'application/json',
    ...(facts.traceparent === '' ? {} : { traceparent: facts.traceparent }),
    data: {
      tenantId,
      printerId,
      jobId,
      ...(reference.kind === 'jobStarted' ? { taskId: reference.taskId, definitionId: reference.definitionId } : {}),
      outcome: facts.outcome,
      ...(truncated.includes('job') ? {} : { job: job?.fields ?? null }),
      ...(documents === undefined ? {} : { documents }),
      ...(truncated.length === 0 ? {} : { truncated }),
    },
  });
}

function fits(text: string): boolean {
  return Buffer.byteLength(text, 'utf8') <= MOST_EVENT_BYTES;
}
