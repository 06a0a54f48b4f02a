import { createCache } from '../cache';
import type { Clock } from '../clock';
import {
  MOST_OF_A_SILENT_TENANT,
  MOST_OF_A_SLOW_TENANT,
  MOST_OF_A_TENANT_IN_HOST,
  MOST_OF_A_TENANT_WITH_LONG_WORK,
  PLACES,
} from './limits';

/**
 * The places of this process: how many messages it works on at a time, and how many of them may belong to one tenant. A
 * tenant whose messages end quickly may use all places that are free. A tenant that is slow or gets no answer is bounded,
 * because each of its messages keeps a place for a long time.
 */
export interface Places {
  /** Takes a place, whether one is free or not. False when the tenant has all that it may have now. */
  enter(tenantId: string): boolean;
  /** The same for a message of the host, which bounds those of a tenant that is neither slow nor silent on its own. */
  enterFromHost(tenantId: string): boolean;
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

/**
 * A message that ends within the first time has not waited for the time-out of a call, which is 10 s. One for which Graph has
 * answered all calls may take several of them that are slow. Beyond the second time most of it was spent on time-outs.
 */
const QUICK_MS = 10_000;
const LONG_MS = 30_000;

/** What the end of a message says of the next one. Undefined: nothing. */
function paceAfter({ tookMs, isDone }: EndedWork) {
  if (tookMs > (isDone ? LONG_MS : QUICK_MS)) return 'slow';
  if (isDone) return tookMs > QUICK_MS ? 'long' : 'quick';
  return undefined;
}

/** A bound on memory. A tenant that was forgotten counts as new until a message of it has ended. */
const MOST_TENANTS = 2_000;

/** Places of a tenant, by what is known of it. */
const MOST_OF = {
  silent: MOST_OF_A_SILENT_TENANT,
  slow: MOST_OF_A_SLOW_TENANT,
  new: MOST_OF_A_TENANT_IN_HOST,
  long: MOST_OF_A_TENANT_WITH_LONG_WORK,
  quick: PLACES,
} as const;

/** @param silence which tenants Graph does not answer */
export function createPlaces({
  silence,
  clock,
}: {
  silence: { isSilent(tenantId: string): boolean };
  clock: Pick<Clock, 'now'>;
}): Places {
  const used = new Map<string, number>();
  const paces = createCache<'quick' | 'long' | 'slow'>({ most: MOST_TENANTS, clock });
  let total = 0;
  const usedBy = (tenantId: string) => used.get(tenantId) ?? 0;
  const mostOf = (tenantId: string) => MOST_OF[paceOf(tenantId)];
  const paceOf = (tenantId: string) => (silence.isSilent(tenantId) ? 'silent' : (paces.get(tenantId) ?? 'new'));
  const mayEnter = (tenantId: string) => usedBy(tenantId) < mostOf(tenantId);
  const take = (tenantId: string) => {
    used.set(tenantId, usedBy(tenantId) + 1);
    total += 1;
    return true;
  };
  return {
    usedBy,
    mayEnter,
    free: () => Math.max(0, PLACES - total),
    enter: (tenantId) => mayEnter(tenantId) && take(tenantId),
    enterFromHost(tenantId) {
      const isBounded = ['slow', 'silent'].includes(paceOf(tenantId));
      return (!isBounded || mayEnter(tenantId)) && take(tenantId);
    },
    leave(tenantId, work) {
      const pace = work && paceAfter(work);
      if (pace) paces.set(tenantId, pace);
      const left = usedBy(tenantId) - 1;
      if (left < 0) return;
      total -= 1;
      if (left > 0) used.set(tenantId, left);
      else used.delete(tenantId);
    },
  };
}
