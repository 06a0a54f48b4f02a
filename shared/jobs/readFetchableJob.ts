import type { CallGraph } from '../graph/client';
import { readJob, type PrintJob } from '../graph/api/printJobs';
import type { Outcome } from './ledger';
import type { JobFetchableReference } from './reference';

export type FetchableReading = { outcome: Outcome; job: PrintJob } | { outcome: 'notYet'; cause: string };

/**
 * What Graph says of a job that was notified as fetchable. A notification may arrive before the job can be read, and
 * long after it has been printed.
 *
 * @throws GraphError as `readJob`
 */
export async function readFetchableJob(
  callGraph: CallGraph,
  reference: JobFetchableReference,
): Promise<FetchableReading> {
  const job = await readJob(callGraph, reference, 'documents');
  if (!job) return { outcome: 'notYet', cause: 'jobNotFound' };
  if (job.state === 'canceled' || job.state === 'aborted') return { outcome: 'ended', job };
  if (job.state === 'completed' || job.isAcquiredByPrinter) return { outcome: 'printed', job };
  if (job.isFetchable) return { outcome: 'fetchable', job };
  return { outcome: 'notYet', cause: 'jobNotFetchable' };
}
