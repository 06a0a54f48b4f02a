import { isDeepStrictEqual } from 'node:util';
import { LONGEST_WAIT_IN_PLACE_MS, type CallGraph } from '../graph/client';
import { GRAPH_CALL_LIMIT_MS, type Throttle } from '../graph/throttle';
import { GraphError, wasNotSent } from '../graph/errors';
import { abortJob, redirectJob, updateJob, type JobKey } from '../graph/api/jobActions';
import { readJob, type PrintJob } from '../graph/api/printJobs';
import { endTask, readTask } from '../graph/api/printTasks';
import type { JobPlace } from '../jobPlace';
import { ReceiverError } from '../errors';
import { isRecord } from '../parse';
import { extendLease, type Claim, type ClaimDeps } from './claims';
import { isMereRelease, parseChange, type Decided } from './decision';
import type { Decision, DecisionCells, Outcome } from './ledgerRow';
import type { JobStartedReference } from './message';
import type { Found } from './startedReading';

export interface CarryOutDeps {
  callGraph: CallGraph;
  throttle: Pick<Throttle, 'remainingMs'>;
  ledger: ClaimDeps;
}

/** Graph's refusal of a decision, for the event. */
export interface Refused {
  action: Decision;
  /** The code of our error, such as `graphForbidden`. */
  code: string;
  /** What Graph said, in words that are safe to show, with the remedy. */
  message: string;
}

export type CarriedOut =
  | { outcome: Outcome; job: PrintJob | undefined; redirectedTo?: JobPlace }
  /** The task is still open, and the decision has changed nothing. */
  | { outcome: 'refused'; refused: Refused; error: GraphError }
  | { outcome: 'claimLost' };

/** What administrators read on a task that we end. No decision rests on it: Graph may show another text. */
const BY = 'by Universal Print Receiver';
function describe({ decision, decidedBy }: Decided): string {
  const done = decision === 'abort' ? 'Aborted' : 'Released';
  switch (decidedBy) {
    case 'deadline':
      return `${done} ${BY} at its deadline`;
    case 'unreadable':
      return `${done} ${BY}, which cannot read the job`;
    case 'rulesUnreadable':
      return `${done} ${BY}, which cannot read its rules`;
    case 'document':
      return `${done} ${BY}, which cannot archive the document`;
    default:
      return `${done} ${BY}`;
  }
}

const OUTCOMES = { release: 'released', redirect: 'redirected', abort: 'aborted', hold: 'held' } as const;

/** The outcome of a decision that has been carried out. */
function outcomeOf({ decision = 'release', decidedBy }: DecisionCells): Outcome {
  if (decidedBy === 'deadline' || decidedBy === 'unreadable') return decidedBy;
  if (decidedBy === 'deleted') return 'ended';
  return OUTCOMES[decision];
}

/**
 * A task that has ended with our decision on its row was ended by us: the run that did it ended before it recorded that. A
 * redirect ends the task too (api/printjob-redirect.md). A job that is canceled, or aborted without our decision, was ended by
 * another party, also where its task was left to us.
 */
export function outcomeOfEnded({ earlier }: Pick<Claim, 'earlier'>, job: PrintJob | undefined): Outcome {
  if (job?.isRedirectedAway) return 'redirected';
  const isOfOther = job?.state === 'canceled' || (job?.state === 'aborted' && earlier?.decision !== 'abort');
  return earlier === undefined || isOfOther ? 'ended' : outcomeOf(earlier);
}

/**
 * Writes the decision on the row, carries it out at Graph and ends the task. What an earlier run has done already is not
 * done again.
 *
 * @throws GraphError where waiting helps or the outcome is unknown, and errors of storage
 */
export async function carryOut(
  deps: CarryOutDeps,
  { claim, reference }: { claim: Claim; reference: JobStartedReference },
  decided: Decided,
  found: Found,
): Promise<CarriedOut> {
  if (!(await writeDecision(deps, claim, decided))) return { outcome: 'claimLost' };
  try {
    return await act({ ...deps, callGraph: marking(deps, claim) }, { claim, reference }, decided, found);
  } catch (error) {
    if (!isRefusal(error, decided)) throw error;
    // A refusal is no failure when the task has ended: by another party, or by an earlier try whose answer was lost.
    const task = await readTask(deps.callGraph, reference);
    if (typeof task === 'string' || !task.hasEnded) {
      claim.hasActed = false;
      const { code, message } = error;
      return { outcome: 'refused', refused: { action: decided.decision, code, message }, error };
    }
    const job = await readAgain(deps, reference, found);
    const isOurs = error.wasRepeated && job?.isRedirectedAway !== true;
    return { outcome: isOurs ? outcomeOf(decided) : outcomeOfEnded(claim, job), job };
  }
}

/**
 * The same calls. A write marks the claim, because it may have taken effect whatever its answer is. One that a pause of the tenant
 * keeps back, or that has no token, was not sent: a task that ends meanwhile was ended by another party.
 */
