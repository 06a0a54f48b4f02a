import { errorFields } from '../errors';
import { createListingRun, LISTINGS_AT_ONCE, classifyListingError } from './listingRun';
import { type SweepTime, type SweepDeps, emptySweep, type SweepProgress, type TenantSweep } from './sweepRun';
import { findLostTriggers } from './lostTriggers';
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
 * app and, for an active tenant, the jobs of its watched printers. Lists each definition and each printer once. Never
 * rejects: the result says how it ended.
 */
export async function sweepTenant(deps: SweepDeps, tenant: Tenant, context: SweepContext): Promise<TenantSweep> {
  const { tenantId } = tenant;
  const sweep = emptySweep(tenant);
  try {
    const hasListed = await sweepListings(deps, tenant, sweep, context);
    const { lostByGraph } = sweep;
    const now = new Date(deps.clock.now()).toISOString();
    // A sweep without any completed listing has seen nothing and leaves sweptAt unchanged.
    const isSwept = sweep.outcome === 'swept' && hasListed && tenant.status === 'active';
    await deps.tenants.update(tenantId, (row) => ({
      ...row,
      sweepTriedAt: now,
      sweepRefusals: sweep.outcome === 'refused' && row.status !== 'active' ? row.sweepRefusals + 1 : 0,
      ...(isSwept ? { sweptAt: now, lostByGraph } : {}),
    }));
  } catch (error) {
    sweep.outcome = 'error';
    sweep.failures.push({ of: '*', error: 'Storage failed while this tenant was being swept' });
    deps.logger.error('sweep.error', { ...errorFields(error), tenantId });
    await saveProgress(deps, tenantId);
  }
  return sweep;
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

/** Resolves with whether any listing was completed. */
async function sweepListings(
  deps: SweepDeps,
  tenant: Tenant,
  sweep: TenantSweep,
  context: SweepContext,
): Promise<boolean> {
  const { tenantId } = tenant;
  const isActive = tenant.status === 'active';
  const run = createListingRun(deps, sweep, context.time);
  const watched: Watch[] = [];
  if (isActive) {
    for await (const { watch } of deps.watches.list(tenantId, context.onUnreadable)) {
      if (watch.wanted) watched.push(watch);
    }
  }
  const printers = watched.filter(({ kind }) => kind === 'jobFetchable');
  const definitions = watched.filter(({ kind }) => kind === 'jobStarted').map(({ id }) => id);

  // An inactive tenant may have withdrawn its consent, and a tenant without JobStarted never needed this permission.
  const isExpected = (error: unknown) =>
    !isActive || (definitions.length === 0 && classifyListingError(error) === 'forbidden');
  const owned = await run.attempt('taskDefinitions', () => listDefinitions(deps, tenantId), isExpected);
  const everyDefinition = [...new Set([...definitions, ...(owned ?? []).flatMap(({ id }) => parseId(id) ?? [])])];
  run.expect(everyDefinition.length + printers.length);

  /** False when a definition could not be listed, or the printer of a share is unknown: triggers are then unknown. */
  let isComplete = owned !== undefined;
  const sweepListing = <T extends ListingSweep>(
    key: WatchKey,
    isWatched: boolean,
    list: () => Promise<T>,
  ): Promise<T | undefined> => {
    const of = watchRowKey(key);
    const listing = async () => {
      const swept = await list();
      const { seen, enqueued, lostByGraph, brokenOff } = swept;
      // The counts apply also when the listing ended with an error.
      sweep.seen += seen;
      sweep.enqueued += enqueued;
      if (isWatched) sweep.lostByGraph += lostByGraph;
      if (seen > 0 || brokenOff === undefined) context.onProgress?.({ tenantId, of, seen, enqueued });
      if (brokenOff !== undefined) throw brokenOff;
      return swept;
    };
    return run.attempt(of, listing, () => !isActive);
  };

  const heldOf = await listHeldTasks(deps, tenantId, context.onUnreadable);
  const sweepDefinition = async (id: string): Promise<void> => {
    const isWatched = definitions.includes(id);
    const list = () => sweepTasks(deps, tenant, { id, isWatched, held: heldOf(id) }, context);
    const swept = await sweepListing({ tenantId, kind: 'jobStarted', id }, isWatched, list);
    isComplete &&= swept?.unplaced === 0;
  };
  const listed = new Map<string, ListedJob[]>();
  const sweepPrinter = async (watch: Watch): Promise<void> => {
    const swept = await sweepListing(watch, true, () => sweepJobs(deps, tenant, watch, context));
    if (swept) listed.set(watch.id, swept.jobs);
  };

  // A run that ends early leaves out different printers each time.
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
  await eachBounded(LISTINGS_AT_ONCE, rotate(everyDefinition, deps.random()), sweepDefinition);
  run.beginKind();
  await eachBounded(LISTINGS_AT_ONCE, remaining, sweepPrinter);
  const unlisted = new Set(printers.map(({ id }) => id).filter((id) => !listed.has(id)));
  run.beginKind();
  const checks = { startedAt: context.time.startedAt, everyPrinter: context.everyTrigger };
  if (isComplete) await findLostTriggers(deps, { sweep, run }, { listed, unlisted }, checks);
  // Without a watch, no permission may have been granted, and nothing is missed.
  if (!isActive || watched.length > 0) run.settle();
  return run.hasListed();
}
