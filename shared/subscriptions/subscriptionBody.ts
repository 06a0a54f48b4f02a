import type { KeyRing } from '../config';
import { signClientState, watchTag } from '../watches/clientState';
import type { Watch } from '../watches/watches';
import { LIFETIME_MS, type Signing } from './plan';

/** What a subscription is made of besides the watch itself. */
export interface SubscriptionSettings {
  clientStateKeys: KeyRing;
  /** Without a slash at the end. */
  publicBaseUrl: string;
}

/** The part of a subscription that names it: Graph allows one of each per app (api/subscription-post-subscriptions.md). */
export function subscribedTo(watch: Pick<Watch, 'kind' | 'id'>): { resource: string; changeType: string } {
  const id = encodeURIComponent(watch.id);
  return watch.kind === 'jobStarted'
    ? { resource: `print/taskDefinitions/${id}/tasks`, changeType: 'created' }
    : { resource: `print/printers/${id}/jobs`, changeType: 'updated' };
}

/** Where Graph posts the jobs of this deployment. */
export function notificationUrlOf({ publicBaseUrl }: Pick<SubscriptionSettings, 'publicBaseUrl'>): string {
  return `${publicBaseUrl}/notifications`;
}

/** What the settings of now put into a subscription. */
export function signingOf(settings: SubscriptionSettings): Signing {
  const { clientStateKeys } = settings;
  return {
    keyId: clientStateKeys[0].keyId,
    keyIds: clientStateKeys.map(({ keyId }) => keyId),
    notificationUrl: notificationUrlOf(settings),
  };
}

/**
 * The body of POST /subscriptions for `watch` at `now` (milliseconds since 1970). A lifecycleNotificationUrl cannot be
 * added later (concepts/change-notifications-lifecycle-events.md), so it is always there.
 */
export function subscriptionBody(settings: SubscriptionSettings, watch: Watch, now: number) {
  return {
    ...subscribedTo(watch),
    notificationUrl: notificationUrlOf(settings),
    lifecycleNotificationUrl: `${settings.publicBaseUrl}/lifecycle`,
    clientState: signClientState(settings.clientStateKeys, { ...watch, tag: watchTag(watch) }),
    expirationDateTime: expiryAt(now),
    // concepts/universal-print-webhook-notifications.md: without it every change of a job would be notified.
    ...(watch.kind === 'jobFetchable' ? { notificationQueryOptions: '$filter = isFetchable eq true' } : {}),
  };
}

/** The expiry to ask for at `now`, as Graph wants it. */
export function expiryAt(now: number): string {
  return new Date(now + LIFETIME_MS).toISOString();
}
