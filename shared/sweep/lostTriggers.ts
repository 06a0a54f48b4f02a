import { eachBounded } from '../concurrency';
import { LISTINGS_AT_ONCE, type ListingRun, judgeListingError } from './listingRun';
import type { SweepDeps, TenantSweep } from './sweepRun';
import { listJobs, type ListedJob } from '../graph/api/printJobs';
import { createHash } from 'node:crypto';

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

/** A task follows its job within seconds; below this age its absence says nothing. */
const SETTLED_MS = 15 * 60_000;
/** Older jobs are history: their tasks may be forgotten. */
const NEW_MS = 24 * 60 * 60_000;

/** Names a job across printers. */
export function placeName({ printerId, jobId }: { printerId: string; jobId: string }): string {
  return `${printerId}/${jobId}`;
}

/**
 * Whether the newest jobs of a printer carry no task of ours any more, although earlier ones did: its trigger was lost
 * or taken away, and what is printed there passes us by.
 *
 * @param carried `placeName` of each job that is known to carry one
 */
export function isTriggerLost(
  printerId: string,
  jobs: readonly ListedJob[],
  carried: ReadonlySet<string>,
  now: number,
): boolean {
  const newestFirst = jobs
    .filter(({ createdAt, isRedirected }) => now - createdAt < NEW_MS && !isRedirected)
    .sort((a, b) => b.createdAt - a.createdAt);
  for (const { jobId, createdAt } of newestFirst) {
    if (carried.has(placeName({ printerId, jobId }))) return false;
    if (now - createdAt >= SETTLED_MS) return true;
  }
  return false;
}

/** As often as the timer sweeps. */
const STEP_MS = 10 * 60_000;
const STEPS_A_DAY = 144;

/**
 * Whether the sweep that began at `startedAt` (milliseconds since 1970) is the one in 144 that looks at this printer for
 * its trigger alone. Each printer has a step of the day of its own, from its name: all instances agree without
 * remembering anything, and the printers of a customer are spread over the day.
 */
export function isTriggerLookDue(
  { tenantId, printerId }: { tenantId: string; printerId: string },
  startedAt: number,
): boolean {
  const own = createHash('sha256').update(`${tenantId}/${printerId}`).digest().readUInt32BE() % STEPS_A_DAY;
  return Math.floor(startedAt / STEP_MS) % STEPS_A_DAY === own;
}
