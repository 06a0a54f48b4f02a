import { rotate } from '../backoff';
import type { StoredWatch, Watch } from '../watches/watches';

const BROKEN_AFTER = 3;

/** Whether a watch keeps failing: it must not use up a run in front of healthy ones. */
function isBroken({ stored: { watch } }: { stored: { watch: Watch } }): boolean {
  return watch.failures >= BROKEN_AFTER;
}

/**
 * The same items, the soonest expiry first; those without a readable expiry come before the others. A run of a tenant
 * that Graph throttles never reaches the end of its list: in the order of the table the same rows would be left out by
 * every run until they expire.
 */
export function soonestFirst<T extends { stored: { watch: Watch } }>(due: readonly T[]): T[] {
  const end = ({ stored }: T) => Date.parse(stored.watch.expirationDateTime ?? '') || 0;
  return [...due].sort((a, b) => Number(isBroken(a)) - Number(isBroken(b)) || end(a) - end(b));
}

/**
 * The same items from a random place, the broken ones after the others: a run stops after a few creates that fail.
 *
 * @param random 0 inclusive to 1 exclusive
 */
export function rotateHealthyFirst<T extends { stored: { watch: Watch } }>(due: readonly T[], random: number): T[] {
  const healthy = due.filter((each) => !isBroken(each));
  return [...rotate(healthy, random), ...rotate(due.filter(isBroken), random)];
}

/**
 * Of each kind the watch with the fewest failures, and of several the one that was renewed last. A watch that is refused alone
 * has one more failure after its attempt, so the next probe of a tenant tries another.
 */
export function bestOfEachKind<T extends { stored: { watch: Watch } }>(due: readonly T[]): T[] {
  const failures = ({ stored: { watch } }: T) => watch.failures;
  const bestLast = [...due].sort((a, b) => failures(b) - failures(a) || renewedAt(a.stored) - renewedAt(b.stored));
  return [...new Map(bestLast.map((each) => [each.stored.watch.kind, each])).values()];
}

/** When one of the watches was last renewed that has not failed since, in milliseconds since 1970; 0 where none was. */
export function lastRenewal(rows: readonly StoredWatch[]): number {
  const healthy = rows.filter(({ watch: { failures } }) => failures === 0);
  return healthy.reduce((last, stored) => Math.max(last, renewedAt(stored)), 0);
}

function renewedAt({ watch }: { watch: Watch }): number {
  return Date.parse(watch.renewedAt ?? '') || 0;
}
