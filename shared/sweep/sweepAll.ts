import { errorFields } from '../errors';
import { eachBounded } from '../subscriptions/eachBounded';
import type { Tenant } from '../tenants/tenants';
import type { SweepDeps } from './sweepDeps';
import { sweepTenant } from './sweepTenant';
import type { SweepProgress, TenantSweep } from './tenantSweep';

/** Tenants side by side: one that is slow or throttled does not hold up the others. */
const TENANTS_AT_ONCE = 4;

export interface SweepOptions {
  /** Only this tenant, and of that the trigger of every printer. */
  tenantId?: string;
  /** Called after each listing. */
  onProgress?: (progress: SweepProgress) => void;
}

export interface SweepSummary {
  tenants: TenantSweep[];
  /** Rows of any table that nobody can read: they name what to correct. */
  unreadable: string[];
}

/**
 * Sweeps every tenant that is listed, paused and removed ones too: their open tasks block somebody's print. One failure
 * never stops the rest. Rejects only when the list of tenants cannot be read.
 */
export async function sweepAll(deps: SweepDeps, options: SweepOptions = {}): Promise<SweepSummary> {
  const { tenantId, onProgress } = options;
  const summary: SweepSummary = { tenants: [], unreadable: [] };
  const onUnreadable = (error: Error) => {
    summary.unreadable.push(error.message);
    deps.logger.error('row.unreadable', errorFields(error));
  };
  const tenants: Tenant[] = [];
  for await (const tenant of deps.tenants.list(onUnreadable)) {
    if (tenantId === undefined || tenant.tenantId === tenantId) tenants.push(tenant);
  }
  const context = {
    startedAt: deps.clock.now(),
    everyTrigger: tenantId !== undefined,
    onUnreadable,
    ...(onProgress ? { onProgress } : {}),
  };
  await eachBounded(TENANTS_AT_ONCE, tenants, async (tenant) => {
    summary.tenants.push(await sweepTenant(deps, tenant, context));
  });
  return summary;
}

/** The counts of a summary, for one log line. */
export function countSweeps({ tenants, unreadable }: SweepSummary): Record<string, number> {
  const sum = (of: (sweep: TenantSweep) => number) => tenants.reduce((total, sweep) => total + of(sweep), 0);
  const ended = (outcome: TenantSweep['outcome']) => sum((sweep) => (sweep.outcome === outcome ? 1 : 0));
  return {
    swept: ended('swept'),
    postponed: ended('postponed'),
    refused: ended('refused'),
    error: ended('error'),
    listings: sum(({ listings }) => listings),
    seen: sum(({ seen }) => seen),
    enqueued: sum(({ enqueued }) => enqueued),
    lostByGraph: sum(({ lostByGraph }) => lostByGraph),
    triggersLost: sum(({ triggersLost }) => triggersLost.length),
    failures: sum(({ failures }) => failures.length),
    unreadable: unreadable.length,
  };
}
