import { readItemRow } from './ledgerRows';
import { memoryName } from './sweepMemory';
import type { SweepDeps } from './sweepRun';
import { NEW_JOB_MS } from './taskPlaces';
import type { LedgerRow } from '../jobs/ledgerRow';
import { formatJobMessage, createTrace, type JobReference } from '../jobs/message';
import type { Tenant } from '../tenants/tenants';
import type { Watch } from '../watches/watches';
import { listJobs, type ListedJob } from '../graph/api/printJobs';
import { listTasks, type PrintTask } from '../graph/api/printTasks';
import {
  isOutOfBounds,
  planEndedTask,
  planJob,
  planOlderJob,
  planStoppedJob,
  planTask,
  type Sight,
  type SweepPlan,
} from './plan';
import { eachBounded } from '../concurrency';

export interface ListingOptions {
  /** A person asked for the sweep: retries that have ended or are not due yet are made now. */
  retryNow: boolean;
  /** Called for each row that cannot be read. */
  onUnreadable: (error: Error) => void;
}

/** The result of one listing. */
export interface ListingSweep {
  /** Open tasks, or jobs that are ready. */
  seen: number;
  enqueued: number;
  /** Listed jobs whose notification did not arrive in time. */
  lostByGraph: number;
  /** Tasks whose job is named through a share of which no row knows the printer. */
  unplaced: number;
  /** Graph showed at least one item: what was listed exists. */
  hasItems: boolean;
  /** The error that ended the listing before its last page. The jobs of the pages before it are enqueued. */
  brokenOff?: Error;
}

/** Items of a listing that are compared with the ledger at a time: a bound on memory. */
const ITEMS_AT_ONCE = 200;
/** Rows side by side: far under the 2,000 entities a second of one table partition. */
const READS_AT_ONCE = 16;
/** Sends side by side. A queue takes about 2,000 messages a second. */
const SENDS_AT_ONCE = 16;

/**
 * Enqueues the open tasks of one definition, watched or not: the worker ends the tasks of an unwatched definition. Notes where the
 * listed tasks are.
 *
 * @throws errors of the queue and of the tables
 */
export async function sweepTasks(
  deps: SweepDeps,
  tenant: Pick<Tenant, 'tenantId' | 'taskDeadlineMinutes'>,
  definition: { id: string; isWatched: boolean; held: HeldTasks },
  options: ListingOptions,
): Promise<ListingSweep> {
  const { tenantId, taskDeadlineMinutes } = tenant;
  const { id: definitionId, isWatched, held } = definition;
  // A held job that Graph lists no more was deleted.
  const unlisted = new Map(held);
  const toItem: ToItem<PrintTask> = ({ id: taskId, isOpen, hasEnded, place }, swept) => {
    unlisted.delete(taskId);
    const isPlaced = place === undefined || 'printerId' in place;
    if (place && 'printerId' in place) deps.memory.taskPlaces.note(tenantId, place, isWatched);
    // The row of a task that has ended shows whether Graph lost its notification, and the printer of a share.
    if (hasEnded && !isWatched && isPlaced) return undefined;
    const reference: JobReference = { kind: 'jobStarted', tenantId, definitionId, taskId, ...place };
    const onRow = (row: LedgerRow | undefined) => {
      const { printerId, jobId } = row ?? {};
      if (printerId !== undefined && jobId !== undefined) {
        deps.memory.taskPlaces.note(tenantId, { printerId, jobId }, isWatched);
      } else if (!isPlaced) swept.unplaced += 1;
    };
    const item = { reference, isNotified: isWatched, onRow };
    if (hasEnded) return { ...item, isOpenTask: false, plan: planEndedTask };
    swept.seen += 1;
    return { ...item, isOpenTask: true, plan: (sight) => planTask(sight, { taskDeadlineMinutes, isOpen }) };
  };
  const swept = await sweepListing(deps, listTasks(deps, { tenantId, definitionId }), toItem, options);
  if (swept.brokenOff !== undefined) return swept;
  const ended = [...unlisted.values()].map((reference): Item => ({
    reference,
    isOpenTask: false,
    isNotified: isWatched,
    plan: planEndedTask,
  }));
  await comparePiece(deps, ended, options, swept);
  return swept;
}

