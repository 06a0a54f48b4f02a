import { errorFields } from '../errors';
import type { Tenant } from '../tenants/tenants';
import { watchRowKey, type WatchKey } from '../watches/watchKey';
import type { StoredWatch } from '../watches/watches';
import { collectOrphans, isListingDue } from './collectOrphans';
import { createLimit, createPace, eachBounded } from '../concurrency';
import { isLookedAfter } from './isLookedAfter';
import { graphWaitsUntil, type PlanOptions } from './plan';
import { rotate } from '../backoff';
import { reconcileTenant, type ReportWatch, type Run } from './reconcileTenant';
import { flagTenant, isFlagged, tenantWaitsUntil, unflagTenant } from './standOfTenant';
import type { SubscriptionDeps } from './subscriptionDeps';
import { describeError, troubleOf, type WatchResult } from './watchResult';

/** Tenants side by side: one that is slow or throttled does not hold up the others. */
const TENANTS_AT_ONCE = 4;
/** Batches under way in all. */
const BATCHES_AT_ONCE = 4;
/** Under Graph's 2,000 subscription writes in 20 s per app, with room for the command line and other instances. */
const MOST_WRITES = 1_200;
const WRITES_WINDOW_MS = 20_000;
/** Half of Graph's 40 listings in 20 s per app (concepts/throttling-limits.md); the others wait for the next run. */
const MOST_LISTINGS = 20;

export interface ReconcileOptions extends PlanOptions {
  /** Only this tenant. */
  tenantId?: string;
  /** Nothing new is started after this many milliseconds: what is left is postponed. No limit when absent. */
  limitMs?: number;
  /** Called after each watch that was looked at. */
  onProgress?: (progress: ReconcileProgress) => void;
}

export interface ReconcileProgress {
  tenantId: string;
  /** RowKey of the watch. */
  watch: string;
  outcome: Outcome;
  /** It is postponed because Graph asked to be left alone with it until then; ISO 8601. */
  graphWaitsUntil?: string;
}

/**
 * `postponed`: its tenant is throttled, cannot be reached or refuses everything, replacing fails, Graph rejected four
 * creates of its tenant in a row, or the time of the run is up; the next run looks again. `error`: storage failed, so nothing stands on the row.
 */
type Outcome = WatchResult['outcome'] | 'postponed' | 'error';

export interface ReconcileSummary {
  /** Watches by how they ended. */
  counts: Record<Outcome, number>;
  /**
   * Tenants that were left alone because they are paused or removed. What they want removed is removed all the same, and
   * the JobStarted watches of a paused one are looked after like everybody's.
   */
  tenantsSkipped: number;
  /** Tenants that refused everything, and so are left alone for a while. */
  tenantsRefused: number;
  /** The same, each in the words of its refusal and with the time from which it is tried again. */
  refused: { tenantId: string; error?: string; nextTryAt?: string }[];
  /** Subscriptions of ours that no watch had, now deleted. */
  orphansDeleted: number;
  /** Rows of either table that nobody can read: they name what to correct. */
  unreadable: string[];
  /** What a person has to look at: watches that failed, in words. */
  failures: { tenantId: string; watch: string; error: string; nextTryAt?: string }[];
  /** Watches whose new subscription left a time without notifications: their jobs are to be looked for now. */
  toSweep: WatchKey[];
}

/**
 * Brings every watch of every active tenant to where its row wants it, and what a paused one's triggers hold jobs for. One failure never stops the rest.
 * Rejects only when the list of tenants cannot be read.
 */
