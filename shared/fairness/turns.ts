import { createCache } from '../cache';
import type { Clock } from '../clock';
import { PLACES } from './limits';

/** When each of the messages that a tenant has waiting is looked at again. */
export interface Turns {
  /**
   * Milliseconds until the next message of the tenant has its turn: at least `leastMs`, and some time after the message
   * before it. So a backlog returns one by one, as places become free, and not all at once.
   */
  next(tenantId: string, leastMs: number): number;
}

/** A bound on memory. */
const MOST_TENANTS = 2_000;

/** All places together end so many messages in a second when each takes a second. */
const SPACING_MS = 1_000 / PLACES;
/** A call without an answer keeps its place for 45 seconds. A tenant that answers again is processed with the next turn. */
const SILENT = { leastMs: 15_000, spacingMs: 1_000 } as const;

/** A turn is at most this long after `leastMs`. Turns beyond it start over, so that a long backlog stays spread. */
const LONGEST_TURN_MS = 10 * 60_000;

/** @param silence which tenants Graph does not answer */
export function createTurns({
  silence,
  clock,
}: {
  silence: { isSilent(tenantId: string): boolean };
  clock: Pick<Clock, 'now'>;
}): Turns {
  const last = createCache<number>({ most: MOST_TENANTS, clock });
  return {
    next(tenantId, leastMs) {
      const isSilent = silence.isSilent(tenantId);
      const now = clock.now();
      const earliest = now + (isSilent ? Math.max(SILENT.leastMs, leastMs) : leastMs);
      const following = (last.get(tenantId) ?? -Infinity) + (isSilent ? SILENT.spacingMs : SPACING_MS);
      const at = following > earliest + LONGEST_TURN_MS ? earliest : Math.max(earliest, following);
      last.set(tenantId, at);
      return at - now;
    },
  };
}
