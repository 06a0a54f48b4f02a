import { LONGEST_RETRY_MS } from '../backoff';
import type { KeyRing } from '../config';
import type { NewSubscription } from '../graph/api/subscriptions';
import { LONGEST_SILENCE_MS } from '../graph/errors';
import { CLOCK_SKEW_MS, elapsedMs, waitEnd } from '../clock';
import type { Tenant } from '../tenants/tenants';
import { hasKey, signClientState, watchTag } from '../watches/clientState';
import { hasSubscription, type Watch, type WatchKey, type WatchKind } from '../watches/watches';

/** What a watch needs now. */
export type Plan = 'nothing' | 'create' | 'renew' | 'replace' | 'remove';

export interface PlanOptions {
  /** Renew although it is not due: somebody asked for it. */
  asked?: boolean;
  /** End the back-off after a failure, but not Graph's Retry-After: a person has corrected the cause. */
  retryNow?: boolean;
  /** Renew a subscription that should be replaced: only the timer replaces, with precautions (docs/decisions/0011). */
  onlyRenew?: boolean;
}

/** A PATCH an hour extends, reauthorizes and finds a lost subscription by its 404. */
export const RENEW_EVERY_MS = 60 * 60_000;

/** At most one reaction in this time (concepts/change-notifications-lifecycle-events.md). */
export const PATCH_SPACING_MS = 10 * 60_000;

const LIST_EVERY_MS = 24 * 60 * 60_000;

/**
 * Decides what `watch` needs at `now` (milliseconds since 1970). Pure: the same input gives the same plan.
 *
 * Nothing is created for a printer or definition that is gone. A subscription that is past its expiry is created again. Three kinds are replaced at once: one that was revoked, one whose
 * key has left the ring or has another value there, and one for another URL. A subscription whose key still verifies but no
 * longer signs is replaced when its hourly PATCH is due, so a rotation of keys spreads over the hour.
 */
export function plan(watch: Watch, now: number, settings: SubscriptionSettings, options: PlanOptions = {}): Plan {
  if (isHeld(watch)) return 'nothing';
  // Graph has nothing to delete: no call, so no wait.
  if (!watch.wanted && !hasSubscription(watch)) return 'remove';
  if (retryAt(watch, now, options) !== undefined) return 'nothing';
  if (!watch.wanted) return 'remove';
  if (watch.status === 'gone') return 'nothing';
  if (!hasSubscription(watch)) return 'create';
  const { keyId, notificationUrl, revokedAt } = watch;
  const isRight =
    revokedAt === undefined &&
    hasKey(settings.clientStateKeys, watch) &&
    notificationUrl === notificationUrlOf(settings);
  if (!isRight && !options.onlyRenew) return 'replace';
  // Graph has deleted it. Where it has not, the create answers 409 and the subscription of the row is adopted.
  if (hasExpired(watch, now)) return 'create';
  if (!isRenewalDue(watch, now, options)) return 'nothing';
  return keyId === settings.clientStateKeys[0].keyId || options.onlyRenew ? 'renew' : 'replace';
}

/** Whether the subscription of a watch has expired at `now` by any clock. */
export function hasExpired({ expirationDateTime }: Pick<Watch, 'expirationDateTime'>, now: number): boolean {
  return now >= Date.parse(expirationDateTime ?? '') + CLOCK_SKEW_MS;
}

/** Whether a PATCH of the watch's subscription is due at `now`. */
export function isRenewalDue(watch: Watch, now: number, options: PlanOptions = {}): boolean {
  // The last attempt failed, and its back-off is over.
  if (options.asked || watch.status === 'updateFailed') return true;
  const since = sinceRenewed(watch, now);
  if (since >= RENEW_EVERY_MS) return true;
  // Graph may grant less than it was asked for. Such a subscription would expire before the next hour.
  const left = Date.parse(watch.expirationDateTime ?? '') - now;
  return left < RENEW_EVERY_MS + CLOCK_SKEW_MS && since >= PATCH_SPACING_MS;
}

/** Whether a run holds the watch to create or replace its subscription. */
export function isHeld({ heldMs }: Watch): boolean {
  return heldMs !== undefined;
}

