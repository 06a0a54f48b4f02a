/** Bounds how many messages of one tenant this process works on at a time, so that no tenant takes every place. */
export interface TenantShare {
  /** False when the tenant's share is taken; otherwise the caller must `leave` when it is done. */
  enter(tenantId: string): boolean;
  leave(tenantId: string): void;
}

/** Two thirds of the 24 messages (batchSize 16 + newBatchThreshold 8 in host.json) that an instance works on. */
export const MOST_OF_ONE_TENANT = 16;

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
