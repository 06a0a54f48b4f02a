import { rotate } from '../backoff';
import { createLimit, createPace, eachBounded } from '../concurrency';
import { errorFields } from '../errors';
import { accessRetryAt, recordRefusedAccess, recordRestoredAccess } from '../tenants/graphAccess';
import type { Tenant } from '../tenants/tenants';
import { mayBeForgotten } from '../watches/generation';
import { isMaintained } from '../watches/gone';
import { watchRowKey, type StoredWatch, type WatchKey } from '../watches/watches';
import { deleteOrphans } from './orphans';
import { isListingDue, retryAfterEndsAt, type PlanOptions } from './plan';
import {
  reconcileTenant,
  type ReportedResult,
  type ReportWatch,
  type Run,
  type TenantOutcome,
} from './reconcileTenant';
import { describeError, troubleOf, type WatchResult, type SubscriptionDeps } from './record';

/** Tenants side by side: one that is slow or throttled does not delay the others. */
const TENANTS_AT_ONCE = 4;
/** Batches in progress, of all tenants. */
const BATCHES_AT_ONCE = 4;
/** Under Graph's 2,000 subscription writes in 20 s per app, with room for creates, the command line and other instances. */
const MOST_WRITES = 1_800;
const WRITES_WINDOW_MS = 20_000;
/** Half of Graph's 40 listings in 20 s per app (concepts/throttling-limits.md). The others wait for the next run. */
const MOST_LISTINGS = 20;

export interface ReconcileOptions extends PlanOptions {
  /** Only this tenant. */
  tenantId?: string;
  /** Nothing new is started after this many milliseconds, and the rest is postponed. No limit when absent. */
  limitMs?: number;
  /** Called after each watch. */
  onProgress?: (progress: ReconcileProgress) => void;
}

export interface ReconcileProgress {
  tenantId: string;
  /** RowKey of the watch. */
  watch: string;
  outcome: Outcome;
  /** It is postponed because Graph's Retry-After ends then; ISO 8601. */
  graphWaitsUntil?: string | undefined;
}

/**
 * `postponed`: the next run continues, because its tenant is throttled, cannot be reached or refuses everything, replacing
 * fails, four creates of its tenant in a row failed, or the time of the run is over. `error`: storage failed, so the row
 * says nothing.
 */
type Outcome = WatchResult['outcome'] | 'postponed' | 'error';

interface WatchFailure {
  tenantId: string;
  watch: string;
  error: string;
  nextTryAt?: string | undefined;
}

export interface ReconcileSummary {
  /** Watches by how they ended. */
  counts: Record<Outcome, number>;
  /**
   * Paused and removed tenants. Their unwanted watches are removed all the same, and the JobStarted watches of a paused
   * tenant are maintained.
   */
  tenantsSkipped: number;
  /** Tenants that refused every call. They are in back-off. */
  tenantsRefused: number;
  /** The same tenants, each with the reason and the time of the next attempt. */
  refused: { tenantId: string; error: string | undefined; nextTryAt: string | undefined }[];
  /** Deleted subscriptions with our URL that no watch had. */
  orphansDeleted: number;
  /** Errors of rows that cannot be read. Each names the row to correct. */
  unreadable: string[];
  /** The watches that failed, each with the reason. */
  failures: WatchFailure[];
  /** Watches to sweep now: their new subscription left a time without notifications, or their row says so. */
  toSweep: WatchKey[];
}

/** One run over all tenants. */
interface Reconciliation {
  deps: SubscriptionDeps;
  options: PlanOptions;
  run: Run;
  summary: ReconcileSummary;
  listings: number;
  onUnreadable: (error: Error) => void;
  onProgress: (progress: ReconcileProgress) => void;
}

/**
 * Reconciles every watch of the active tenants, and the JobStarted watches of the paused ones. One failure never stops the
 * rest. Rejects only when the list of tenants cannot be read.
 */
export async function reconcileAll(deps: SubscriptionDeps, options: ReconcileOptions = {}): Promise<ReconcileSummary> {
  const { tenantId: only, limitMs = Infinity, onProgress = () => undefined, ...planOptions } = options;
  const summary = emptySummary();
  const reconciliation: Reconciliation = {
    deps,
    options: planOptions,
    run: {
      limitBatches: createLimit(BATCHES_AT_ONCE),
      paceWrites: createPace(deps.clock, { most: MOST_WRITES, windowMs: WRITES_WINDOW_MS }),
      endsAt: deps.clock.now() + limitMs,
      replacingFails: false,
    },
    summary,
    listings: 0,
    onUnreadable: (error) => {
      summary.unreadable.push(error.message);
      deps.logger.error('row.unreadable', errorFields(error));
    },
    onProgress,
  };
  const listed: Tenant[] = [];
  for await (const tenant of deps.tenants.list(reconciliation.onUnreadable)) {
    if (only !== undefined && tenant.tenantId !== only) continue;
    listed.push(tenant);
    if (tenant.status !== 'active') summary.tenantsSkipped += 1;
  }
  // A run that its limit ends early leaves out other tenants each time.
  await eachBounded(TENANTS_AT_ONCE, rotate(listed, deps.random()), async (tenant) => {
    const { tenantId } = tenant;
    try {
      await reconcileOne(reconciliation, tenant);
    } catch (error) {
      const failure = { error: 'The rows of this tenant cannot be read from storage or written to it' };
      addToSummary(reconciliation, { tenantId, watch: '*', outcome: 'error' }, failure);
      deps.logger.error('subscription.error', { ...errorFields(error), tenantId });
    }
  });
  return summary;
}

