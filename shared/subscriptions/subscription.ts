import type { Clock } from '../clock';
import type { KeyRing } from '../config';
import type { NewSubscription } from '../graph/api/subscriptions';
import type { CallGraphBatch } from '../graph/batch';
import type { CallGraph } from '../graph/client';
import type { Logger } from '../logger';
import type { Tenants } from '../tenants/tenants';
import { signClientState, watchTag } from '../watches/clientState';
import type { Watch, Watches, WatchKey, WatchKind } from '../watches/watches';
import type { Signing } from './plan';

/** What the use cases of this folder need. A `Config` serves as `config`. */
export interface SubscriptionDeps {
  callGraph: CallGraph;
  callBatch: CallGraphBatch;
  tenants: Tenants;
  watches: Watches;
  clock: Clock;
  /** 0 inclusive to 1 exclusive, as Math.random. */
  random: () => number;
  logger: Logger;
  config: SubscriptionSettings & { graphBaseUrl: string };
}

/** The settings that go into a subscription. */
export interface SubscriptionSettings {
  clientStateKeys: KeyRing;
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

/** The key and the URL of a subscription created with the current settings. */
export function signingOf(settings: SubscriptionSettings): Signing {
  return {
    keyId: settings.clientStateKeys[0].keyId,
    keyIds: settings.clientStateKeys.map(({ keyId }) => keyId),
    notificationUrl: notificationUrlOf(settings),
  };
}

/** The subscription to create for `watch` at `now` (milliseconds since 1970). */
export function newSubscription(settings: SubscriptionSettings, watch: Watch, now: number): NewSubscription {
  return {
    ...resourceOf(watch),
    notificationUrl: notificationUrlOf(settings),
    lifecycleNotificationUrl: `${settings.publicBaseUrl}/lifecycle`,
    clientState: signClientState(settings.clientStateKeys, { ...watch, tag: watchTag(watch) }),
    expirationDateTime: expiryAt(now),
    // Without it every change of a job would be notified (concepts/universal-print-webhook-notifications.md).
    ...(watch.kind === 'jobFetchable' ? { notificationQueryOptions: '$filter = isFetchable eq true' } : {}),
  };
}

/** The expiry to ask for at `now`, ISO 8601. */
export function expiryAt(now: number): string {
  return new Date(now + LIFETIME_MS).toISOString();
}
