import { createCache } from '../cache';
import type { Clock } from '../clock';
import { LONGEST_SILENCE_MS } from './errors';

/** No try starts unless it can end within this time of the start of the call. The lease of the ledger is sized by it. */
export const GRAPH_CALL_LIMIT_MS = 45_000;

/** Far above the tenants that one instance calls for within an hour. */
const MOST_TENANTS = 2_000;

/** Remembers, in this process, how long Graph throttles a tenant. */
export interface Throttle {
  /** Milliseconds until calls of this tenant may start again. 0 when they may start now, or when one may. */
  remainingMs(tenantId: string): number;
  /**
   * Pauses the calls of this tenant for `ms` milliseconds from now. It never shortens a pause in progress. One of 15 minutes
   * or more ends with a single call, the look.
   */
  pause(tenantId: string, ms: number): void;
  /** True when the next call is the look at the end of a long pause. */
  isLookDue(tenantId: string): boolean;
  /** The last step before a call is written. After `look` no other call is admitted until `end` or the next look. */
  admit(tenantId: string): 'open' | 'look' | 'paused';
  /** The look was answered like any other call. */
  end(tenantId: string): void;
}

interface Pause {
  /** Milliseconds since 1970. */
  until: number;
  endsWithLook: boolean;
}

/** A plain map and no cache: a pause in progress is never dropped, however many tenants are throttled. */
export function createThrottle(clock: Pick<Clock, 'now'>): Throttle {
  const pauses = new Map<string, Pause>();
  const remainingMs = (tenantId: string) => Math.max(0, (pauses.get(tenantId)?.until ?? 0) - clock.now());
  const isLookDue = (tenantId: string) => remainingMs(tenantId) === 0 && pauses.get(tenantId)?.endsWithLook === true;
  return {
    remainingMs,
    isLookDue,
    pause(tenantId, ms) {
      const now = clock.now();
      if (pauses.size >= MOST_TENANTS) {
        for (const [id, { until, endsWithLook }] of pauses) if (until <= now && !endsWithLook) pauses.delete(id);
      }
      const endsWithLook = ms >= LONGEST_SILENCE_MS || pauses.get(tenantId)?.endsWithLook === true;
      pauses.set(tenantId, { until: now + Math.max(ms, remainingMs(tenantId)), endsWithLook });
    },
    admit(tenantId) {
      if (remainingMs(tenantId) > 0) return 'paused';
      if (!isLookDue(tenantId)) return 'open';
      pauses.set(tenantId, { until: clock.now() + GRAPH_CALL_LIMIT_MS, endsWithLook: true });
      return 'look';
    },
    end: (tenantId) => void pauses.delete(tenantId),
  };
}

/** Remembers, in this process, which tenants Graph does not answer: each of their calls lasts until it times out. */
export interface Silence {
  /** True after a call that was not answered at all, until Graph answers a call of this tenant with any status. */
  isSilent(tenantId: string): boolean;
  /** A call of this tenant has ended, and none of its tries was answered. */
  unanswered(tenantId: string): void;
  /** Graph has answered this tenant, with any status. */
  answered(tenantId: string): void;
}

export function createSilence(clock: Pick<Clock, 'now'>): Silence {
  const silent = createCache<true>({ most: MOST_TENANTS, clock });
  return {
    isSilent: (tenantId) => silent.has(tenantId),
    unanswered: (tenantId) => void silent.set(tenantId, true),
    answered: (tenantId) => void silent.delete(tenantId),
  };
}