/** The held jobs of a definition by their task. */
type HeldTasks = Map<string, JobReference>;

/** The held jobs of a tenant by definition, from one listing of their index. */
export async function listHeldTasks(
  { ledger }: Pick<SweepDeps, 'ledger'>,
  tenantId: string,
  onUnreadable: (error: Error) => void,
): Promise<(definitionId: string) => HeldTasks> {
  const held = new Map<string, HeldTasks>();
  const of = (definitionId: string): HeldTasks => held.get(definitionId) ?? new Map<string, JobReference>();
  for await (const { reference } of ledger.listHeld(tenantId, {}, onUnreadable)) {
    if (reference.kind !== 'jobStarted') continue;
    held.set(reference.definitionId, of(reference.definitionId).set(reference.taskId, reference));
  }
  return of;
}

/**
 * Enqueues the ready jobs of one watched printer.
 *
 * @returns the counts, the listed jobs of the last day, and whether the printer was quiet for that day
 * @throws errors of the queue and of the tables
 */
export async function sweepJobs(
  deps: SweepDeps,
  tenant: Pick<Tenant, 'retentionDays' | 'completionEvents'>,
  watch: Pick<Watch, 'tenantId' | 'id' | 'since'>,
  options: ListingOptions,
): Promise<ListingSweep & { jobs: ListedJob[]; isQuiet: boolean }> {
  const { tenantId, id: printerId } = watch;
  const bounds = { since: Date.parse(watch.since), retentionDays: tenant.retentionDays };
  // An older job that has a row was accepted. Without a request, its rows would be read in each sweep.
  const knownBounds = options.retryNow ? { ...bounds, since: -Infinity } : bounds;
  const now = deps.clock.now();
  const jobs: ListedJob[] = [];
  /** A watch of less than a day may have been added with its printer. */
  let isQuiet = now - bounds.since >= NEW_JOB_MS;
  const toItem: ToItem<ListedJob> = (job, swept) => {
    // A job of unknown age counts as new.
    if (!(now - job.createdAt >= NEW_JOB_MS)) isQuiet = false;
    if (now - job.createdAt < NEW_JOB_MS) jobs.push(job);
    if (job.isReady) swept.seen += 1;
    const wantsEnd = job.hasEnded && tenant.completionEvents === 'on';
    if ((!job.isReady && !wantsEnd) || isOutOfBounds(now, job.createdAt, knownBounds)) return undefined;
    const place = { tenantId, printerId, jobId: job.jobId };
    if (isOutOfBounds(now, job.createdAt, bounds)) {
      return { reference: { kind: 'jobFetchable', ...place }, isOpenTask: false, isNotified: true, plan: planOlderJob };
    }
    return {
      reference: { kind: 'jobFetchable', ...place },
      isOpenTask: false,
      isNotified: true,
      // A job that was stopped before it was ready has no event.
      plan: job.isReady ? planJob : planStoppedJob,
      ...(wantsEnd ? { end: { kind: 'jobEnded', ...place } } : {}),
    };
  };
  const swept = await sweepListing(deps, listJobs(deps, { tenantId, printerId }), toItem, options);
  return { ...swept, jobs, isQuiet: isQuiet && swept.enqueued === 0 };
}

/** One item of a listing that the ledger is asked about. */
interface Item {
  reference: JobReference;
  isOpenTask: boolean;
  /** Graph sends a notification of it. */
  isNotified: boolean;
  /** Called with its row when that is read. */
  onRow?: (row: LedgerRow | undefined) => void;
  /** The end of the job, which has an event of its own after the event of the job. */
  end?: JobReference;
  plan: (sight: Sight) => SweepPlan;
}

