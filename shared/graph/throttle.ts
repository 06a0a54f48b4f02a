import type { Clock } from '../clock';

/** Remembers, in this process, until when Graph wants to hear nothing of a tenant. */
export interface Throttle {
  /** Milliseconds until calls of this tenant may start again; 0 when they may now. */
  remainingMs(tenantId: string): number;
  /** Graph asked for a pause of `ms` milliseconds, counted from now. A longer pause that is under way stays. */
  pause(tenantId: string, ms: number): void;
}

/** A bound on memory: beyond it, pauses that are over are forgotten. */
const MOST_REMEMBERED = 1_000;

/** A tenant's pause is forgotten when it is over. */
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
      const now = clock.now();
      if (until.size >= MOST_REMEMBERED) for (const [id, end] of until) if (end <= now) until.delete(id);
      until.set(tenantId, Math.max(until.get(tenantId) ?? 0, now + ms));
    },
  };
}
