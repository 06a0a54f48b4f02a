import type { BatchPart, PartResult } from '../graph/createGraphBatch';
import type { CallGraph } from '../graph/graphClient';
import { GraphError } from '../graph/graphError';
import { readAllPages, type Paging } from '../graph/readAllPages';
import { isRecord } from '../parse';
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
 */
export function renewalPart(watch: Pick<Watch, 'kind'>, subscriptionId: string, now: number): BatchPart {
  return {
    method: 'PATCH',
    path: `/subscriptions/${encodeURIComponent(subscriptionId)}`,
    body: { expirationDateTime: expiryAt(now) },
    permission: SUBSCRIBE_PERMISSION[watch.kind],
  };
}

/** DELETE /subscriptions/{id}. */
export function removalPart(watch: Pick<Watch, 'kind'>, subscriptionId: string): BatchPart {
  return {
    method: 'DELETE',
    path: `/subscriptions/${encodeURIComponent(subscriptionId)}`,
    permission: SUBSCRIBE_PERMISSION[watch.kind],
  };
}

/** What a PATCH granted. @throws what it met, and GraphError `graphAnswerUnreadable` */
export function readRenewal(result: PartResult, subscriptionId: string): Granted {
  if ('error' in result) throw result.error;
  return { ...parseGranted(result.answer.body, subscriptionId), subscriptionId };
}

/** Accepts a DELETE; one that is gone already counts as deleted. @throws what it met otherwise */
export function readRemoval(result: PartResult): void {
  if (!('error' in result)) return;
  if (!(result.error instanceof GraphError && result.error.code === 'graphNotFound')) throw result.error;
}

/** Sends one part as a call of its own. Never rejects, like a batch. */
export async function sendSingly(
  callGraph: CallGraph,
  tenantId: string,
  part: BatchPart,
): Promise<PartResult> {
  try {
    return { answer: await callGraph({ tenantId, ...part }) };
  } catch (error) {
    return { error };
  }
}

/** DELETE /subscriptions/{id}; one that is gone already counts as deleted. Rejects as `callGraph` otherwise. */
export async function deleteSubscription(
  callGraph: CallGraph,
  watch: Pick<Watch, 'tenantId' | 'kind'>,
  subscriptionId: string,
): Promise<void> {
  readRemoval(await sendSingly(callGraph, watch.tenantId, removalPart(watch, subscriptionId)));
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
    throw new GraphError(
      'graphAnswerUnreadable',
      'Graph answered without the id or the expiry of the subscription',
    );
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
