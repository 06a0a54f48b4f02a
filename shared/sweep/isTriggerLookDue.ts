import { createHash } from 'node:crypto';

/** As often as the timer sweeps. */
const STEP_MS = 10 * 60_000;
const STEPS_A_DAY = 144;

/**
 * Whether the sweep that began at `startedAt` (milliseconds since 1970) is the one in 144 that looks at this printer for
 * its trigger alone. Each printer has a step of the day of its own, from its name: all instances agree without
 * remembering anything, and the printers of a customer are spread over the day.
 */
export function isTriggerLookDue(
  { tenantId, printerId }: { tenantId: string; printerId: string },
  startedAt: number,
): boolean {
  const own = createHash('sha256').update(`${tenantId}/${printerId}`).digest().readUInt32BE() % STEPS_A_DAY;
  return Math.floor(startedAt / STEP_MS) % STEPS_A_DAY === own;
}
