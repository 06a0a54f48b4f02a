/** How many documents this process transfers at a time, and how many of them may belong to one tenant. */
export interface Transfers {
  /** Takes a place. False when none is free, or the tenant has all that it may have. */
  enter(tenantId: string): boolean;
  leave(tenantId: string): void;
}

/** Each transfer keeps 12 MiB of blocks. */
const TRANSFERS = 4;
/** The slow downloads of one tenant leave a place for the others. */
const MOST_OF_A_TENANT = 3;

export function createTransfers(): Transfers {
  const used = new Map<string, number>();
  let total = 0;
  return {
    enter(tenantId) {
      const ofTenant = used.get(tenantId) ?? 0;
      if (total >= TRANSFERS || ofTenant >= MOST_OF_A_TENANT) return false;
      used.set(tenantId, ofTenant + 1);
      total += 1;
      return true;
    },
    leave(tenantId) {
      const left = (used.get(tenantId) ?? 0) - 1;
      if (left < 0) return;
      total -= 1;
      if (left > 0) used.set(tenantId, left);
      else used.delete(tenantId);
    },
  };
}
