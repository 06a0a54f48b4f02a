import type { Clock } from '../clock';

/** Remembers, in this process, until when Graph wants to hear nothing of a tenant. */
export interface Throttle {
  /** Milliseconds until calls of this tenant may start again; 0 when they may now. */
  remainingMs(tenantId: string): number;
  /** Graph asked for a pause of `ms` milliseconds, counted from now. A longer pause that is under way stays. */
  pause(tenantId: string, ms: number): void;
}

/** A tenant's pause is forgotten when it is over, so the memory holds only tenants that are throttled now. */
export function createThrottle(clock: Pick<Clock, 'now'>): Throttle {
  const until = new Map<string, number>();
  return {
    remainingMs(tenantId) {
      const left = (until.get(tenantId) ?? 0) - clock.now();
      if (left > 0) return left;
      until.delete(tenantId);
      return 0;
    },
    pause(tenantId, ms) {
      until.set(tenantId, Math.max(until.get(tenantId) ?? 0, clock.now() + ms));
    },
  };
}
