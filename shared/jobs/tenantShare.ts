import type { Silence } from '../graph/client';

/** Bounds how many messages of one tenant this process works on at a time, so that no tenant takes every place. */
export interface TenantShare {
  /** False when the tenant's share is taken; otherwise the caller must `leave` when it is done. */
  enter(tenantId: string): boolean;
  leave(tenantId: string): void;
}

/**
 * The host fetches more only while it has at most newBatchThreshold (8 in host.json) messages in hand: two tenants
 * whose calls begin to hang at the same moment must leave it room to go on with the others.
 */
export const MOST_OF_ONE_TENANT = 4;

/**
 * Once it is known that a tenant's calls get no answer, each of them would hold its place for 45 seconds: with one
 * place each, 8 such tenants leave the host room.
 */
const MOST_OF_A_SILENT_TENANT = 1;

/** How many places a tenant may take now. */
export function createPlacesOf(silence: Pick<Silence, 'isSilent'>): (tenantId: string) => number {
  return (tenantId) => (silence.isSilent(tenantId) ? MOST_OF_A_SILENT_TENANT : MOST_OF_ONE_TENANT);
}

/** @param placesOf is asked at each entry; who is in already stays in */
export function createTenantShare(
  placesOf: (tenantId: string) => number = () => MOST_OF_ONE_TENANT,
): TenantShare {
  const working = new Map<string, number>();
  return {
    enter(tenantId) {
      const count = working.get(tenantId) ?? 0;
      if (count >= placesOf(tenantId)) return false;
      working.set(tenantId, count + 1);
      return true;
    },
    leave(tenantId) {
      const count = (working.get(tenantId) ?? 0) - 1;
      if (count > 0) working.set(tenantId, count);
      else working.delete(tenantId);
    },
  };
}
