import type { LedgerRow } from '../jobs/ledger';
import type { SweepDeps } from './sweepRun';
import { ledgerRowKey, type JobReference, formatJobMessage, createTrace } from '../jobs/message';
import type { Tenant } from '../tenants/tenants';
import type { Watch } from '../watches/watches';
import { listJobs, type ListedJob } from '../graph/api/printJobs';
import { listTasks } from '../graph/api/printTasks';
import { planJob, planTask, type Sight, type SweepPlan } from './plan';
import { eachBounded } from '../concurrency';

/** Rows of the ledger by RowKey; `undefined` is a row that nobody can read. */
export type LedgerRows = ReadonlyMap<string, LedgerRow | undefined>;

/** What one listing held. */
export interface ListingSweep {
  /** Open tasks, or jobs that are ready. */
  seen: number;
  enqueued: number;
  /** What ended the listing before its last page; what the pages before it showed is on the queue all the same. */
  brokenOff?: Error;
}

/**
 * Brings back the open tasks of one definition. Served or not: the worker ends what nobody watches.
 *
 * @returns beside the counts, where the jobs of all listed tasks are
 * @throws errors of the queue
 */
export async function sweepTasks(
  deps: SweepDeps,
  tenant: Pick<Tenant, 'tenantId' | 'taskDeadlineMinutes'>,
  definitionId: string,
  rows: LedgerRows,
): Promise<ListingSweep & { places: { printerId: string; jobId: string }[] }> {
  const { tenantId, taskDeadlineMinutes } = tenant;
  const places: { printerId: string; jobId: string }[] = [];
  const open: JobReference[] = [];
  const ended = await toItsEnd(async () => {
    for await (const { id: taskId, isOpen, place } of listTasks(deps, { tenantId, definitionId })) {
      if (place) places.push(place);
      if (isOpen) open.push({ kind: 'jobStarted', tenantId, definitionId, taskId, ...place });
    }
  });
  const found = open.filter((reference) =>
    isWanted(deps, rows, reference, (sight) => planTask(sight, taskDeadlineMinutes)),
  );
  await enqueueFound(deps, found);
  return { seen: open.length, enqueued: found.length, places, ...ended };
}

/**
 * Brings back the ready jobs of one watched printer.
 *
 * @returns beside the counts, all that was listed
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
  const ended = await toItsEnd(async () => {
    for await (const job of listJobs(deps, { tenantId, printerId })) {
      jobs.push(job);
      if (!job.isReady) continue;
      seen += 1;
      const reference: JobReference = { kind: 'jobFetchable', tenantId, printerId, jobId: job.jobId };
      if (isWanted(deps, rows, reference, (sight) => planJob(sight, job.createdAt, bounds))) found.push(reference);
    }
  });
  await enqueueFound(deps, found);
  return { seen, enqueued: found.length, jobs, ...ended };
}

/** A page that fails must not take along what the pages before it showed: whoever printed waits for that. */
async function toItsEnd(listing: () => Promise<void>): Promise<Pick<ListingSweep, 'brokenOff'>> {
  try {
    await listing();
    return {};
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { brokenOff: error };
  }
}

function isWanted(
  deps: Pick<SweepDeps, 'memory' | 'clock'>,
  rows: LedgerRows,
  reference: JobReference,
  plan: (sight: Sight) => SweepPlan,
): boolean {
  const rowKey = ledgerRowKey(reference);
  // The worker could not read that row either: a person has been told to correct it.
  if (rows.has(rowKey) && rows.get(rowKey) === undefined) return false;
  const brought = deps.memory.get(memoryName(reference));
  return plan({ now: deps.clock.now(), row: rows.get(rowKey), brought }) === 'enqueue';
}

/** Sends side by side; a queue takes about 2,000 messages in a second. */
const SENDS_AT_ONCE = 16;

/** How the sweep's memory names a job event. */
export function memoryName(reference: JobReference): string {
  return `${reference.tenantId}/${ledgerRowKey(reference)}`;
}

/**
 * Puts what was found on the queue print-notifications, as a notification of Graph would have been.
 *
 * @throws the queue's error, once every send under way has ended; what was sent is remembered as such
 */
export async function enqueueFound(
  deps: Pick<SweepDeps, 'jobs' | 'memory' | 'clock' | 'randomBytes'>,
  found: readonly JobReference[],
): Promise<void> {
  if (found.length === 0) return;
  const { nextTraceparent } = createTrace(deps.randomBytes);
  const now = deps.clock.now();
  const receivedAt = new Date(now).toISOString();
  await eachBounded(SENDS_AT_ONCE, found, async (reference) => {
    const traceparent = nextTraceparent();
    await deps.jobs.send(formatJobMessage({ reference, foundBy: 'sweep', receivedAt, traceparent, deferrals: 0 }));
    deps.memory.note(memoryName(reference), now);
  });
}
