import { errorFields } from '../errors';
import { sweepInBatches } from './printerBatches';
import { createListingRun, LISTINGS_AT_ONCE, classifyListingError } from './listingRun';
import { type SweepTime, type SweepDeps, emptySweep, type SweepProgress, type TenantSweep } from './sweepRun';
import { isNotFound, noteSight } from './drift';
import { nextLostTriggers } from '../tenants/lostTriggers';
import { findLostTriggers, isDailyCheckDue } from './lostTriggers';
import {
  areDefinitionsDue,
  isPrinterDue,
  minuteOf,
  minutesDue,
  ROUND_MINUTES,
  wholeRound,
  type MinutesDue,
} from './rounds';
import { watchName } from './sweepMemory';
import { listHeldTasks, sweepJobs, sweepTasks, type ListingSweep } from './listing';
import { listDefinitions } from '../graph/api/taskDefinitions';
import { eachBounded } from '../concurrency';
import { rotate } from '../backoff';
import { type Watch, type WatchKey, watchRowKey } from '../watches/watches';
import type { Tenant } from '../tenants/tenants';
import { parseId } from '../parse';
import type { ListedJob } from '../graph/api/printJobs';

/** What the sweeps of one run share. */
export interface SweepContext {
  time: SweepTime;
  /** Only the watches that are due since the last sweep of the tenant, see `minutesDue`. All of them otherwise. */
  dueOnly?: boolean;
  /** The whole sweep answers a sign of trouble: quiet printers count as busy for an hour. */
  isTrouble?: boolean;
  /** Checks the trigger of every unwatched printer, not only of those that are due at this time of the day. */
  everyTrigger: boolean;
  /** A person asked: see `ListingOptions`. */
  retryNow: boolean;
  onProgress?: ((progress: SweepProgress) => void) | undefined;
  /** Called for each row that cannot be read. */
  onUnreadable: (error: Error) => void;
}

/**
 * Compares the listings of one tenant with the ledger and enqueues what is missing: the tasks of every definition of this
 * app and, for an active tenant, the jobs of its watched printers. Lists each definition and each printer that is due once.
 * A tenant of which nothing is due is `swept` without a call. Never rejects: the result says how it ended.
 */
export async function sweepTenant(deps: SweepDeps, tenant: Tenant, context: SweepContext): Promise<TenantSweep> {
  const { tenantId } = tenant;
  const sweep = emptySweep(tenant);
  try {
    const { startedAt } = context.time;
    const due = context.dueOnly ? minutesDue(tenant, startedAt) : wholeRound(startedAt);
    const swept = await sweepListings(deps, tenant, sweep, { ...context, due });
    if (swept === 'nothingDue') return sweep;
    const now = new Date(deps.clock.now()).toISOString();
    // A sweep without any completed listing has seen nothing and leaves sweptAt unchanged.
    const isSwept = sweep.outcome === 'swept' && swept.hasListed && tenant.status === 'active';
    const isTrouble = context.isTrouble === true || sweep.wasThrottled === true;
    const triggers = { lost: sweep.triggersLost, settled: sweep.triggersSettled };
    await deps.tenants.update(tenantId, ({ lostTriggers, ...row }) => ({
      ...row,
      ...nextLostTriggers(lostTriggers, triggers, deps.clock.now()),
      sweepTriedAt: now,
      sweepRefusals: sweep.outcome === 'refused' && row.status !== 'active' ? row.sweepRefusals + 1 : 0,
      ...(isSwept ? { sweptAt: laterOf(row.sweptAt, startedAt, now), lostByGraph: swept.lost ?? row.lostByGraph } : {}),
      ...(isTrouble ? { troubleAt: now } : {}),
    }));
  } catch (error) {
    sweep.outcome = 'error';
    sweep.failures.push({ of: '*', error: 'Storage failed while this tenant was being swept' });
    deps.logger.error('sweep.error', { ...errorFields(error), tenantId });
    await saveProgress(deps, tenantId);
  }
  return sweep;
}

/** Runs overlap: a long one must not undo what a later one has covered meanwhile. A time ahead of ours is a wrong clock's. */
function laterOf(sweptAt: string | undefined, startedAt: number, now: string): string {
  const started = new Date(startedAt).toISOString();
  return sweptAt !== undefined && sweptAt > started && sweptAt <= now ? sweptAt : started;
}

