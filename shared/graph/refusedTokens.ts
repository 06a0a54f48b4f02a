import type { Clock } from '../clock';

/** Remembers whose token Graph has refused, so that the next call of that tenant takes a fresh one. */
export interface RefusedTokens {
  /** Graph answered this tenant's call with 401 or 403. */
  refused(tenantId: string): void;
  /** True for one call after a refusal, at most once a minute for each tenant. */
  takeFresh(tenantId: string): boolean;
}

const SPACING_MS = 60_000;
/** A bound on memory, far above the tenants of one instance. */
const MOST_REMEMBERED = 2_000;

/**
 * A token carries the permissions of the moment it was made, for about an hour: without this, a permission that an
 * administrator has just granted would seem to be missing until then. The spacing keeps a tenant that really lacks it
 * from asking Entra with every call.
 */
export function createRefusedTokens(clock: Pick<Clock, 'now'>): RefusedTokens {
  const freshAt = new Map<string, number>();
  const wanted = new Set<string>();
  return {
    refused(tenantId) {
      if (freshAt.size + wanted.size >= MOST_REMEMBERED) {
        freshAt.clear();
        wanted.clear();
      }
      wanted.add(tenantId);
    },
    takeFresh(tenantId) {
      const now = clock.now();
      if (!wanted.has(tenantId) || now - (freshAt.get(tenantId) ?? -Infinity) < SPACING_MS) return false;
      wanted.delete(tenantId);
      freshAt.set(tenantId, now);
      return true;
    },
  };
}