function marking({ callGraph, throttle }: CarryOutDeps, claim: Claim): CallGraph {
  return async (call) => {
    // An earlier try of the same call may have been sent where the pause began after that.
    const isKeptBack = throttle.remainingMs(call.tenantId) > LONGEST_WAIT_IN_PLACE_MS;
    try {
      const answer = await callGraph(call);
      claim.hasActed ||= call.method !== 'GET';
      return answer;
    } catch (error) {
      const isUnsent = (isKeptBack && wasNotSent(error)) || isBeforeCall(error);
      claim.hasActed ||= call.method !== 'GET' && !isUnsent;
      throw error;
    }
  };
}

/** The lease of the claim or the token was not to be had. */
function isBeforeCall(error: unknown): boolean {
  if (!(error instanceof GraphError)) return error instanceof ReceiverError;
  return error.code === 'tokenUnavailable' || error.code === 'tokenRefused';
}

/** A mere release was written with the claim. Its rule is recorded with its end. */
async function writeDecision({ ledger }: CarryOutDeps, claim: Claim, decided: Decided): Promise<boolean> {
  const { onFailure: _onFailure, isAbortRefused: _isRefused, needsDocument: _needs, ...cells } = decided;
  if (!isMereRelease(decided)) return extendLease(ledger, claim, GRAPH_CALL_LIMIT_MS, cells);
  claim.row = { ...claim.row, ...cells };
  return extendLease(ledger, claim, GRAPH_CALL_LIMIT_MS);
}

async function act(
  { callGraph }: CarryOutDeps,
  { claim, reference }: { claim: Claim; reference: JobStartedReference },
  decided: Decided,
  found: Found,
): Promise<CarriedOut> {
  const { job } = found;
  const key = keyOf(reference, found);
  const configuration = parseChange(decided.configure);
  const status = { state: 'completed', description: describe(decided) } as const;
  const { decision } = decided;
  if (job && (job.isRedirectedAway || ['canceled', 'aborted'].includes(job.state))) {
    // It was redirected or canceled, or an earlier run aborted it: only its task is left.
    await endTask(callGraph, reference, status);
    return { outcome: outcomeOfEnded(claim, job), job };
  }
  if (decision === 'redirect') {
    if (!key) throw new TypeError('A job is redirected from a printer');
    const destinationPrinterId = decided.targetPrinterId ?? '';
    const order = { destinationPrinterId, ...(decided.configure === undefined ? {} : { configuration }) };
    const jobId = await redirectJob(callGraph, key, order);
    const redirectedTo = jobId === undefined ? {} : { redirectedTo: { printerId: destinationPrinterId, jobId } };
    return { outcome: 'redirected', job, ...redirectedTo };
  }
  if (decision === 'abort' && (!key || decided.isAbortRefused)) {
    // The job itself cannot be aborted. An aborted task does not ask Graph to print it.
    await endTask(callGraph, reference, { ...status, state: 'aborted' });
  } else if (decision === 'abort' && key) {
    await abortJob(callGraph, key, decided.reason);
    await endTaskOfAborted(callGraph, reference, status);
  } else {
    if (key && job && !isConfigured(job, configuration)) await updateJob(callGraph, key, configuration);
    await endTask(callGraph, reference, status);
  }
  return { outcome: outcomeOf(decided), job };
}

/** Whether an abort ends the task of its job is not documented (api/printjob-abort.md). */
async function endTaskOfAborted(
  callGraph: CallGraph,
  reference: JobStartedReference,
  status: { state: 'completed'; description: string },
): Promise<void> {
  try {
    await endTask(callGraph, reference, status);
  } catch (error) {
    if (!(error instanceof GraphError) || error.retryable) throw error;
    const task = await readTask(callGraph, reference);
    if (typeof task !== 'string' && !task.hasEnded) throw error;
  }
}

/** Whether the job already is as wanted, so that a run that takes over does not change it again. */
function isConfigured({ fields }: PrintJob, configuration: Readonly<Record<string, unknown>>): boolean {
  const current = isRecord(fields['configuration']) ? fields['configuration'] : {};
  return Object.entries(configuration).every(([name, value]) => isDeepStrictEqual(current[name], value));
}

/** The job after its task has ended in the meantime: it may have been redirected. */
async function readAgain(
  { callGraph }: CarryOutDeps,
  reference: JobStartedReference,
  found: Found,
): Promise<PrintJob | undefined> {
  const key = keyOf(reference, found);
  if (!found.job || !key) return found.job;
  const read = await readJob(callGraph, key, 'tasks');
  return typeof read === 'string' ? found.job : read;
}

/** Graph answered that it does not do this. A forbidden mere release has nothing to fall back on. */
function isRefusal(error: unknown, decided: Decided): error is GraphError {
  if (!(error instanceof GraphError)) return false;
  if (error.code === 'graphForbidden') return !isMereRelease(decided);
  return ['graphRejected', 'graphConflict', 'graphNotFound'].includes(error.code);
}

function keyOf({ tenantId }: JobStartedReference, { printerId, jobId }: Found): JobKey | undefined {
  return printerId === undefined || jobId === undefined ? undefined : { tenantId, printerId, jobId };
}
