import type { CallGraph } from '../graph/graphClient';
import { GraphError } from '../graph/graphError';
import { readAllPages, type Paging } from '../graph/readAllPages';
import { isRecord } from '../isRecord';
import type { WatchKind } from '../watches/watchKey';
import type { Watch } from '../watches/watches';
import { expiryAt, subscriptionBody, type SubscriptionSettings } from './subscriptionBody';

/** The least application permission per kind of watch (api/subscription-post-subscriptions.md). */
const SUBSCRIBE_PERMISSION: Readonly<Record<WatchKind, string>> = {
  jobStarted: 'PrintTaskDefinition.ReadWrite.All',
  jobFetchable: 'Printer.Read.All',
};

/** Before it answers a create, Graph waits up to 10 s for each of our two URLs (change-notifications-delivery-webhooks.md). */
const CREATE_TIMEOUT_MS = 25_000;

/** What Graph granted. */
export interface Granted {
  subscriptionId: string;
  /** ISO 8601, as Graph answered it: it raises short times and may keep the old one. */
  expirationDateTime: string;
}

/** A subscription of this app as GET /subscriptions shows it; clientState is always null there. */
export interface ListedSubscription {
  id: string;
  resource: string;
  changeType: string;
  notificationUrl: string;
}

/**
 * POST /subscriptions. Graph calls both of our URLs before it answers.
 *
 * @param now milliseconds since 1970
 * @throws GraphError as `callGraph` (`graphConflict` when this app has such a subscription already), and
 *   `graphAnswerUnreadable`
 */
export async function createSubscription(
  callGraph: CallGraph,
  settings: SubscriptionSettings,
  watch: Watch,
  now: number,
): Promise<Granted> {
  const { body } = await callGraph({
    tenantId: watch.tenantId,
    method: 'POST',
    path: '/subscriptions',
    body: subscriptionBody(settings, watch, now),
    permission: SUBSCRIBE_PERMISSION[watch.kind],
    tryTimeoutMs: CREATE_TIMEOUT_MS,
  });
  return parseGranted(body);
}

/**
 * PATCH /subscriptions/{id}: extends and reauthorizes.
 *
 * @param now milliseconds since 1970
 * @throws GraphError as `callGraph` (`graphNotFound` when the subscription is gone), and `graphAnswerUnreadable`
 */
export async function renewSubscription(
  callGraph: CallGraph,
  watch: Watch,
  subscriptionId: string,
  now: number,
): Promise<Granted> {
  const { body } = await callGraph({
    tenantId: watch.tenantId,
    method: 'PATCH',
    path: `/subscriptions/${encodeURIComponent(subscriptionId)}`,
    body: { expirationDateTime: expiryAt(now) },
    permission: SUBSCRIBE_PERMISSION[watch.kind],
  });
  return { ...parseGranted(body, subscriptionId), subscriptionId };
}

/** DELETE /subscriptions/{id}; one that is gone already counts as deleted. Rejects as `callGraph` otherwise. */
export async function deleteSubscription(
  callGraph: CallGraph,
  watch: Pick<Watch, 'tenantId' | 'kind'>,
  subscriptionId: string,
): Promise<void> {
  try {
    await callGraph({
      tenantId: watch.tenantId,
      method: 'DELETE',
      path: `/subscriptions/${encodeURIComponent(subscriptionId)}`,
      permission: SUBSCRIBE_PERMISSION[watch.kind],
    });
  } catch (error) {
    if (!(error instanceof GraphError && error.code === 'graphNotFound')) throw error;
  }
}

/** GET /subscriptions, all pages: what this app has in the tenant. Items of another form are passed over. */
export async function* listSubscriptions(
  paging: Paging,
  watch: Pick<Watch, 'tenantId' | 'kind'>,
): AsyncGenerator<ListedSubscription> {
  const call = {
    tenantId: watch.tenantId,
    path: '/subscriptions',
    permission: SUBSCRIBE_PERMISSION[watch.kind],
  };
  for await (const item of readAllPages(paging, call)) {
    const listed = parseListed(item);
    if (listed) yield listed;
  }
}

function parseGranted(body: unknown, knownId?: string): Granted {
  const { id, expirationDateTime } = isRecord(body) ? body : {};
  const subscriptionId = typeof id === 'string' && id !== '' ? id : knownId;
  if (
    subscriptionId === undefined ||
    typeof expirationDateTime !== 'string' ||
    Number.isNaN(Date.parse(expirationDateTime))
  ) {
    throw new GraphError('Graph answered without the id or the expiry of the subscription', {
      code: 'graphAnswerUnreadable',
      retryable: true,
    });
  }
  return { subscriptionId, expirationDateTime: new Date(expirationDateTime).toISOString() };
}

function parseListed(item: unknown): ListedSubscription | undefined {
  if (!isRecord(item)) return undefined;
  const { id, resource, changeType, notificationUrl } = item;
  return typeof id === 'string' &&
    typeof resource === 'string' &&
    typeof changeType === 'string' &&
    typeof notificationUrl === 'string'
    ? { id, resource, changeType, notificationUrl }
    : undefined;
}
