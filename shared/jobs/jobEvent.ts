import type { PrintJob } from '../graph/api/printJobs';
import type { Outcome } from './ledger';
import { ledgerRowKey, type JobReference } from './reference';

/** A queue message holds 64 KiB on the wire, 48 KiB before base64. */
export const MOST_EVENT_BYTES = 48 * 1024;

export interface JobEventFacts {
  reference: JobReference;
  /** Where the job is; unknown only for a task without a readable parentUrl. */
  printerId: string | undefined;
  jobId: string | undefined;
  outcome: Outcome;
  /** When this product first heard of it; ISO 8601. */
  firstSeenAt: string;
  traceparent: string;
  /** Absent when the job could not be read. */
  job: PrintJob | undefined;
}

/**
 * The CloudEvents 1.0 JSON text that tells the vendor's systems of one job. Its `id` is the same however often the
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
      ...(reference.kind === 'jobStarted'
        ? { taskId: reference.taskId, definitionId: reference.definitionId }
        : {}),
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