/** Counts what Graph listed. Undefined for what the ledger is not asked about. */
type ToItem<T> = (listed: T, swept: ListingSweep) => Item | undefined;

/** Compares a listing with the ledger piece by piece, and enqueues what is missing. */
async function sweepListing<T>(
  deps: SweepDeps,
  listed: AsyncIterable<T>,
  toItem: ToItem<T>,
  options: ListingOptions,
): Promise<ListingSweep> {
  const swept: ListingSweep = { seen: 0, enqueued: 0, lostByGraph: 0, unplaced: 0, hasItems: false };
  let piece: Item[] = [];
  const take = async () => {
    const items = piece;
    piece = [];
    await comparePiece(deps, items, options, swept);
  };
  try {
    for await (const one of listed) {
      swept.hasItems = true;
      const item = toItem(one, swept);
      if (item) piece.push(item);
      if (piece.length >= ITEMS_AT_ONCE) await take();
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // A failed page does not discard the jobs of the pages before it: their users are waiting.
    swept.brokenOff = error;
  }
  await take();
  return swept;
}

async function comparePiece(
  deps: SweepDeps,
  items: readonly Item[],
  { retryNow, onUnreadable }: ListingOptions,
  swept: ListingSweep,
): Promise<void> {
  const found: Record<'enqueue' | 'lookAgain', JobReference[]> = { enqueue: [], lookAgain: [] };
  const counts = { missed: 0, again: 0, unnotified: 0 };
  const ends: Item[] = [];
  await eachBounded(READS_AT_ONCE, items, async ({ reference, isOpenTask, isNotified, onRow, end, plan }) => {
    const read = await readItemRow(deps, reference, isOpenTask, onUnreadable);
    if (read.isLost) swept.lostByGraph += 1;
    if (end && read.isSent) {
      ends.push({ reference: end, isOpenTask: false, isNotified: false, plan: planJob });
    }
    if (read.state !== 'read') return;
    const { row, ageMs } = read;
    onRow?.(row);
    const enqueued = deps.memory.get(memoryName(reference));
    const planned = plan({ now: deps.clock.now(), row, ageMs, enqueued, retryNow });
    if (planned !== 'enqueue' && planned !== 'lookAgain') return;
    found[planned].push(reference);
    if (row || enqueued) counts.again += 1;
    else counts[isNotified ? 'missed' : 'unnotified'] += 1;
  });
  await enqueueFound(deps, found.enqueue);
  await enqueueFound(deps, found.lookAgain, { stillOpen: true });
  const enqueued = found.enqueue.length + found.lookAgain.length;
  swept.enqueued += enqueued;
  if (enqueued > 0) deps.logger.info('sweep.jobsQueued', { tenantId: items[0]?.reference.tenantId, ...counts });
  if (ends.length > 0) await comparePiece(deps, ends, { retryNow, onUnreadable }, swept);
}

/** Sends each job event to the queue print-notifications, like a notification of Graph. Rejects with the queue's error. */
export async function enqueueFound(
  deps: Pick<SweepDeps, 'jobs' | 'memory' | 'clock' | 'randomBytes'>,
  found: readonly JobReference[],
  fields: { stillOpen?: true } = {},
): Promise<void> {
  if (found.length === 0) return;
  const { nextTraceparent } = createTrace(deps.randomBytes);
  const receivedAt = new Date(deps.clock.now()).toISOString();
  await eachBounded(SENDS_AT_ONCE, found, async (reference) => {
    const traceparent = nextTraceparent();
    const message = { reference, foundBy: 'sweep', receivedAt, traceparent, deferrals: 0, ...fields } as const;
    await deps.jobs.send(formatJobMessage(message));
    deps.memory.note(memoryName(reference));
  });
}