async function reconcileOne(reconciliation: Reconciliation, tenant: Tenant): Promise<void> {
  const { deps, options, run, onUnreadable } = reconciliation;
  const rows: StoredWatch[] = [];
  const keyIds = deps.config.clientStateKeys.map(({ keyId }) => keyId);
  const signedWith = new Set<string>();
  for await (const { record, etag } of deps.watches.listRecords(tenant.tenantId, onUnreadable)) {
    if (record.status === 'removed') {
      if (mayBeForgotten(record, keyIds, deps.clock.now())) await deps.watches.forget(record, etag);
    } else if (!record.wanted || isMaintained(tenant, record.kind)) {
      // Unwanted watches are removed, whatever the status of the tenant.
      rows.push({ watch: record, etag });
    }
    if (record.status !== 'removed' && record.keyId !== undefined) signedWith.add(record.keyId);
  }
  await deps.watches.clientStates.noteKeys([...signedWith], onUnreadable);
  const now = deps.clock.now();
  const report: ReportWatch = (stored, result) => reportResult(reconciliation, stored, result);
  if (!options.retryNow && accessRetryAt(tenant, now) !== undefined) {
    if (rows.length > 0) addRefused(reconciliation, tenant);
    for (const row of rows) report(row, 'postponed');
    return;
  }
  const probe = tenant.graphAccess === 'refused' && !options.retryNow;
  const outcome = await reconcileTenant(deps, rows, { run, options, probe, report });
  const mayList = !outcome.stopped && deps.clock.now() < run.endsAt;
  // A paused tenant has orphans only where subscriptions are created for it.
  const mayHaveOrphans = tenant.status === 'active' || rows.some(({ watch }) => watch.wanted);
  if (mayHaveOrphans && mayList && isListingDue(tenant, now)) {
    await collectOrphans(reconciliation, tenant, rows.length === 0, outcome);
  }
  await recordAccess(reconciliation, tenant, outcome);
}

/** Lists and deletes the orphans of a tenant, for a bounded number of tenants in a run. */
async function collectOrphans(
  reconciliation: Reconciliation,
  tenant: Tenant,
  isWithoutWatches: boolean,
  outcome: TenantOutcome,
): Promise<void> {
  const { deps, summary } = reconciliation;
  if (reconciliation.listings >= MOST_LISTINGS) return;
  reconciliation.listings += 1;
  try {
    summary.orphansDeleted += await deleteOrphans(deps, tenant);
    outcome.reached = true;
  } catch (error) {
    deps.logger.warn('subscriptions.listFailed', { ...errorFields(error), tenantId: tenant.tenantId });
    const trouble = troubleOf(error);
    // A permission that only the listing lacks does not affect the watches.
    const isRefused = trouble === 'refused' || (trouble === 'forbidden' && isWithoutWatches);
    if (isRefused) outcome.refusal ??= describeError(error);
  }
}

async function recordAccess(
  reconciliation: Reconciliation,
  tenant: Tenant,
  { reached, refusal }: TenantOutcome,
): Promise<void> {
  const { deps } = reconciliation;
  if (reached) {
    if (tenant.graphAccess === 'refused') await recordRestoredAccess(deps, tenant.tenantId);
  } else if (refusal !== undefined) {
    addRefused(reconciliation, (await recordRefusedAccess(deps, tenant.tenantId, refusal)) ?? tenant);
  }
}

function addRefused({ summary }: Reconciliation, { tenantId, lastError, nextTryAt }: Tenant): void {
  summary.tenantsRefused += 1;
  summary.refused.push({ tenantId, error: lastError, nextTryAt });
}

function reportResult(reconciliation: Reconciliation, { watch }: StoredWatch, result: ReportedResult): void {
  const { deps, summary } = reconciliation;
  const { tenantId, kind, id } = watch;
  const named = { tenantId, watch: watchRowKey(watch) };
  if (result === 'postponed') {
    const isAskedToWait = retryAfterEndsAt(watch, deps.clock.now()) !== undefined;
    const graphWaitsUntil = isAskedToWait ? watch.retryAfterUntil : undefined;
    return addToSummary(reconciliation, { ...named, outcome: 'postponed', graphWaitsUntil });
  }
  if ('error' in result) {
    deps.logger.error('subscription.error', { ...errorFields(result.error), ...named });
    const failure = { error: 'Storage failed while this watch was being reconciled' };
    return addToSummary(reconciliation, { ...named, outcome: 'error' }, failure);
  }
  const { outcome, sweep } = result;
  // The message that asks for a sweep may have been lost: the row says so too.
  if (sweep || (watch.wanted && watch.sweepWanted !== undefined)) summary.toSweep.push({ tenantId, kind, id });
  const { lastError: error = '', nextTryAt } = result.watch;
  addToSummary(reconciliation, { ...named, outcome }, outcome === 'failed' ? { error, nextTryAt } : undefined);
}

/** Counts a watch by its outcome, and reports the progress. */
function addToSummary(
  { summary, onProgress }: Reconciliation,
  progress: ReconcileProgress,
  failure?: Pick<WatchFailure, 'error' | 'nextTryAt'>,
): void {
  const { tenantId, watch, outcome } = progress;
  summary.counts[outcome] += 1;
  if (failure) summary.failures.push({ tenantId, watch, ...failure });
  onProgress(progress);
}

function emptySummary(): ReconcileSummary {
  return {
    counts: { nothing: 0, created: 0, renewed: 0, replaced: 0, removed: 0, failed: 0, busy: 0, postponed: 0, error: 0 },
    tenantsSkipped: 0,
    tenantsRefused: 0,
    refused: [],
    orphansDeleted: 0,
    unreadable: [],
    failures: [],
    toSweep: [],
  };
}
