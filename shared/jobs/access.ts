import { createCache } from '../cache';
import type { Silence } from '../graph/client';
import { watchRowKey, type WatchKey, type Watch, type Watches } from '../watches/watches';
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
/** A bound on memory. One instance works for far fewer watches within a minute. */
const MOST_KNOWN = 5_000;

/**
 * Reads tenant and watch. Active ones are remembered for a minute. Others are read each time, so that an added or resumed
 * tenant or watch becomes active immediately.
 */
export function createReadAccess(deps: {
  tenants: Pick<Tenants, 'get'>;
  watches: Pick<Watches, 'get'>;
  clock: Pick<Clock, 'now'>;
}): ReadAccess {
  const known = createCache<{ tenant: Tenant; watch: Watch }>({
    most: MOST_KNOWN,
    keepMs: KNOWN_FOR_MS,
    clock: deps.clock,
  });
  return async (key, generation) => {
    const name = `${key.tenantId}/${watchRowKey(key)}`;
    const found = known.get(name);
    if (found) return checkAccess(found.tenant, found.watch, generation);
    const [tenant, stored] = await Promise.all([deps.tenants.get(key.tenantId), deps.watches.get(key)]);
    const access = checkAccess(tenant, stored?.watch, generation);
    if (access.active) known.set(name, { tenant: access.tenant, watch: access.watch });
    return access;
  };
}

function checkAccess(tenant: Tenant | undefined, watch: Watch | undefined, generation: number | undefined): Access {
  if (!tenant) return { active: false, reason: 'unknownTenant' };
  if (tenant.status === 'paused') return { active: false, reason: 'pausedTenant' };
  if (tenant.status === 'removed') return { active: false, reason: 'removedTenant' };
  if (!watch) return { active: false, reason: 'unknownWatch' };
  if (!watch.wanted) return { active: false, reason: 'removedWatch' };
  // Messages of the sweep and of operators carry no generation, because they do not come from a subscription.
  if (generation !== undefined && generation < watch.generation) return { active: false, reason: 'staleGeneration' };
  return { active: true, tenant, watch };
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
 * Each message of a tenant whose calls get no answer holds its place for 45 seconds. With one place each, 8 such tenants
 * still let the host fetch more.
 */
const MOST_OF_A_SILENT_TENANT = 1;

/** How many messages of a tenant may be in progress now. */
export function createPlacesOf(silence: Pick<Silence, 'isSilent'>): (tenantId: string) => number {
  return (tenantId) => (silence.isSilent(tenantId) ? MOST_OF_A_SILENT_TENANT : MOST_OF_ONE_TENANT);
}

/** @param placesOf is called at each entry. Messages in progress keep their places. */
export function createTenantShare(placesOf: (tenantId: string) => number = () => MOST_OF_ONE_TENANT): TenantShare {
  const inProgress = new Map<string, number>();
  return {
    enter(tenantId) {
      const count = inProgress.get(tenantId) ?? 0;
      if (count >= placesOf(tenantId)) return false;
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
