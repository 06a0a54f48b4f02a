import { eachBounded } from '../concurrency';
import { LISTINGS_AT_ONCE, type ListingRun, classifyListingError } from './listingRun';
import type { SweepDeps, TenantSweep } from './sweepRun';
import { listJobs, type ListedJob } from '../graph/api/printJobs';
import { createHash } from 'node:crypto';

/** Which jobs and printers have tasks of this app, to find lost triggers. */
export interface TaskPlaces {
  /** `placeName` of every job with a task of this app. */
  carried: Set<string>;
  /** Printers with a recent task of a watched definition. */
  printers: Set<string>;
  /** False when a definition could not be read: triggers are then unknown. */
  isComplete: boolean;
}

/** The printers that this sweep has listed already. */
export interface SeenPrinters {
  /** Their jobs by printer id. */
  listed: ReadonlyMap<string, ListedJob[]>;
  /** Printers whose listing failed. They are not listed again. */
  unlisted: ReadonlySet<string>;
}

/**
 * Adds the printers whose trigger was lost to `sweep`. Printers that were listed already cost no call. Printers that nobody
 * watches are listed for this check alone, with their whole history, so each is checked once a day. Without the permission
 * to list them, their triggers stay unknown.
 *
 * @param checks startedAt: start of the run, milliseconds since 1970; everyPrinter: also printers that are not due
 */
export async function findLostTriggers(
  deps: SweepDeps,
  { sweep, run }: { sweep: TenantSweep; run: ListingRun },
  { carried, printers, isComplete }: TaskPlaces,
  { listed, unlisted }: SeenPrinters,
  checks: { startedAt: number; everyPrinter: boolean },
): Promise<void> {
  if (!isComplete) return;
  const { tenantId } = sweep;
  const check = (printerId: string, jobs: readonly ListedJob[]) => {
    if (!isTriggerLost(printerId, jobs, carried, deps.clock.now())) return;
    sweep.triggersLost.push(printerId);
    deps.logger.warn('sweep.triggerLost', { tenantId, printerId });
  };
  const unwatched: string[] = [];
  for (const printerId of printers) {
    const jobs = listed.get(printerId);
    if (jobs) check(printerId, jobs);
    else if (unlisted.has(printerId)) continue;
    else if (checks.everyPrinter || isTriggerCheckDue({ tenantId, printerId }, checks.startedAt))
      unwatched.push(printerId);
  }
  run.expect(unwatched.length);
  let mayList = true;
  const listAndCheck = async (printerId: string) => {
    if (!mayList) return;
    const isExpected = (error: unknown) => {
      mayList &&= classifyListingError(error) !== 'forbidden';
      return true;
    };
    const jobs = await run.attempt(`jobFetchable_${printerId}`, () => readAll(deps, tenantId, printerId), isExpected);
    if (jobs) check(printerId, jobs);
  };
  // The first one alone: one 403 is enough to stop.
  const [first, ...others] = unwatched;
  if (first !== undefined) await listAndCheck(first);
  await eachBounded(LISTINGS_AT_ONCE, others, listAndCheck);
}

async function readAll(deps: SweepDeps, tenantId: string, printerId: string): Promise<ListedJob[]> {
  const jobs: ListedJob[] = [];
  for await (const job of listJobs(deps, { tenantId, printerId })) jobs.push(job);
  return jobs;
}

/** A task follows its job within seconds. Jobs younger than this are not judged. */
const SETTLED_MS = 15 * 60_000;
/** Tasks of older jobs may be deleted. */
const NEW_MS = 24 * 60 * 60_000;

/** Names a job across printers. */
export const placeName = ({ printerId, jobId }: { printerId: string; jobId: string }) => `${printerId}/${jobId}`;

/**
 * Whether the newest jobs of a printer have no task of this app, although earlier jobs had: its trigger was lost or deleted,
 * and the app does not see what is printed there.
 *
 * @param carried `placeName` of each job with a task of this app
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

/** The interval of the timer. */
const STEP_MS = 10 * 60_000;
const STEPS_A_DAY = 144;

/**
 * Whether the sweep that started at `startedAt` (milliseconds since 1970) is the one in 144 that checks the trigger of this
 * printer. The hash of its name selects the sweep: all instances agree without shared state, and the printers of a customer
 * are spread over the day.
 */
export function isTriggerCheckDue(
  { tenantId, printerId }: { tenantId: string; printerId: string },
  startedAt: number,
): boolean {
  const own = createHash('sha256').update(`${tenantId}/${printerId}`).digest().readUInt32BE() % STEPS_A_DAY;
  return Math.floor(startedAt / STEP_MS) % STEPS_A_DAY === own;
}
