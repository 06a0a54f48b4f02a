import { errorFields, ReceiverError } from '../errors';
import { readJob, type PrintJob } from '../graph/api/printJobs';
import type { CallGraph } from '../graph/client';
import { GraphError } from '../graph/errors';
import { decide, neededFacts } from '../rules/decide';
import { readFacts } from '../rules/facts';
import type { DecisionDeps } from './decision';
import type { JobFacts } from './jobEvent';
import type { LedgerRow, Outcome } from './ledgerRow';
import { idsOf, type JobEndedReference, type JobFetchableReference } from './message';
import type { ShownJob } from './shortenJob';
import type { NotYet } from './startedJob';

/** How a job of Graph ended (resources/printjobstatus.md). A state that is not listed here is no end. */
const ENDS: ReadonlyMap<string, Outcome> = new Map([
  ['completed', 'completed'],
  ['aborted', 'failed'],
  ['canceled', 'canceled'],
]);

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
 * Reads a job that the sweep saw as ended. One that was redirected since prints elsewhere, where a job of its own ends
 * (resources/printjob.md).
 *
 * @throws GraphError
 */
export function readEndedJob(
  callGraph: CallGraph,
  reference: JobEndedReference,
): Promise<{ facts: JobFacts } | NotYet> {
  return readAs(callGraph, reference, { expand: undefined, notYet: 'jobNotEnded' }, ({ state, isRedirectedAway }) =>
    isRedirectedAway ? undefined : ENDS.get(state),
  );
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

/** What the rules say about a fetchable job. */
export interface FetchableDecision {
  /** The rule that matches, for its event. */
  named: Pick<LedgerRow, 'rule' | 'rulesEtag'>;
  isArchived: boolean;
}

/**
 * The rule that matches a fetchable job, and whether its documents are archived. Nothing can change the job any more.
 *
 * @param isPatient the event may wait until the rules, or what they ask about the printer, can be read: they may archive the
 *   job. Otherwise the job counts as one that no rule matches, and the log says so
 * @throws the retryable errors of Graph and of storage while `isPatient`, and every other error that is not about the rules
 */
export async function decideOnFetchable(
  deps: Pick<DecisionDeps, 'rules' | 'findPrinter' | 'callGraph' | 'logger'>,
  reference: JobFetchableReference,
  job: Pick<ShownJob, 'fields' | 'documents'>,
  isPatient: boolean,
): Promise<FetchableDecision> {
  try {
    return await applyToFetchable(deps, reference, job);
  } catch (error) {
    // Any other error, such as a lost claim, says nothing about the rules.
    const isOfRules =
      error instanceof GraphError || (error instanceof ReceiverError && error.code === 'blobsUnavailable');
    if (!isOfRules || (error.retryable && isPatient)) throw error;
    deps.logger.error('job.rulesUnavailable', { ...idsOf(reference), ...errorFields(error) });
    return { named: {}, isArchived: false };
  }
}

async function applyToFetchable(
  { rules, findPrinter, callGraph, logger }: Pick<DecisionDeps, 'rules' | 'findPrinter' | 'callGraph' | 'logger'>,
  reference: JobFetchableReference,
  { fields, documents }: Pick<ShownJob, 'fields' | 'documents'>,
): Promise<FetchableDecision> {
  const { tenantId, printerId } = reference;
  const inForce = await rules.rulesOf(tenantId, logger);
  switch (inForce.kind) {
    case 'none':
      return { named: {}, isArchived: false };
    case 'outage':
      throw inForce.error;
    case 'unreadable': {
      const { blob, problem } = inForce;
      logger.error('job.rulesUnreadable', { ...idsOf(reference), blob, problem });
      return { named: {}, isArchived: false };
    }
    case 'rules': {
      const { document, etag: rulesEtag } = inForce;
      const needsPrinter = neededFacts(document, 'jobFetchable').printer;
      const printer = needsPrinter ? await findPrinter(callGraph, tenantId, printerId) : undefined;
      const facts = readFacts({ event: 'jobFetchable', printerId, job: fields, documents, printer });
      const { rule, action } = decide(document, facts);
      return { named: rule === undefined ? {} : { rule, rulesEtag }, isArchived: action.kind === 'archive' };
    }
  }
}
