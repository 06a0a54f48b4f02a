import { eachBounded } from '../concurrency';
import { LISTINGS_AT_ONCE, type ListingRun } from './createListingRun';
import { isTriggerLookDue } from './isTriggerLookDue';
import { isTriggerLost } from './isTriggerLost';
import { judgeListingError } from './judgeListingError';
import { listJobs, type ListedJob } from '../graph/api/printJobs';
import type { SweepDeps } from './sweepDeps';
import type { TenantSweep } from './tenantSweep';

/** What is known of tasks of ours on printers, for finding lost triggers. */
export interface TaskPlaces {
  /** `placeName` of every job that is known to carry one. */
  carried: Set<string>;
  /** Printers on which a watched definition had a task lately. */
  printers: Set<string>;
  /** False when a definition could not be read: then nothing may be said of triggers. */
  isComplete: boolean;
}

/** What the sweep did about the watched printers before. */
export interface SeenPrinters {
  /** Their jobs by printer id. */
  listed: ReadonlyMap<string, ListedJob[]>;
  /** Those whose listing failed: they are not asked a second time. */
  unlisted: ReadonlySet<string>;
}

/**
 * Notes in `sweep` the printers whose trigger was lost. What was listed already costs nothing. Printers that nobody
 * watches are listed for this alone, with their whole history, so each has its turn once a day; without the permission to
 * list them, their triggers stay unknown.
 *
 * @param looks startedAt: begin of the run, milliseconds since 1970; atAll: not only at those whose turn it is
 */
export async function findLostTriggers(
  deps: SweepDeps,
  { sweep, run }: { sweep: TenantSweep; run: ListingRun },
  { carried, printers, isComplete }: TaskPlaces,
  { listed, unlisted }: SeenPrinters,
  looks: { startedAt: number; atAll: boolean },
): Promise<void> {
  if (!isComplete) return;
  const { tenantId } = sweep;
  const judge = (printerId: string, jobs: readonly ListedJob[]) => {
    if (!isTriggerLost(printerId, jobs, carried, deps.clock.now())) return;
    sweep.triggersLost.push(printerId);
    deps.logger.warn('sweep.triggerLost', { tenantId, printerId });
  };
  const unwatched: string[] = [];
  for (const printerId of printers) {
    const jobs = listed.get(printerId);
    if (jobs) judge(printerId, jobs);
    else if (unlisted.has(printerId)) continue;
    else if (looks.atAll || isTriggerLookDue({ tenantId, printerId }, looks.startedAt)) unwatched.push(printerId);
  }
  run.expect(unwatched.length);
  let mayList = true;
  const look = async (printerId: string) => {
    if (!mayList) return;
    const isExpected = (error: unknown) => {
      if (judgeListingError(error) === 'forbidden') mayList = false;
      return true;
    };
    const listing = () => readAll(deps, tenantId, printerId);
    const jobs = await run.attempt(`jobFetchable_${printerId}`, listing, { isExpected });
    if (jobs) judge(printerId, jobs);
  };
  // The first one alone: one 403 tells enough.
  const [first, ...others] = unwatched;
  if (first !== undefined) await look(first);
  await eachBounded(LISTINGS_AT_ONCE, others, look);
}

async function readAll(deps: SweepDeps, tenantId: string, printerId: string): Promise<ListedJob[]> {
  const jobs: ListedJob[] = [];
  for await (const job of listJobs(deps, { tenantId, printerId })) jobs.push(job);
  return jobs;
}
