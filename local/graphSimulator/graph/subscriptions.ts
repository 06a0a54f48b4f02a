import { randomUUID } from 'node:crypto';
import { Refusal } from '../http/readRequest';
import type { Reply } from '../http/server';
import { access, missingRole } from '../signIn/permissions';
import { parseChange, parseSubscription, validateEndpoint } from '../subscriptions/rules';
import { requireSettled } from '../world/settling';
import { liveSubscriptions, type Subscription } from '../world/simulation';
import { ok, pageOfList, route, tenantOf, type GraphCall, type Route } from './graphCall';

type Operation = 'Create' | 'Get' | 'Update' | 'Delete' | 'Reauthorize';

const LIST = '/subscriptions';
const ONE = '/subscriptions/{subscriptionId}';

/** Subscriptions of the calling app in the tenant of its token. */
export const subscriptionRoutes: readonly Route[] = [
  route(`POST ${LIST}`, 'subscription-post-subscriptions.md', 'byResource', create),
  route(`GET ${LIST}`, 'subscription-list.md', 'byResource', (call) =>
    pageOfList(call, ownSubscriptions(call), (one) => ({ ...view(one), clientState: null })),
  ),
  route(`GET ${ONE}`, 'subscription-get.md', 'byResource', (call) => ok(view(subscriptionOf(call, 'Get')))),
  route(`PATCH ${ONE}`, 'subscription-update.md', 'byResource', update),
  route(`DELETE ${ONE}`, 'subscription-delete.md', 'byResource', (call) => {
    call.simulation.world.subscriptions.delete(subscriptionOf(call, 'Delete').id);
    return { status: 204 };
  }),
  route(`POST ${ONE}/reauthorize`, 'subscription-reauthorize.md', 'byResource', (call) => {
    reauthorize(call, subscriptionOf(call, 'Reauthorize'));
    return { status: 204 };
  }),
];

/** An app sees only its own subscriptions in the tenant of its token (api/subscription-list.md). */
function ownSubscriptions({ simulation, principal }: GraphCall): Subscription[] {
  return liveSubscriptions(simulation).filter(
    ({ tenantId, appId }) => tenantId === principal.tenantId && appId === principal.appId,
  );
}

function subscriptionOf(call: GraphCall, operation: Operation): Subscription {
  const found = ownSubscriptions(call).find(({ id }) => id === call.params['subscriptionId']);
  if (!found) throw new Refusal(404, 'ResourceNotFound', 'The object was not found.');
  checkPermission(call, operation, found.kind);
  return found;
}

/** The permission table is the same on every page of subscriptions: by resource, and never delegated for print. */
function checkPermission({ principal }: GraphCall, operation: Operation, kind: Subscription['kind']): void {
  const { application } = kind === 'jobStarted' ? access.definitions : access.readPrinter;
  const missing = missingRole(application, principal.roles);
  const refuse = (why: string) => new Refusal(403, 'ExtensionError', `Operation: ${operation}; Exception: ${why}.`);
  if (principal.kind === 'user') throw refuse('delegated access is not supported');
  if (missing !== undefined) throw refuse(`missing permission ${missing}`);
}

async function create(call: GraphCall): Promise<Reply> {
  const { simulation, principal } = call;
  const { world, variants, now } = simulation;
  const request = parseSubscription(call.body, now(), variants);
  const { kind, targetId } = request;
  checkPermission(call, 'Create', kind);
  const { printers, definitions } = tenantOf(call);
  const madeAt = kind === 'jobFetchable' ? printers.get(targetId)?.registeredAt : definitions.get(targetId)?.madeAt;
  requireSettled(simulation, madeAt, 'The resource');
  const isKnown =
    kind === 'jobFetchable' ? printers.has(targetId) : definitions.get(targetId)?.appId === principal.appId;
  if (!isKnown)
    throw new Refusal(400, 'ExtensionError', `Operation: Create; Exception: '${request.resource}' was not found.`);
  const refuseDuplicate = () => {
    const isSame = (one: Subscription) => one.kind === kind && one.targetId === targetId;
    if (variants.enforce409 && ownSubscriptions(call).some(isSame))
      throw new Refusal(409, 'Conflict', 'A subscription for this resource and changeType exists already.');
  };
  refuseDuplicate();
  // Both URLs are validated, also when they are the same (concepts/change-notifications-lifecycle-events.md).
  const urls = [request.notificationUrl, request.lifecycleNotificationUrl].filter((url) => url !== null);
  await Promise.all(urls.map((url) => validateEndpoint(simulation, url)));
  // Another create may have won during the handshakes.
  refuseDuplicate();
  const { tenantId, appId } = principal;
  const subscription = { ...request, id: randomUUID(), tenantId, appId, createdAt: now(), authorizedAt: now() };
  world.subscriptions.set(subscription.id, subscription);
  return ok(view(subscription), 201);
}

async function update(call: GraphCall): Promise<Reply> {
  const { simulation } = call;
  const { variants } = simulation;
  const subscription = subscriptionOf(call, 'Update');
  const { expiresAt, url } = parseChange(call.body, simulation.now(), variants);
  const changed = url !== undefined && url !== subscription.notificationUrl;
  if (changed || variants.revalidateAtRenewal) await validateEndpoint(simulation, url ?? subscription.notificationUrl);
  if (url !== undefined) subscription.notificationUrl = url;
  if (expiresAt !== undefined && !variants.patchIgnoresExpiry) subscription.expiresAt = expiresAt;
  reauthorize(call, subscription);
  return ok(view(subscription));
}

/** Both a renewal and a reauthorization give the subscription a new token (concepts/change-notifications-lifecycle-events.md). */
function reauthorize({ simulation }: GraphCall, subscription: Subscription): void {
  subscription.authorizedAt = simulation.now();
  delete subscription.noticedAt;
}

function view(subscription: Subscription): Record<string, unknown> {
  const { id, resource, changeType, notificationUrl, appId, clientState } = subscription;
  const { lifecycleNotificationUrl, notificationQueryOptions } = subscription;
  return {
    ...{ id, resource, changeType, applicationId: appId, creatorId: appId, clientState },
    ...{ notificationUrl, lifecycleNotificationUrl, notificationQueryOptions },
    expirationDateTime: new Date(subscription.expiresAt).toISOString(),
    latestSupportedTlsVersion: 'v1_2',
  };
}
