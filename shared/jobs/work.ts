import type { CallGraph } from '../graph/client';
import { readJob } from '../graph/api/printJobs';
import { isRecord, parseJson } from '../parse';
import type { MessageQueue } from '../storage/queues';
import type { Access } from './access';
import { extendLease, finishClaim, type Claim } from './claims';
import { formatJobEvent, type JobFacts } from './jobEvent';
import type { LedgerRow, Outcome } from './ledger';
import type { JobFetchableReference, JobMessage } from './message';
import { workOnStartedJob, type NotYet, type StartedJobDeps } from './startedJob';

export interface WorkDeps extends StartedJobDeps {
  queues: { events: MessageQueue };
}

export interface Work {
  claim: Claim;
  message: JobMessage;
  access: Access;
}

export type WorkResult =
  | { outcome: 'done' | 'eventRepeated' | 'releasedWithoutEvent'; jobOutcome: Outcome }
  | NotYet
  /** Another run has taken the row over; nothing more was started. */
  | { outcome: 'claimLost' };

/** One send with the retries of the queue client (services.ts). */
const EVENT_SEND_LIMIT_MS = 45_000;

/** Cells of a table hold 64 KiB of UTF-16, 32 Ki characters. */
const MOST_JOB_CHARACTERS = 30_000;

/**
 * The work under a claim: read, decide, act, send the event, record. A run that takes over reads everything again and
 * recognizes what an earlier run did.
 *
 * @throws GraphError, storage errors
 */
export async function workOnJob(deps: WorkDeps, work: Work): Promise<WorkResult> {
  const { reference, row } = work.claim;
  const pending = pendingFacts(row);
  if (pending && reference.kind === 'jobStarted') return sendAndRecord(deps, work, pending);
  const result =
    reference.kind === 'jobFetchable'
      ? await readFetchableJob(deps.callGraph, reference)
      : await workOnStartedJob(deps, { claim: work.claim, access: work.access, reference });
  // A job whose event is late may have been deleted at Graph since.
  const facts = 'facts' in result ? result.facts : pending;
  return facts ? sendAndRecord(deps, work, facts) : (result as Exclude<typeof result, { facts: JobFacts }>);
}

/** What a run found and did whose event could not be sent. */
function pendingFacts({ event, outcome, printerId, jobId, job }: LedgerRow): JobFacts | undefined {
  if (event !== 'pending' || outcome === undefined) return undefined;
  const fields = job === undefined ? undefined : parseJson(job);
  return { outcome, printerId, jobId, job: isRecord(fields) ? { fields } : undefined };
}

/** A notification may arrive before the job can be read, and long after it has been printed. */
export async function readFetchableJob(
  callGraph: CallGraph,
  reference: JobFetchableReference,
): Promise<{ facts: JobFacts } | NotYet> {
  const { printerId, jobId } = reference;
  const job = await readJob(callGraph, reference, 'documents');
  if (!job) return { outcome: 'notYet', cause: 'jobNotFound', patience: 'window' };
  const found = (outcome: Outcome) => ({ facts: { outcome, printerId, jobId, job } });
  if (job.state === 'canceled' || job.state === 'aborted') return found('ended');
  if (job.state === 'completed' || job.isAcquiredByPrinter) return found('printed');
  if (job.isFetchable) return found('fetchable');
  return { outcome: 'notYet', cause: 'jobNotFetchable', patience: 'window' };
}

/** Sends the event, then records outcome and event. A run that ends between the two repeats the event with the same id. */
async function sendAndRecord(deps: WorkDeps, { claim, message, access }: Work, facts: JobFacts): Promise<WorkResult> {
  const { outcome, printerId, jobId, job } = facts;
  const jobText = job && JSON.stringify(job.fields);
  const jobCreatedAt = job?.fields['createdDateTime'];
  const record: Partial<LedgerRow> = {
    outcome,
    ...(printerId === undefined ? {} : { printerId }),
    ...(jobId === undefined ? {} : { jobId }),
    ...(typeof jobCreatedAt === 'string' ? { jobCreatedAt } : {}),
    ...(jobText === undefined || jobText.length > MOST_JOB_CHARACTERS ? {} : { job: jobText }),
  };
  if (!access.active) {
    await finishClaim(deps.ledger, claim, { ...record, event: 'none', cause: access.reason });
    return { outcome: 'releasedWithoutEvent', jobOutcome: outcome };
  }
  if (!(await extendLease(deps.ledger, claim, EVENT_SEND_LIMIT_MS))) return { outcome: 'claimLost' };
  const { reference, row } = claim;
  const { firstSeenAt } = row;
  const { traceparent } = message;
  // Where the queue refuses, the row is released with this: a later run sends the event without asking Graph.
  claim.row = { ...row, ...record, event: 'pending' };
  await deps.queues.events.send(formatJobEvent({ ...facts, reference, firstSeenAt, traceparent }));
  const recorded = await finishClaim(deps.ledger, claim, { ...record, event: 'sent' });
  return { outcome: recorded ? 'done' : 'eventRepeated', jobOutcome: outcome };
}
