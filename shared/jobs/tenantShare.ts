/** Bounds how many messages of one tenant this process works on at a time, so that no tenant takes every place. */
export interface TenantShare {
  /** False when the tenant's share is taken; otherwise the caller must `leave` when it is done. */
  enter(tenantId: string): boolean;
  leave(tenantId: string): void;
}

/**
 * The host fetches more only while it has at most newBatchThreshold (8 in host.json) messages in hand: two tenants
 * whose calls hang must leave it room to go on with the others.
 */
export const MOST_OF_ONE_TENANT = 4;

export function createTenantShare(most = MOST_OF_ONE_TENANT): TenantShare {
  const working = new Map<string, number>();
  return {
    enter(tenantId) {
      const count = working.get(tenantId) ?? 0;
      if (count >= most) return false;
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
