import { errorFields } from '../errors';
import { watchRowKey } from '../watches/watchKey';
import { eachBounded } from './eachBounded';
import { orderByNeed, type TenantWork } from './orderByNeed';
import { plan, type PlanOptions } from './plan';
import { reconcileWatch } from './reconcileWatch';
import type { SubscriptionDeps } from './subscriptionDeps';

/** Tenants side by side: one that is slow does not hold up the others. */
const TENANTS_AT_ONCE = 4;
/** Watches of one tenant side by side: far under Graph's 500 subscription writes in 20 s per app and tenant. */
const WATCHES_AT_ONCE = 4;

export interface ReconcileOptions extends PlanOptions {
  /** Only this tenant. */
  tenantId?: string;
  /** Called after each watch that was looked at. */
  onProgress?: (progress: ReconcileProgress) => void;
}

export interface ReconcileProgress {
  tenantId: string;
  /** RowKey of the watch. */
  watch: string;
  outcome: Outcome;
}

/** `postponed`: Graph throttles its tenant or cannot be reached for it, the next run looks again. `error`: storage failed, so nothing stands on the row. */
type Outcome = 'nothing' | 'created' | 'renewed' | 'failed' | 'busy' | 'postponed' | 'error';

export interface ReconcileSummary {
  /** Watches by how they ended. */
  counts: Record<Outcome, number>;
  /** Tenants that were left alone because they are paused or removed. */
  tenantsSkipped: number;
  /** Rows of either table that nobody can read: they name what to correct. */
  unreadable: string[];
  /** What a person has to look at: watches that failed, in words. */
  failures: { tenantId: string; watch: string; error: string; nextTryAt?: string }[];
}

/**
 * Brings every watch of every active tenant to where its row wants it, the most urgent first. One failure never stops
 * the rest; one that blocks its tenant ends that tenant's turn, so that one whose calls hang
 * costs one round of them.
 * Rejects only when the list of tenants cannot be read.
 */
export async function reconcileAll(
  deps: SubscriptionDeps,
  options: ReconcileOptions = {},
): Promise<ReconcileSummary> {
  const { tenantId, onProgress, ...planOptions } = options;
  const summary = emptySummary();
  const unreadable = (error: Error) => {
    summary.unreadable.push(error.message);
    deps.logger.error('row.unreadable', errorFields(error));
  };
  const active: string[] = [];
  for await (const tenant of deps.tenants.list(unreadable)) {
    if (tenantId !== undefined && tenant.tenantId !== tenantId) continue;
    if (tenant.status === 'active') active.push(tenant.tenantId);
    else summary.tenantsSkipped += 1;
  }
  const work: TenantWork[] = [];
  await eachBounded(TENANTS_AT_ONCE, active, readTenant);
  const ordered = orderByNeed(work, deps.clock.now(), planOptions);
  await eachBounded(TENANTS_AT_ONCE, ordered, reconcileTenant);
  return summary;

  async function readTenant(tenant: string): Promise<void> {
    const rows: TenantWork['rows'] = [];
    try {
      for await (const row of deps.watches.list(tenant, unreadable)) rows.push(row);
      work.push({ tenantId: tenant, rows });
    } catch (error) {
      report(tenant, '*', 'error', { error: 'The watches of this tenant cannot be read from storage' });
      deps.logger.error('subscription.error', { ...errorFields(error), tenantId: tenant });
    }
  }

  async function reconcileTenant({ tenantId: tenant, rows }: TenantWork): Promise<void> {
    let blocked = false;
    await eachBounded(WATCHES_AT_ONCE, rows, async (row) => {
      const watch = watchRowKey(row.watch);
      if (blocked && plan(row.watch, deps.clock.now(), planOptions) !== 'nothing') {
        return report(tenant, watch, 'postponed');
      }
      try {
        const result = await reconcileWatch(deps, row, planOptions);
        blocked ||= result.tenantBlocked === true;
        const { lastError, nextTryAt } = result.watch;
        const failed = result.outcome === 'failed' && lastError !== undefined;
        report(
          tenant,
          watch,
          result.outcome,
          failed ? { error: lastError, ...(nextTryAt ? { nextTryAt } : {}) } : undefined,
        );
      } catch (error) {
        report(tenant, watch, 'error', { error: 'Storage failed while this watch was being looked at' });
        deps.logger.error('subscription.error', { ...errorFields(error), tenantId: tenant, watch });
      }
    });
  }

  function report(
    tenant: string,
    watch: string,
    outcome: Outcome,
    failure?: { error: string; nextTryAt?: string },
  ): void {
    summary.counts[outcome] += 1;
    if (failure) summary.failures.push({ tenantId: tenant, watch, ...failure });
    onProgress?.({ tenantId: tenant, watch, outcome });
  }
}

function emptySummary(): ReconcileSummary {
  return {
    counts: { nothing: 0, created: 0, renewed: 0, failed: 0, busy: 0, postponed: 0, error: 0 },
    tenantsSkipped: 0,
    unreadable: [],
    failures: [],
  };
}
