import type { Watch } from '../watches/watches';

/** What a watch needs now. */
export type Plan = 'nothing' | 'create' | 'renew' | 'replace' | 'remove';

/** What a subscription made now would carry. */
export interface Signing {
  /** The key that signs: the first of the ring. */
  keyId: string;
  /** All keys of the ring, which verify. */
  keyIds: readonly string[];
  notificationUrl: string;
}

export interface PlanOptions {
  /** Renew although it is not due: somebody asked. */
  asked?: boolean;
  /** Do not wait out the time after a failure, but for what Graph asked for: a person has corrected its cause. */
  retryNow?: boolean;
  /** Keep alive what is to be replaced: replacing is left to the timer, which does it with care (docs/decisions/0011). */
  onlyRenew?: boolean;
}

/** A PATCH an hour extends, reauthorizes and finds a lost subscription by its 404. */
const RENEW_EVERY_MS = 60 * 60_000;

/** At most one reaction in this time (concepts/change-notifications-lifecycle-events.md). */
export const PATCH_SPACING_MS = 10 * 60_000;

/** 30 minutes under the maximum of 4,230 (concepts/change-notifications-overview.md). */
export const LIFETIME_MS = 4_200 * 60_000;

/**
 * Decides what `watch` needs at `now` (milliseconds since 1970). Pure: the same input gives the same plan.
 *
 * Replaced at once: a subscription signed by a key that left the ring, one whose key the row does not name
 * because it was revoked, and one for another URL. A key that is still in the ring but signs no more is replaced when
 * its hourly PATCH is due, so that a rotation spreads over the hour.
 */
export function plan(watch: Watch, now: number, signing: Signing, options: PlanOptions = {}): Plan {
  if (waitsUntil(watch, now, options) !== undefined) {
    // What Graph does not have needs no call to it; only a create under way, which has no `lastError`, keeps its row.
    const isForgotten = !watch.wanted && watch.subscriptionId === undefined && watch.lastError !== undefined;
    return isForgotten ? 'remove' : 'nothing';
  }
  if (!watch.wanted) return 'remove';
  if (watch.subscriptionId === undefined) return 'create';
  const { keyId, notificationUrl } = watch;
  const isSound =
    keyId !== undefined && signing.keyIds.includes(keyId) && notificationUrl === signing.notificationUrl;
  if (!isSound && !options.onlyRenew) return 'replace';
  if (!options.asked && !isDue(watch, now)) return 'nothing';
  return keyId === signing.keyId || options.onlyRenew ? 'renew' : 'replace';
}

/**
 * When the watch may be tried again, in milliseconds since 1970, or undefined when it may now. A create under way holds
 * the row with a `nextTryAt` and no `lastError`; nothing overrides that, or there would be two subscriptions.
 * Nor does anything override Graph's Retry-After: the process that got it may be another one.
 */
export function waitsUntil(watch: Watch, now: number, options: PlanOptions = {}): number | undefined {
  const asked = graphWaitsUntil(watch, now);
  if (options.retryNow && watch.lastError !== undefined) return asked;
  const until = Date.parse(watch.nextTryAt ?? '');
  return until > now ? Math.max(until, asked ?? 0) : asked;
}

/** Until when Graph wants to hear nothing of this watch (its Retry-After), in milliseconds since 1970, or undefined. */
export function graphWaitsUntil({ retryAfterUntil }: Watch, now: number): number | undefined {
  const until = Date.parse(retryAfterUntil ?? '');
  return until > now ? until : undefined;
}

/** Milliseconds since the last POST or PATCH that succeeded; infinite when there was none. */
export function sinceRenewed(watch: Watch, now: number): number {
  const renewedAt = Date.parse(watch.renewedAt ?? '');
  return Number.isNaN(renewedAt) ? Infinity : now - renewedAt;
}

function isDue(watch: Watch, now: number): boolean {
  // The last try failed, and the wait after it is over.
  if (watch.lastError !== undefined) return true;
  const since = sinceRenewed(watch, now);
  if (since >= RENEW_EVERY_MS) return true;
  // Graph may grant less than it was asked for; without this the subscription would end before the next hour.
  const left = Date.parse(watch.expirationDateTime ?? '') - now;
  return left < RENEW_EVERY_MS && since >= PATCH_SPACING_MS;
}
