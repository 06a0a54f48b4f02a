import { createCache } from '../cache';
import type { Clock } from '../clock';
import type { ListedSubscription } from '../graph/api/subscriptions';
import type { CallGraph } from '../graph/client';
import { GraphError } from '../graph/errors';

/** The subscriptions of a tenant as Graph lists them, for creates that were answered with 409. */
export interface ConflictListings {
  /**
   * What Graph lists of `isWanted`. A run that died in the middle of its creates leaves a conflict for each: one listing serves
   * them all, and only a conflict that is not in it causes another. Rejects as `read`.
   *
   * @param read lists all subscriptions of the tenant
   */
  find(
    tenantId: string,
    isWanted: (listed: ListedSubscription) => boolean,
    read: () => Promise<ListedSubscription[]>,
  ): Promise<ListedSubscription[]>;
}

/** So long a listing serves conflicts that come later. */
const KEEP_MS = 30_000;
/** A bound on memory: a listing may have thousands of subscriptions. */
const MOST_TENANTS = 20;

export function createConflictListings(clock: Pick<Clock, 'now'>): ConflictListings {
  const known = createCache<Promise<ListedSubscription[]>>({ most: MOST_TENANTS, keepMs: KEEP_MS, clock });
  const begin = (tenantId: string, read: () => Promise<ListedSubscription[]>) => {
    const listed = read();
    known.set(tenantId, listed);
    // The next conflict tries again.
    listed.catch(() => known.peek(tenantId) === listed && known.delete(tenantId));
    return listed;
  };
  return {
    async find(tenantId, isWanted, read) {
      const before = known.get(tenantId);
      const found = before && (await before).filter(isWanted);
      if (found && found.length > 0) return found;
      // One that began after this conflict has all that caused it.
      const since = known.get(tenantId);
      const listed = since && since !== before ? since : begin(tenantId, read);
      return (await listed).filter(isWanted);
    },
  };
}

/** Graph takes 40 listings in 20 s (concepts/throttling-limits.md), and a fleet has more pages. */
const LONGEST_WAIT_MS = 60_000;
const MOST_WAITS = 5;

/** The same calls, which wait out a Retry-After: a listing that began again from its first page would never reach the last. */
export function waitingForGraph(callGraph: CallGraph, clock: Pick<Clock, 'sleep'>): CallGraph {
  let waits = 0;
  return async (call) => {
    for (;;) {
      try {
        return await callGraph(call);
      } catch (error) {
        const waitMs = error instanceof GraphError && error.code === 'graphThrottled' ? error.retryAfterMs : undefined;
        if (waitMs === undefined || waitMs > LONGEST_WAIT_MS || waits === MOST_WAITS) throw error;
        waits += 1;
        await clock.sleep(waitMs);
      }
    }
  };
}