/** A tenant that keeps failing must not come first in every run. Never rejects, because storage may be what failed. */
async function saveProgress(deps: SweepDeps, tenantId: string): Promise<void> {
  try {
    const sweepTriedAt = new Date(deps.clock.now()).toISOString();
    await deps.tenants.update(tenantId, (row) => ({ ...row, sweepTriedAt }));
  } catch (error) {
    deps.logger.warn('sweep.progressNotSaved', { ...errorFields(error), tenantId });
  }
}

/** `lost`: how many jobs of all watches Graph did not notify in time; undefined until this process has swept each of them. */
type SweptListings = { hasListed: boolean; lost: number | undefined };

/** Lists what is due. */
async function sweepListings(
  deps: SweepDeps,
  tenant: Tenant,
  sweep: TenantSweep,
  context: SweepContext & { due: MinutesDue },
): Promise<SweptListings | 'nothingDue'> {
  const { tenantId } = tenant;
  const { due, time } = context;
  const isActive = tenant.status === 'active';
  const hasDefinitions = areDefinitionsDue(tenantId, due);
  if (due.minutes.length === 0 || (!isActive && !hasDefinitions)) return 'nothingDue';
  const wanted = tenant.status === 'removed' ? [] : await listWatched(deps, tenantId, context.onUnreadable);
  const watched = isActive ? wanted : [];
  // What is gone is looked at once a day, to see whether it is there again.
  const isLookDue = ({ status, id }: Watch) =>
    status !== 'gone' || !context.dueOnly || isDailyCheckDue({ tenantId, id }, time.startedAt);
  const isDue = (watch: Watch) =>
    !context.dueOnly || isPrinterDue(watch, tenant, due, deps.memory.looks.get(watchName(watch)), time.startedAt);
  const watchedPrinters = watched.filter(({ kind }) => kind === 'jobFetchable');
  const printers = watchedPrinters.filter((watch) => isLookDue(watch) && isDue(watch));
  if (!hasDefinitions && printers.length === 0) return 'nothingDue';
  // Only after a gap do the customers have to share the run: otherwise each has a tenth of its watches to list.
  const spread = due.hasGap ? time : { spreadMs: () => Infinity };
  const run = createListingRun(deps, sweep, spread, due.minutes.length === ROUND_MINUTES);
  // Those of a paused customer are kept up too (`isMaintained`), and may be gone.
  const wantedDefinitions = new Map(wanted.filter(({ kind }) => kind === 'jobStarted').map((one) => [one.id, one]));
  const definitions = [...wantedDefinitions.values()].filter(isLookDue).map(({ id }) => id);

  // An inactive tenant may have withdrawn its consent, and a tenant without JobStarted never needed this permission.
  const isExpected = (error: unknown) =>
    !isActive || (definitions.length === 0 && classifyListingError(error) === 'forbidden');
  const owned = hasDefinitions
    ? await run.attempt('taskDefinitions', () => listDefinitions(deps, tenantId), isExpected)
    : undefined;
  const everyDefinition = hasDefinitions
    ? [...new Set([...definitions, ...(owned ?? []).flatMap(({ id }) => parseId(id) ?? [])])]
    : [];
  run.expect(everyDefinition.length + printers.length);

  /** False when a definition could not be listed, or the printer of a share is unknown: triggers are then unknown. */
  let isComplete = owned !== undefined;
  const lostOfWatches = deps.memory.lostOfWatches.get(tenantId) ?? new Map<string, number>();
  deps.memory.lostOfWatches.set(tenantId, lostOfWatches);
  const sweepListing = <T extends ListingSweep>(
    key: WatchKey,
    watch: Watch | undefined,
    list: () => Promise<T>,
  ): Promise<T | undefined> => {
    const of = watchRowKey(key);
    const isWatched = isActive && watch !== undefined;
    const listing = async () => {
      const swept = await list();
      const { seen, enqueued, lostByGraph, brokenOff } = swept;
      if (watch) await noteSight(deps, watch, swept);
      // The counts apply also when the listing ended with an error.
      sweep.seen += seen;
      sweep.enqueued += enqueued;
      if (isWatched) sweep.lostByGraph += lostByGraph;
      if (isWatched) lostOfWatches.set(of, lostByGraph);
      if (seen > 0 || brokenOff === undefined) context.onProgress?.({ tenantId, of, seen, enqueued });
      if (brokenOff !== undefined) throw brokenOff;
      return swept;
    };
    return run.attempt(of, listing, (error) => !isActive || (watch?.status === 'gone' && isNotFound(error)));
  };

  const sweepDefinitions = async () => {
    const heldOf = await listHeldTasks(deps, tenantId, context.onUnreadable);
    // A run that ends early leaves out different definitions each time.
    await eachBounded(LISTINGS_AT_ONCE, rotate(everyDefinition, deps.random()), async (id) => {
      const watch = wantedDefinitions.get(id);
      const isWatched = isActive && watch !== undefined;
      await run.pause(1, LISTINGS_AT_ONCE);
      const list = () => sweepTasks(deps, tenant, { id, isWatched, held: heldOf(id) }, context);
      const swept = await sweepListing({ tenantId, kind: 'jobStarted', id }, watch, list);
      isComplete &&= swept?.unplaced === 0;
    });
    if (isComplete) deps.memory.definitionsListed.set(tenantId, true);
    else deps.memory.definitionsListed.delete(tenantId);
  };
  const listed = new Map<string, ListedJob[]>();
  const sweepPrinter = async (watch: Watch, callGraph = deps.callGraph): Promise<void> => {
    const swept = await sweepListing(watch, watch, () => sweepJobs({ ...deps, callGraph }, tenant, watch, context));
    if (swept) listed.set(watch.id, swept.jobs);
    // A printer whose listing failed counts as busy.
    const look = { minute: minuteOf(time.startedAt), isQuiet: swept?.isQuiet === true };
    deps.memory.looks.set(watchName(watch), look);
  };

  let remaining = rotate(printers, deps.random());
  if (!run.hasListed()) {
    // Definitions and printers need different permissions, so one of each kind is tried: the 403 of the definitions says
    // nothing about printers.
    const [probe, ...others] = remaining;
    remaining = others;
    if (probe) await sweepPrinter(probe);
    if (tenant.graphAccess === 'refused' && !run.hasListed()) run.giveUp();
  }
  // Tasks first: a user waits for each of them.
  if (hasDefinitions) await sweepDefinitions();
  run.beginKind();
  await sweepInBatches(deps, { tenantId, run, printers: remaining }, sweepPrinter);
  const unlisted = new Set(watchedPrinters.map(({ id }) => id).filter((id) => !listed.has(id)));
  run.beginKind();
  const noUnwatched = !hasDefinitions;
  const checks = { startedAt: time.startedAt, everyPrinter: context.everyTrigger, noUnwatched };
  if (deps.memory.definitionsListed.has(tenantId)) {
    await findLostTriggers(deps, { sweep, run }, { listed, unlisted }, checks);
  }
  // Without a watch, no permission may have been granted, and nothing is missed.
  if (!isActive || watched.some(({ status }) => status !== 'gone')) run.settle();
  // Where every watched printer and definition is missing, no listing can succeed and no job can be missed.
  const hasNothing =
    watched.length > 0 && watched.every(({ status, missingSince }) => status === 'gone' || missingSince !== undefined);
  return {
    hasListed: run.hasListed() || hasNothing,
    lost: context.dueOnly ? sumOfLost(watched, lostOfWatches) : sweep.lostByGraph,
  };
}

async function listWatched(
  { watches }: Pick<SweepDeps, 'watches'>,
  tenantId: string,
  onUnreadable: SweepContext['onUnreadable'],
): Promise<Watch[]> {
  const watched: Watch[] = [];
  for await (const { watch } of watches.list(tenantId, onUnreadable)) {
    if (watch.wanted) watched.push(watch);
  }
  return watched;
}

function sumOfLost(watched: readonly Watch[], lostOfWatches: Map<string, number>): number | undefined {
  const current = new Set(watched.filter(({ status }) => status !== 'gone').map(watchRowKey));
  for (const rowKey of lostOfWatches.keys()) if (!current.has(rowKey)) lostOfWatches.delete(rowKey);
  if (lostOfWatches.size < current.size) return undefined;
  return [...lostOfWatches.values()].reduce((sum, lost) => sum + lost, 0);
}
