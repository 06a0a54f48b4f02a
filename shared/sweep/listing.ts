import type { LedgerRows } from './ledgerRows';
import type { SweepDeps } from './sweepRun';
import { ledgerRowKey, type JobReference, formatJobMessage, createTrace } from '../jobs/message';
import type { Tenant } from '../tenants/tenants';
import type { Watch } from '../watches/watches';
import { listJobs, type ListedJob } from '../graph/api/printJobs';
import type { JobPlace } from '../jobPlace';
import { listTasks } from '../graph/api/printTasks';
import { planJob, planTask, type Sight, type SweepPlan } from './plan';
import { eachBounded } from '../concurrency';

/** The result of one listing. */
export interface ListingSweep {
  /** Open tasks, or jobs that are ready. */
  seen: number;
  enqueued: number;
  /** The error that ended the listing before its last page. The jobs of the pages before it are enqueued. */
  brokenOff?: Error;
}

/** Where the jobs of the listed tasks are. */
export interface TaskListing {
  places: JobPlace[];
  /** Tasks whose job is named through a share of which no row knows the printer. */
  unplaced: number;
}

/**
 * Enqueues the open tasks of one definition, watched or not: the worker ends the tasks that nobody watches.
 *
 * @returns the counts, and where the job of each listed task is
 * @throws errors of the queue
 */
export async function sweepTasks(
  deps: SweepDeps,
  tenant: Pick<Tenant, 'tenantId' | 'taskDeadlineMinutes'>,
  definitionId: string,
  rows: LedgerRows,
): Promise<ListingSweep & TaskListing> {
  const { tenantId, taskDeadlineMinutes } = tenant;
  const places: JobPlace[] = [];
  let unplaced = 0;
  const open: JobReference[] = [];
  const ended = await readListing(async () => {
    for await (const { id: taskId, isOpen, place } of listTasks(deps, { tenantId, definitionId })) {
      const reference: JobReference = { kind: 'jobStarted', tenantId, definitionId, taskId, ...place };
      // The row of a task that the worker has read names the printer of its share.
      if (place && 'printerId' in place) places.push(place);
      else if (place && rows.get(ledgerRowKey(reference))?.printerId === undefined) unplaced += 1;
      if (isOpen) open.push(reference);
    }
  });
  const found = open.filter((reference) =>
    shouldEnqueue(deps, rows, reference, (sight) => planTask(sight, taskDeadlineMinutes)),
  );
  await enqueueFound(deps, found);
  return { seen: open.length, enqueued: found.length, places, unplaced, ...ended };
}

/**
 * Enqueues the ready jobs of one watched printer.
 *
 * @returns the counts, and every listed job
 * @throws errors of the queue
 */
export async function sweepJobs(
  deps: SweepDeps,
  tenant: Pick<Tenant, 'retentionDays'>,
  watch: Pick<Watch, 'tenantId' | 'id' | 'since'>,
  rows: LedgerRows,
): Promise<ListingSweep & { jobs: ListedJob[] }> {
  const { tenantId, id: printerId } = watch;
  const bounds = { since: Date.parse(watch.since), retentionDays: tenant.retentionDays };
  const jobs: ListedJob[] = [];
  const found: JobReference[] = [];
  let seen = 0;
  const ended = await readListing(async () => {
    for await (const job of listJobs(deps, { tenantId, printerId })) {
      jobs.push(job);
      if (!job.isReady) continue;
      seen += 1;
      const reference: JobReference = { kind: 'jobFetchable', tenantId, printerId, jobId: job.jobId };
      if (shouldEnqueue(deps, rows, reference, (sight) => planJob(sight, job.createdAt, bounds))) found.push(reference);
    }
  });
  await enqueueFound(deps, found);
  return { seen, enqueued: found.length, jobs, ...ended };
}

/** A failed page does not discard the jobs of the pages before it: their users are waiting. */
async function readListing(listing: () => Promise<void>): Promise<Pick<ListingSweep, 'brokenOff'>> {
  try {
    await listing();
    return {};
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { brokenOff: error };
  }
}

function shouldEnqueue(
  deps: Pick<SweepDeps, 'memory' | 'clock'>,
  rows: LedgerRows,
  reference: JobReference,
  plan: (sight: Sight) => SweepPlan,
): boolean {
  const rowKey = ledgerRowKey(reference);
  // The worker cannot read this row either. It was reported, and a person has to correct it.
  if (rows.has(rowKey) && rows.get(rowKey) === undefined) return false;
  const enqueued = deps.memory.get(memoryName(reference));
  return plan({ now: deps.clock.now(), row: rows.get(rowKey), enqueued }) === 'enqueue';
}

/** Sends side by side. A queue takes about 2,000 messages a second. */
const SENDS_AT_ONCE = 16;

/** The name of a job event in the memory of the sweep. */
export const memoryName = (reference: JobReference) => `${reference.tenantId}/${ledgerRowKey(reference)}`;

/** Sends each job event to the queue print-notifications, like a notification of Graph. Rejects with the queue's error. */
export async function enqueueFound(
  deps: Pick<SweepDeps, 'jobs' | 'memory' | 'clock' | 'randomBytes'>,
  found: readonly JobReference[],
): Promise<void> {
  if (found.length === 0) return;
  const { nextTraceparent } = createTrace(deps.randomBytes);
  const receivedAt = new Date(deps.clock.now()).toISOString();
  await eachBounded(SENDS_AT_ONCE, found, async (reference) => {
    const traceparent = nextTraceparent();
    await deps.jobs.send(formatJobMessage({ reference, foundBy: 'sweep', receivedAt, traceparent, deferrals: 0 }));
    deps.memory.note(memoryName(reference));
  });
}
