import { ageOf, type StoredRow } from '../storage/entityTable';

/**
 * How long a run holds the row of a watch, so that no other run creates the same subscription. It exceeds the longest create
 * (a refused POST, a listing, a DELETE and another POST of 45 s each, GRAPH_CALL_LIMIT_MS) by a margin of 15 s for an answer
 * on its way.
 */
export const HOLD_MS = 4 * 60_000 + 15_000;

/**
 * The rest of a hold, in milliseconds; nothing when it is over. It begins with the last write of the row and is judged by the
 * clock of the table service alone, so the clocks of the instances do not matter.
 */
export function restOfHold(row: StoredRow): { heldMs?: number } {
  const heldMs = HOLD_MS - ageOf(row);
  return heldMs > 0 ? { heldMs } : {};
}