/**
 * When the watch may be tried again, in milliseconds since 1970, or undefined when it may be tried now: the latest of the
 * hold, Graph's Retry-After and the back-off. Only the back-off can be overridden: beside a hold there would be two
 * subscriptions, and a Retry-After binds every process of the app.
 */
export function retryAt(watch: Watch, now: number, options: PlanOptions = {}): number | undefined {
  const { heldMs, nextTryAt } = watch;
  const ends = [
    heldMs === undefined ? undefined : now + heldMs,
    retryAfterEndsAt(watch, now),
    options.retryNow ? undefined : waitEnd(nextTryAt, now, LONGEST_RETRY_MS),
  ].filter((end) => end !== undefined);
  return ends.length > 0 ? Math.max(...ends) : undefined;
}

/** When Graph's Retry-After for this watch ends, in milliseconds since 1970, or undefined when there is none. */
export function retryAfterEndsAt({ retryAfterUntil }: Watch, now: number): number | undefined {
  return waitEnd(retryAfterUntil, now, LONGEST_SILENCE_MS);
}

/** Milliseconds since the last POST or PATCH that succeeded; infinite when there was none. */
export function sinceRenewed(watch: Watch, now: number): number {
  return elapsedMs(watch.renewedAt, now);
}

/** Whether the subscriptions of `tenant` are to be listed at `now`: daily, for the first time a day after it was added. */
export function isListingDue(tenant: Tenant, now: number): boolean {
  return elapsedMs(tenant.listedAt ?? tenant.createdAt, now) >= LIST_EVERY_MS;
}

/** The settings that go into a subscription. */
export interface SubscriptionSettings {
  clientStateKeys: KeyRing;
  /** ENTRA_CLIENT_ID, lower-cased. */
  clientId: string;
  /** Without a slash at the end. */
  publicBaseUrl: string;
}

/** 30 minutes under the maximum of 4,230 (concepts/change-notifications-overview.md). */
const LIFETIME_MS = 4_200 * 60_000;

/** The least application permission per kind of watch (api/subscription-post-subscriptions.md). */
const PERMISSIONS: Readonly<Record<WatchKind, string>> = {
  jobStarted: 'PrintTaskDefinition.ReadWrite.All',
  jobFetchable: 'Printer.Read.All',
};

/** The tenant and the permission of every call about the subscription of a watch. */
export function callOf({ tenantId, kind }: Pick<WatchKey, 'tenantId' | 'kind'>) {
  return { tenantId, permission: PERMISSIONS[kind] };
}

/** The resource of a watch. Graph allows one subscription of each per app (api/subscription-post-subscriptions.md). */
export function resourceOf(watch: Pick<Watch, 'kind' | 'id'>): { resource: string; changeType: string } {
  const id = encodeURIComponent(watch.id);
  return watch.kind === 'jobStarted'
    ? { resource: `print/taskDefinitions/${id}/tasks`, changeType: 'created' }
    : { resource: `print/printers/${id}/jobs`, changeType: 'updated' };
}

/** The URL for the job notifications of this deployment. */
export function notificationUrlOf({ publicBaseUrl }: Pick<SubscriptionSettings, 'publicBaseUrl'>): string {
  return `${publicBaseUrl}/notifications`;
}

/** The subscription to create for `watch` at `now` (milliseconds since 1970). */
export function newSubscription(settings: SubscriptionSettings, watch: Watch, now: number): NewSubscription {
  return {
    ...resourceOf(watch),
    notificationUrl: notificationUrlOf(settings),
    lifecycleNotificationUrl: `${settings.publicBaseUrl}/lifecycle`,
    clientState: signClientState(
      settings.clientStateKeys,
      { tenantId: watch.tenantId, clientId: settings.clientId },
      { tag: watchTag(watch), generation: watch.generation },
    ),
    expirationDateTime: expiryAt(now),
    // Without it every change of a job would be notified (concepts/universal-print-webhook-notifications.md).
    ...(watch.kind === 'jobFetchable' ? { notificationQueryOptions: '$filter = isFetchable eq true' } : {}),
  };
}

/** The expiry to ask for at `now`, ISO 8601. */
export function expiryAt(now: number): string {
  return new Date(now + LIFETIME_MS).toISOString();
}
