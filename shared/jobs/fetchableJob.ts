import { readJob, type PrintJob } from '../graph/api/printJobs';
import type { CallGraph } from '../graph/client';
import type { JobFacts } from './jobEvent';
import type { Outcome } from './ledgerRow';
import type { JobEndedReference, JobFetchableReference } from './message';
import type { NotYet } from './startedJob';

/** How a job of Graph ended (resources/printjobstatus.md). A state that is not listed here is no end. */
const ENDS: Readonly<Record<string, Outcome>> = { completed: 'completed', aborted: 'failed', canceled: 'canceled' };

/**
 * Reads a job for its JobFetchable event. A notification may arrive before the job can be read, and long after it has been
 * printed.
 *
 * @throws GraphError
 */
export function readFetchableJob(
  callGraph: CallGraph,
  reference: JobFetchableReference,
): Promise<{ facts: JobFacts } | NotYet> {
  return readAs(callGraph, reference, { expand: 'documents', notYet: 'jobNotFetchable' }, (job) => {
    // Whatever its state says, it prints elsewhere (resources/printjob.md).
    if (job.isRedirectedAway) return 'redirected';
    if (job.state === 'canceled' || job.state === 'aborted') return 'ended';
    if (job.state === 'completed' || job.isAcquiredByPrinter) return 'printed';
    return job.isFetchable ? 'fetchable' : undefined;
  });
}

/**
 * Reads a job that the sweep saw as ended.
 *
 * @throws GraphError
 */
export function readEndedJob(
  callGraph: CallGraph,
  reference: JobEndedReference,
): Promise<{ facts: JobFacts } | NotYet> {
  return readAs(callGraph, reference, { expand: undefined, notYet: 'jobNotEnded' }, ({ state }) => ENDS[state]);
}

async function readAs(
  callGraph: CallGraph,
  reference: JobFetchableReference | JobEndedReference,
  { expand, notYet }: { expand: 'documents' | undefined; notYet: string },
  outcomeOf: (job: PrintJob) => Outcome | undefined,
): Promise<{ facts: JobFacts } | NotYet> {
  const { printerId, jobId } = reference;
  const job = await readJob(callGraph, reference, expand);
  if (typeof job === 'string') {
    return { outcome: 'notYet', cause: job === 'otherId' ? 'jobOfOtherId' : 'jobNotFound', patience: 'window' };
  }
  const outcome = outcomeOf(job);
  if (outcome === undefined) return { outcome: 'notYet', cause: notYet, patience: 'window' };
  return { facts: { outcome, printerId, jobId, job } };
}
