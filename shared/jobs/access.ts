import { createCache } from '../cache';
import type { Silence } from '../graph/client';
import type { RemovedWatch, WatchKey, Watch, Watches } from '../watches/watches';
import type { Clock } from '../clock';
import type { Tenant, Tenants } from '../tenants/tenants';

/** Whether a watch of a tenant is active, and why not. */
export type Access = { active: true; tenant: Tenant; watch: Watch } | { active: false; reason: InactiveReason };

export type InactiveReason =
  | 'unknownTenant'
  | 'pausedTenant'
  | 'removedTenant'
  | 'unknownWatch'
  | 'removedWatch'
  /** The clientState belongs to a subscription that has been replaced: it may have leaked. */
  | 'staleGeneration';

export type ReadAccess = (watch: WatchKey, generation: number | undefined) => Promise<Access>;

const KNOWN_FOR_MS = 60_000;
/** A bound on memory. One instance works for far fewer tenants within a minute. */
const MOST_KNOWN = 5_000;

/**
 * Reads tenant and watch. An active tenant is remembered for a minute, so that a resumed one becomes active immediately.
 * The watch is read each time: after a revocation no instance may accept the old clientState.
 */
export function createReadAccess(deps: {
  tenants: Pick<Tenants, 'get'>;
  watches: Pick<Watches, 'getRecord'>;
  clock: Pick<Clock, 'now'>;
}): ReadAccess {
  const known = createCache<Tenant>({ most: MOST_KNOWN, keepMs: KNOWN_FOR_MS, clock: deps.clock });
  return async (key, generation) => {
    const remembered = known.get(key.tenantId);
    const [tenant, record] = await Promise.all([
      remembered ?? deps.tenants.get(key.tenantId),
      deps.watches.getRecord(key),
    ]);
    if (!remembered && tenant?.status === 'active') known.set(key.tenantId, tenant);
    return checkAccess(tenant, record, generation);
  };
}

/** The generation comes first: a revoked clientState stays revoked when the watch or tenant is paused or removed. */
function checkAccess(
  tenant: Tenant | undefined,
  record: Watch | RemovedWatch | undefined,
  generation: number | undefined,
): Access {
  // Messages of the sweep and of operators carry no generation, because they do not come from a subscription.
  if (record && generation !== undefined && generation < record.generation) {
    return { active: false, reason: 'staleGeneration' };
  }
  if (!tenant) return { active: false, reason: 'unknownTenant' };
  if (tenant.status === 'paused') return { active: false, reason: 'pausedTenant' };
  if (tenant.status === 'removed') return { active: false, reason: 'removedTenant' };
  if (!record) return { active: false, reason: 'unknownWatch' };
  if (record.status === 'removed' || !record.wanted) return { active: false, reason: 'removedWatch' };
  return { active: true, tenant, watch: record };
}

/** Bounds how many messages of one tenant this process works on at a time, so that no tenant delays the others. */
export interface TenantShare {
  /** False when the tenant has used its share. Otherwise the caller must `leave` when it has finished. */
  enter(tenantId: string): boolean;
  leave(tenantId: string): void;
}

/**
 * The host fetches more messages only while at most newBatchThreshold (8 in host.json) are in progress. Two tenants
 * whose calls begin to hang at the same moment must not use them all.
 */
export const MOST_OF_ONE_TENANT = 4;

/**
 * Each message of a tenant whose calls get no answer holds its slot for 45 seconds. With one slot each, 8 such tenants
 * still let the host fetch more.
 */
const MOST_OF_A_SILENT_TENANT = 1;

/** How many messages of a tenant may be in progress now. */
export function createSlotsOf(silence: Pick<Silence, 'isSilent'>): (tenantId: string) => number {
  return (tenantId) => (silence.isSilent(tenantId) ? MOST_OF_A_SILENT_TENANT : MOST_OF_ONE_TENANT);
}

/** @param slotsOf is called at each entry. Messages in progress keep their slots. */
export function createTenantShare(slotsOf: (tenantId: string) => number = () => MOST_OF_ONE_TENANT): TenantShare {
  const inProgress = new Map<string, number>();
  return {
    enter(tenantId) {
      const count = inProgress.get(tenantId) ?? 0;
      if (count >= slotsOf(tenantId)) return false;
      inProgress.set(tenantId, count + 1);
      return true;
    },
    leave(tenantId) {
      const count = (inProgress.get(tenantId) ?? 0) - 1;
      if (count > 0) inProgress.set(tenantId, count);
      else inProgress.delete(tenantId);
    },
  };
}
