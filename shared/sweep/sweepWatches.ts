import { isMaintained } from '../watches/gone';
import { type StoredWatch, type WatchKey } from '../watches/watches';
import { classifyListingError } from './listingRun';
import { type SweepDeps, withDeadline } from './sweepRun';
import { noteSight } from './drift';
import { listHeldTasks, sweepJobs, sweepTasks } from './listing';
import { errorFields, ReceiverError } from '../errors';
import { eachBounded } from '../concurrency';
import { elapsedMs } from '../clock';

export type WatchSweep =
  | { outcome: 'swept'; seen: number; enqueued: number }
  /** Graph did not show the whole listing. The timer's sweep retries. */
  | { outcome: 'postponed'; enqueued: number; error: string }
  /** The tenant or the watch is not active. */
  | { outcome: 'notActive' };

/**
 * Sweeps one watch after its subscription was replaced or lost, or because its row or a person wants it. The claim settles
 * what is enqueued twice.
 *
 * @param options retryNow: see `ListingOptions`. Also true where the row wants the sweep
 * @throws errors of storage
 */
export async function sweepWatch(deps: SweepDeps, key: WatchKey, options = { retryNow: false }): Promise<WatchSweep> {
  const [tenant, stored] = await Promise.all([deps.tenants.get(key.tenantId), deps.watches.get(key)]);
  if (!tenant || !isMaintained(tenant, key.kind) || !stored?.watch.wanted) return { outcome: 'notActive' };
  const onUnreadable = () => deps.logger.error('row.unreadable', { tenantId: key.tenantId });
  const retryNow = options.retryNow || stored.watch.sweepWanted !== undefined;
  const sweepDefinition = async () => {
    const held = (await listHeldTasks(deps, key.tenantId, onUnreadable))(key.id);
    return sweepTasks(deps, tenant, { id: key.id, isWatched: true, held }, { retryNow, onUnreadable });
  };
  const swept =
    key.kind === 'jobStarted'
      ? await sweepDefinition()
      : await sweepJobs(deps, tenant, stored.watch, { retryNow, onUnreadable });
  await noteSight(deps, stored.watch, swept);
  const { seen, enqueued, brokenOff } = swept;
  if (brokenOff === undefined) {
    await noteSwept(deps, stored);
    return { outcome: 'swept', seen, enqueued };
  }
  if (classifyListingError(brokenOff) === 'storage') throw brokenOff;
  return { outcome: 'postponed', enqueued, error: brokenOff.message };
}

/** A sweep that was requested after this one had begun is still wanted. */
async function noteSwept({ watches }: Pick<SweepDeps, 'watches'>, { watch }: StoredWatch): Promise<void> {
  const { sweepWanted } = watch;
  if (sweepWanted === undefined) return;
  await watches.update(watch, (row) => (row.sweepWanted === sweepWanted ? { ...row, sweepWanted: undefined } : row));
}

/** One listing each. Graph publishes no limit for print. */
const WATCHES_AT_ONCE = 4;

/**
 * Sweeps each of `keys`, whose subscriptions had a gap. That is a sign of trouble for the other watches of their tenants too.
 * Never rejects: failures are logged and counted, and the timer's sweep retries.
 *
 * @param endsAt no call starts after it; milliseconds since 1970. Infinity where no host ends the run
 * @returns how many jobs were enqueued, and for how many watches storage failed
 */
export async function sweepWatches(
  deps: SweepDeps,
  keys: readonly WatchKey[],
  endsAt = Infinity,
): Promise<{ enqueued: number; failed: number }> {
  const isUp = () => deps.clock.now() >= endsAt;
  const timed = { ...deps, callGraph: withDeadline(deps.callGraph, { isUp }) };
  let enqueued = 0;
  let failed = 0;
  let left = 0;
  await eachBounded(WATCHES_AT_ONCE, keys, async ({ tenantId, kind, id }) => {
    if (isUp()) return void (left += 1);
    const named = { tenantId, watch: `${kind}_${id}` };
    try {
      const result = await sweepWatch(timed, { tenantId, kind, id });
      if (result.outcome !== 'notActive') enqueued += result.enqueued;
      deps.logger.info('watch.swept', { ...named, ...result });
    } catch (error) {
      // A defect is not counted: repeating it does not help.
      if (error instanceof ReceiverError) failed += 1;
      deps.logger.error('watch.notSwept', { ...named, ...errorFields(error) });
    }
  });
  if (left > 0) deps.logger.warn('watches.timeUp', { watches: left });
  for (const tenantId of new Set(keys.map((key) => key.tenantId))) await noteTrouble(deps, tenantId);
  return { enqueued, failed };
}

/** One row for all watches of a tenant: written once in ten minutes. */
const TROUBLE_EVERY_MS = 10 * 60_000;

/** Quiet printers of the tenant are swept like busy ones for a while. Never rejects: the swept watches are what counts. */
async function noteTrouble({ tenants, clock, logger }: SweepDeps, tenantId: string): Promise<void> {
  const now = clock.now();
  try {
    if (elapsedMs((await tenants.get(tenantId))?.troubleAt, now) < TROUBLE_EVERY_MS) return;
    await tenants.update(tenantId, (row) => ({ ...row, troubleAt: new Date(now).toISOString() }));
  } catch (error) {
    logger.warn('sweep.progressNotSaved', { ...errorFields(error), tenantId });
  }
}
