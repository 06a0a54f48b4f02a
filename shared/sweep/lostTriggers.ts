import { eachBounded } from '../concurrency';
import { isNotFound } from './drift';
import { LISTINGS_AT_ONCE, type ListingRun, classifyListingError } from './listingRun';
import type { SweepDeps, TenantSweep } from './sweepRun';
import { NEW_JOB_MS } from './taskPlaces';
import { listJobs, type ListedJob } from '../graph/api/printJobs';
import { createHash } from 'node:crypto';

/** The printers that this sweep has listed already. */
export interface SeenPrinters {
  /** Their jobs of the last day by printer id. */
  listed: ReadonlyMap<string, ListedJob[]>;
  /** Watched printers without a listing: it failed, or they are not due. They are not listed for this check. */
  unlisted: ReadonlySet<string>;
}

/**
 * Adds the printers whose trigger was lost to `sweep`. Printers that were listed already cost no call. Printers without
 * a watch are listed for this check alone, with their whole history, so each is checked once a day. Without the permission
 * to list them, their triggers stay unknown.
 *
 * @param checks startedAt: start of the run, milliseconds since 1970; everyPrinter: also printers that are not due;
 *   noUnwatched: only printers that were listed already
 */
export async function findLostTriggers(
  deps: SweepDeps,
  { sweep, run }: { sweep: TenantSweep; run: ListingRun },
  { listed, unlisted }: SeenPrinters,
  checks: { startedAt: number; everyPrinter: boolean; noUnwatched: boolean },
): Promise<void> {
  const { tenantId } = sweep;
  const { hasTask, printersOf } = deps.memory.taskPlaces;
  const check = (printerId: string, jobs: readonly ListedJob[]) => {
    const isCarried = ({ jobId }: ListedJob) => hasTask(tenantId, { printerId, jobId });
    const judged = judgeTrigger(jobs, isCarried, deps.clock.now());
    if (judged === 'works') sweep.triggersSettled.push(printerId);
    if (judged !== 'lost') return;
    sweep.triggersLost.push(printerId);
    deps.logger.warn('sweep.triggerLost', { tenantId, printerId });
  };
  const unwatched: string[] = [];
  for (const printerId of printersOf(tenantId)) {
    const jobs = listed.get(printerId);
    if (jobs) check(printerId, jobs);
    else if (checks.noUnwatched || unlisted.has(printerId)) continue;
    else if (checks.everyPrinter || isDailyCheckDue({ tenantId, id: printerId }, checks.startedAt))
      unwatched.push(printerId);
  }
  run.expect(unwatched.length);
  let mayList = true;
  const listAndCheck = async (printerId: string) => {
    if (!mayList) return;
    await run.pause(1, LISTINGS_AT_ONCE);
    const isExpected = (error: unknown) => {
      // The printer was deleted.
      if (isNotFound(error)) sweep.triggersSettled.push(printerId);
      mayList &&= classifyListingError(error) !== 'forbidden';
      return true;
    };
    const jobs = await run.attempt(
      `jobFetchable_${printerId}`,
      () => readNewJobs(deps, tenantId, printerId),
      isExpected,
    );
    if (jobs) check(printerId, jobs);
  };
  // The first one alone: one 403 is enough to stop.
  const [first, ...others] = unwatched;
  if (first !== undefined) await listAndCheck(first);
  await eachBounded(LISTINGS_AT_ONCE, others, listAndCheck);
}

async function readNewJobs(deps: SweepDeps, tenantId: string, printerId: string): Promise<ListedJob[]> {
  const now = deps.clock.now();
  const jobs: ListedJob[] = [];
  for await (const job of listJobs(deps, { tenantId, printerId })) {
    if (now - job.createdAt < NEW_JOB_MS) jobs.push(job);
  }
  return jobs;
}

/** A task follows its job within seconds. Jobs younger than this are not judged. */
const SETTLED_MS = 15 * 60_000;

/**
 * `lost`: the newest jobs of a printer have no task of this app, although earlier jobs had. Its trigger was lost or deleted, and
 * the app does not see what is printed there. `works`: its newest job has one. `unknown`: there is no job to judge by.
 *
 * @param hasTask whether a job has or had a task of this app
 */
export function judgeTrigger(
  jobs: readonly ListedJob[],
  hasTask: (job: ListedJob) => boolean,
  now: number,
): 'lost' | 'works' | 'unknown' {
  const newestFirst = jobs
    .filter(({ createdAt, isRedirected }) => now - createdAt < NEW_JOB_MS && !isRedirected)
    .sort((a, b) => b.createdAt - a.createdAt);
  for (const job of newestFirst) {
    if (hasTask(job)) return 'works';
    if (now - job.createdAt >= SETTLED_MS) return 'lost';
  }
  return 'unknown';
}

/** The interval of a customer's definitions, with whose listing the check runs. */
const STEP_MS = 10 * 60_000;
const STEPS_A_DAY = 144;

/**
 * Whether the sweep that started at `startedAt` (milliseconds since 1970) is the one in 144 that looks at what needs one look a
 * day: the trigger of an unwatched printer, or a printer or definition that is gone. The hash of its name selects the sweep: all
 * instances agree without shared state, and those of a customer are spread over the day.
 */
export function isDailyCheckDue({ tenantId, id }: { tenantId: string; id: string }, startedAt: number): boolean {
  const own = createHash('sha256').update(`${tenantId}/${id}`).digest().readUInt32BE() % STEPS_A_DAY;
  return Math.floor(startedAt / STEP_MS) % STEPS_A_DAY === own;
}
