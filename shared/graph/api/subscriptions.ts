import { isRecord, parseText } from '../../parse';
import { sendSingly, type BatchPart, type PartResult } from '../batch';
import type { CallGraph, GraphCall } from '../client';
import { GraphError, unreadableAnswer } from '../errors';
import { readAllPages, type Paging } from '../paging';

/** A subscription that Graph created or renewed. */
export interface Granted {
  subscriptionId: string;
  /** ISO 8601, as Graph answered it: it raises short times and may keep the old one. */
  expirationDateTime: string;
}

/** The properties of POST /subscriptions (resources/subscription.md). */
export interface NewSubscription {
  resource: string;
  changeType: string;
  notificationUrl: string;
  /** It cannot be added later (concepts/change-notifications-lifecycle-events.md). */
  lifecycleNotificationUrl: string;
  clientState: string;
  /** ISO 8601. */
  expirationDateTime: string;
  notificationQueryOptions?: string;
}

/** A subscription of this app as GET /subscriptions shows it. clientState is always null there. */
export interface ListedSubscription {
  id: string;
  resource: string;
  changeType: string;
  notificationUrl: string;
}

/** A subscription to change. `permission` is the one of its resource (api/subscription-post-subscriptions.md). */
export interface KnownSubscription {
  subscriptionId: string;
  permission: string;
}

const PATH = '/subscriptions';

/** Before it answers a POST, Graph waits up to 10 s for each of our two URLs (change-notifications-delivery-webhooks.md). */
const CREATE_TIMEOUT_MS = 25_000;

/**
 * POST /subscriptions. Graph calls both URLs of the subscription before it answers.
 *
 * @throws GraphError as `callGraph` (`graphConflict` when this app has such a subscription already), and
 *   `graphAnswerUnreadable`
 */
export async function createSubscription(
  callGraph: CallGraph,
  call: Pick<GraphCall, 'tenantId' | 'permission'>,
  subscription: NewSubscription,
): Promise<Granted> {
  const request = { method: 'POST', path: PATH, body: subscription, tryTimeoutMs: CREATE_TIMEOUT_MS } as const;
  const { body } = await callGraph({ ...call, ...request });
  return parseGranted(body);
}

/**
 * PATCH /subscriptions/{id}: extends and reauthorizes. `parseRenewal` reads its result.
 *
 * @param expirationDateTime ISO 8601
 */
export function renewalPart({ subscriptionId, permission }: KnownSubscription, expirationDateTime: string): BatchPart {
  return { method: 'PATCH', path: pathOf(subscriptionId), body: { expirationDateTime }, permission };
}

/**
 * What a PATCH granted. An answer without a body says that it took effect and not until when: then `known` stays, and the
 * next PATCH is sent before it ends.
 *
 * @throws the error of the result, and GraphError `graphAnswerUnreadable`, also for an answer that is about another subscription
 */
export function parseRenewal(result: PartResult, known: Granted): Granted {
  if ('error' in result) throw result.error;
  const { body } = result.answer;
  if (body === undefined || body === null) return known;
  return parseGranted(body, known.subscriptionId);
}

/** DELETE /subscriptions/{id}. `acceptRemoval` reads its result. */
export function removalPart({ subscriptionId, permission }: KnownSubscription): BatchPart {
  return { method: 'DELETE', path: pathOf(subscriptionId), permission };
}

/** Accepts the result of a DELETE. A subscription that Graph does not have counts as deleted. @throws its error otherwise */
export function acceptRemoval(result: PartResult): void {
  if (!('error' in result)) return;
  if (!(result.error instanceof GraphError && result.error.code === 'graphNotFound')) throw result.error;
}

/** DELETE /subscriptions/{id} as a call of its own. Rejects as `callGraph`, except for a 404. */
export async function deleteSubscription(
  callGraph: CallGraph,
  tenantId: string,
  subscription: KnownSubscription,
): Promise<void> {
  acceptRemoval(await sendSingly(callGraph, tenantId, removalPart(subscription)));
}

/** GET /subscriptions, all pages: the subscriptions of this app in the tenant. Items of another form are skipped. */
export function listSubscriptions(
  paging: Paging,
  call: Pick<GraphCall, 'tenantId' | 'permission'>,
): AsyncGenerator<ListedSubscription> {
  return readAllPages(paging, { ...call, path: PATH }, parseListed);
}

function parseListed(item: unknown): ListedSubscription | undefined {
  const { id, resource, changeType, notificationUrl } = isRecord(item) ? item : {};
  if (typeof id !== 'string' || typeof resource !== 'string') return undefined;
  if (typeof changeType !== 'string' || typeof notificationUrl !== 'string') return undefined;
  return { id, resource, changeType, notificationUrl };
}

function pathOf(subscriptionId: string): string {
  return `${PATH}/${encodeURIComponent(subscriptionId)}`;
}

/** @param knownId of a PATCH, whose answer may leave it out */
function parseGranted(body: unknown, knownId?: string): Granted {
  const { id, expirationDateTime } = isRecord(body) ? body : {};
  const subscriptionId = knownId ?? parseText(id);
  const expiresAt = Date.parse(parseText(expirationDateTime));
  if (subscriptionId === '' || Number.isNaN(expiresAt)) {
    const path = knownId === undefined ? PATH : pathOf(knownId);
    throw unreadableAnswer('a subscription without an id or expirationDateTime', path);
  }
  if (knownId !== undefined && typeof id === 'string' && id.toLowerCase() !== knownId.toLowerCase()) {
    throw unreadableAnswer('another subscription', pathOf(knownId));
  }
  return { subscriptionId, expirationDateTime: new Date(expiresAt).toISOString() };
}
