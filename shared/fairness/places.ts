import { createCache } from '../cache';
import type { Clock } from '../clock';
import { MOST_OF_A_SILENT_TENANT, MOST_OF_A_SLOW_TENANT, PLACES } from './limits';

/**
 * The places of this process: how many messages it works on at a time, and how many of them may belong to one tenant. A
 * tenant whose messages end quickly may use all places that are free. A tenant that is slow or gets no answer is bounded,
 * because each of its messages keeps a place for a long time.
 */
export interface Places {
  /** Takes a place, whether one is free or not. False when the tenant has all that it may have now. */
  enter(tenantId: string): boolean;
  /** Whether `enter` would succeed. */
  mayEnter(tenantId: string): boolean;
  /** Frees a place. `work` is absent where it says nothing about the next message of the tenant. */
  leave(tenantId: string, work?: EndedWork): void;
  /** Places that are not in use. */
  free(): number;
  /** Places that the tenant uses. */
  usedBy(tenantId: string): number;
}

/** How the work on a message has ended. */
export interface EndedWork {
  tookMs: number;
  /** Graph has answered its calls. A message that is deferred or known already ends quickly even if Graph hangs. */
  isDone: boolean;
}

/** A message that ends within this time has not waited for the time-out of a call, which is 10 s. */
const QUICK_MS = 10_000;

/** A bound on memory. A tenant that was forgotten counts as slow until a message of it has ended. */
const MOST_TENANTS = 2_000;

/** @param silence which tenants Graph does not answer */
export function createPlaces({
  silence,
  clock,
}: {
  silence: { isSilent(tenantId: string): boolean };
  clock: Pick<Clock, 'now'>;
}): Places {
  const used = new Map<string, number>();
  const quick = createCache<true>({ most: MOST_TENANTS, clock });
  let total = 0;
  const usedBy = (tenantId: string) => used.get(tenantId) ?? 0;
  const mostOf = (tenantId: string) => {
    if (silence.isSilent(tenantId)) return MOST_OF_A_SILENT_TENANT;
    return quick.has(tenantId) ? PLACES : MOST_OF_A_SLOW_TENANT;
  };
  const mayEnter = (tenantId: string) => usedBy(tenantId) < mostOf(tenantId);
  return {
    usedBy,
    mayEnter,
    free: () => Math.max(0, PLACES - total),
    enter(tenantId) {
      if (!mayEnter(tenantId)) return false;
      used.set(tenantId, usedBy(tenantId) + 1);
      total += 1;
      return true;
    },
    leave(tenantId, work) {
      if (work && work.tookMs > QUICK_MS) quick.delete(tenantId);
      else if (work?.isDone) quick.set(tenantId, true);
      const left = usedBy(tenantId) - 1;
      if (left < 0) return;
      total -= 1;
      if (left > 0) used.set(tenantId, left);
      else used.delete(tenantId);
    },
  };
}
