import { CLOCK_SKEW_MS } from '../clock';

/** 2026-01-01. Counted from here, seconds fit into the nine digits of a clientState until 2057. */
const GENERATIONS_BEGIN = Date.UTC(2026, 0, 1);

/** The generation of a watch that is added at this time (milliseconds since 1970). */
export function firstGeneration(addedAt: number): number {
  return Math.max(0, Math.floor((addedAt - GENERATIONS_BEGIN) / 1_000));
}

/**
 * Whether what stays of a removed watch may be deleted: none of the keys at its removal is in the ring, and a watch that is
 * added from now on has a higher generation, by the clock of any machine. So a key that returns to the ring makes nothing
 * valid that was revoked: without a row its watch is unknown, and with a new row it is stale.
 *
 * @param keyIds the ids of the keys in the ring
 * @param now milliseconds since 1970
 */
export function mayBeForgotten(
  removed: { generation: number; keyIds: string },
  keyIds: readonly string[],
  now: number,
): boolean {
  const isSigned = removed.keyIds.split(',').some((id) => keyIds.includes(id));
  return !isSigned && firstGeneration(now - CLOCK_SKEW_MS) > removed.generation;
}