export async function reconcileAll(
  deps: SubscriptionDeps,
  options: ReconcileOptions = {},
): Promise<ReconcileSummary> {
  const { tenantId: only, limitMs = Infinity, onProgress, ...planOptions } = options;
  const summary = emptySummary();
  const unreadable = (error: Error) => {
    summary.unreadable.push(error.message);
    deps.logger.error('row.unreadable', errorFields(error));
  };
  const run: Run = {
    limitBatches: createLimit(BATCHES_AT_ONCE),
    paceWrites: createPace(deps.clock, { most: MOST_WRITES, windowMs: WRITES_WINDOW_MS }),
    endsAt: deps.clock.now() + limitMs,
    replacingFails: false,
  };
  let listings = 0;
  const listed: Tenant[] = [];
  for await (const tenant of deps.tenants.list(unreadable)) {
    if (only !== undefined && tenant.tenantId !== only) continue;
    listed.push(tenant);
    if (tenant.status !== 'active') summary.tenantsSkipped += 1;
  }
  // A run that its limit cuts short leaves out others each time.
  await eachBounded(TENANTS_AT_ONCE, rotate(listed, deps.random()), async (tenant) => {
    const { tenantId } = tenant;
    try {
      await lookAfter(tenant);
    } catch (error) {
      report(tenantId, '*', 'error', {
        error: 'The rows of this tenant cannot be read from storage or written to it',
      });
      deps.logger.error('subscription.error', { ...errorFields(error), tenantId });
    }
  });
  return summary;

  async function lookAfter(tenant: Tenant): Promise<void> {
    const { tenantId } = tenant;
    const rows: StoredWatch[] = [];
    for await (const row of deps.watches.list(tenantId, unreadable)) {
      // What somebody wants removed is removed, whoever's it is.
      if (!row.watch.wanted || isLookedAfter(tenant, row.watch.kind)) rows.push(row);
    }
    const now = deps.clock.now();
    if (!planOptions.retryNow && tenantWaitsUntil(tenant, now) !== undefined) {
      if (rows.length > 0) refused(tenant);
      for (const row of rows) reportWatch(row, 'postponed');
      return;
    }
    const probe = isFlagged(tenant) && !planOptions.retryNow;
    const context = { run, options: planOptions, probe, report: reportWatch };
    const outcome = await reconcileTenant(deps, rows, context);
    const mayList = !outcome.stopped && deps.clock.now() < run.endsAt;
    // Of a paused one only where something is made for it, and so may be made twice.
    const mayHaveOrphans = tenant.status === 'active' || rows.some(({ watch }) => watch.wanted);
    if (mayHaveOrphans && mayList && isListingDue(tenant, now)) {
      if (listings < MOST_LISTINGS) {
        listings += 1;
        try {
          summary.orphansDeleted += await collectOrphans(deps, tenant);
          outcome.succeeded += 1;
        } catch (error) {
          deps.logger.warn('subscriptions.notListed', { ...errorFields(error), tenantId });
          const trouble = troubleOf(error);
          // A permission that the listing alone lacks is no reason to leave the watches alone.
          const isRefused = trouble === 'refused' || (trouble === 'forbidden' && rows.length === 0);
          if (isRefused) outcome.refusal ??= describeError(error);
        }
      }
    }
    if (outcome.succeeded > 0) {
      if (isFlagged(tenant)) await unflagTenant(deps, tenantId);
    } else if (outcome.refusal !== undefined) {
      refused((await flagTenant(deps, tenantId, outcome.refusal)) ?? tenant);
    }
  }

  function refused({ tenantId, lastError, nextTryAt }: Tenant): void {
    summary.tenantsRefused += 1;
    const words = lastError === undefined ? {} : { error: lastError };
    summary.refused.push({ tenantId, ...words, ...(nextTryAt === undefined ? {} : { nextTryAt }) });
  }

  function reportWatch({ watch }: StoredWatch, result: Parameters<ReportWatch>[1]): void {
    const { tenantId } = watch;
    const rowKey = watchRowKey(watch);
    if (result === 'postponed') {
      const until = graphWaitsUntil(watch, deps.clock.now());
      return report(tenantId, rowKey, 'postponed', undefined, until);
    }
    if ('error' in result) {
      deps.logger.error('subscription.error', { ...errorFields(result.error), tenantId, watch: rowKey });
      return report(tenantId, rowKey, 'error', {
        error: 'Storage failed while this watch was being looked at',
      });
    }
    const { outcome, sweep } = result;
    if (sweep) summary.toSweep.push({ tenantId, kind: watch.kind, id: watch.id });
    const { lastError, nextTryAt } = result.watch;
    const failed = outcome === 'failed' && lastError !== undefined;
    report(
      tenantId,
      rowKey,
      outcome,
      failed ? { error: lastError, ...(nextTryAt ? { nextTryAt } : {}) } : undefined,
    );
  }

  function report(
    tenantId: string,
    watch: string,
    outcome: Outcome,
    failure?: { error: string; nextTryAt?: string },
    waitsUntil?: number,
  ): void {
    summary.counts[outcome] += 1;
    if (failure) summary.failures.push({ tenantId, watch, ...failure });
    const wait = waitsUntil === undefined ? {} : { graphWaitsUntil: new Date(waitsUntil).toISOString() };
    onProgress?.({ tenantId, watch, outcome, ...wait });
  }
}

function emptySummary(): ReconcileSummary {
  return {
    counts: {
      nothing: 0,
      created: 0,
      renewed: 0,
      replaced: 0,
      removed: 0,
      failed: 0,
      busy: 0,
      postponed: 0,
      error: 0,
    },
    tenantsSkipped: 0,
    tenantsRefused: 0,
    refused: [],
    orphansDeleted: 0,
    unreadable: [],
    failures: [],
    toSweep: [],
  };
}
