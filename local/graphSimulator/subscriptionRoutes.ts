import { randomUUID } from 'node:crypto';
import { fail, type RoutedCall } from './graphCall';
import { checkUrl, parseExpiry, parseSubscriptionRequest, type SubscriptionRequest } from './subscriptionRequest';
import { pageOfList } from './pageOfList';
import { access, missingRole } from './permissions';
import { optionalString, requireRecord } from './readFields';
import type { Reply } from './reply';
import type { Route } from './routes';
import { ownSubscriptions } from './subscriptionStore';
import type { Subscription } from './world';

/** Asks a notification URL; gives the reason of the failure or undefined. */
type ValidateUrl = (url: string) => Promise<string | undefined>;

const patchable = new Set(['expirationDateTime', 'notificationUrl']);

function view(call: RoutedCall, subscription: Subscription): Record<string, unknown> {
  return {
    id: subscription.id,
    resource: subscription.resource,
    applicationId: subscription.appId,
    changeType: subscription.changeType,
    clientState: subscription.clientState ?? null,
    notificationUrl: subscription.notificationUrl,
    lifecycleNotificationUrl: subscription.lifecycleNotificationUrl ?? null,
    notificationQueryOptions: subscription.notificationQueryOptions ?? null,
    expirationDateTime: new Date(subscription.expiresAt).toISOString(),
    creatorId: call.principal.appId,
    includeResourceData: null,
    latestSupportedTlsVersion: subscription.latestSupportedTlsVersion,
    encryptionCertificate: null,
    encryptionCertificateId: null,
    notificationUrlAppId: null,
  };
}

function unknownTarget(call: RoutedCall, request: SubscriptionRequest): Reply | undefined {
  const tenant = call.simulation.world.tenants.get(call.principal.tenantId);
  const known =
    request.kind === 'jobFetchable'
      ? tenant?.printers.has(request.targetId)
      : tenant?.definitions.get(request.targetId)?.appId === call.principal.appId;
  if (known === true) return undefined;
  const status = call.simulation.variants.subscribeUnknownResource;
  return fail(
    call,
    status,
    'ExtensionError',
    `Operation: Create; Exception: the resource '${request.resource}' was not found.`,
  );
}

/** The permission table is the same on every page of subscriptions: by resource, and never delegated for print. */
function refuseCaller(
  call: RoutedCall,
  operation: 'Create' | 'Get' | 'Update' | 'Delete' | 'Reauthorize',
  kind: Subscription['kind'],
): Reply | undefined {
  const { principal } = call;
  const refuse = (why: string) =>
    fail(call, 403, 'ExtensionError', `Operation: ${operation}; Exception: ${why}.`);
  if (principal.kind === 'user') return refuse('delegated access is not supported');
  const missing = missingRole(kind === 'jobStarted' ? access.definitions : access.printer, principal.roles);
  return missing === undefined ? undefined : refuse(`missing permission ${missing}`);
}

function withSubscription(
  operation: 'Get' | 'Update' | 'Delete' | 'Reauthorize',
  answer: (subscription: Subscription, call: RoutedCall) => Reply | Promise<Reply>,
): Route['handle'] {
  return (call) => {
    const id = call.params['subscriptionId'];
    const found = ownSubscriptions(call.simulation, call.principal).find(
      (subscription) => subscription.id === id,
    );
    if (!found) return fail(call, 404, 'ResourceNotFound', 'The object was not found.');
    return refuseCaller(call, operation, found.kind) ?? answer(found, call);
  };
}

async function create(call: RoutedCall, validate: ValidateUrl): Promise<Reply> {
  const { simulation, principal } = call;
  const request = parseSubscriptionRequest(requireRecord(call.body), simulation.now(), simulation.variants);
  const refused = refuseCaller(call, 'Create', request.kind);
  if (refused) return refused;
  const unknown = unknownTarget(call, request);
  if (unknown) return unknown;
  const taken = () =>
    simulation.variants.enforce409 &&
    ownSubscriptions(simulation, principal).some(
      (other) =>
        other.kind === request.kind &&
        other.targetId === request.targetId &&
        other.changeType === request.changeType,
    );
  const conflict = () =>
    fail(call, 409, 'Conflict', 'A subscription for this resource and changeType exists already.');
  if (taken()) return conflict();
  // Both URLs are asked, also when they are the same (concepts/change-notifications-lifecycle-events.md).
  const urls = [request.notificationUrl, request.lifecycleNotificationUrl].filter((url) => url !== undefined);
  const reason = (await Promise.all(urls.map(validate))).find((failure) => failure !== undefined);
  if (reason !== undefined) return fail(call, 400, 'ValidationError', reason);
  // Another create may have won while the URLs were being asked.
  if (taken()) return conflict();
  const subscription: Subscription = {
    ...request,
    id: randomUUID(),
    tenantId: principal.tenantId,
    appId: principal.appId,
    createdAt: simulation.now(),
    authorizedAt: simulation.now(),
  };
  simulation.world.subscriptions.set(subscription.id, subscription);
  return { status: 201, body: view(call, subscription) };
}

async function update(subscription: Subscription, call: RoutedCall, validate: ValidateUrl): Promise<Reply> {
  const { simulation } = call;
  const body = requireRecord(call.body);
  const names = Object.keys(body).filter((name) => !name.startsWith('@odata.'));
  const refused = names.find((name) => !patchable.has(name));
  if (refused !== undefined) return fail(call, 400, 'InvalidRequest', `${refused} cannot be changed.`);
  if (names.length === 0)
    return fail(call, 400, 'InvalidRequest', 'expirationDateTime or notificationUrl is required.');
  const expiry = optionalString(body, 'expirationDateTime');
  const url = optionalString(body, 'notificationUrl');
  const expiresAt =
    expiry === undefined ? undefined : parseExpiry(expiry, simulation.now(), simulation.variants);
  if (url !== undefined) checkUrl(url, 'notificationUrl');
  const changed = url !== undefined && url !== subscription.notificationUrl;
  if (changed || simulation.variants.revalidateAtRenewal) {
    const reason = await validate(url ?? subscription.notificationUrl);
    if (reason !== undefined) return fail(call, 400, 'ValidationError', reason);
  }
  if (url !== undefined) subscription.notificationUrl = url;
  if (expiresAt !== undefined && !simulation.variants.patchIgnoresExpiry) subscription.expiresAt = expiresAt;
  reauthorize(call, subscription);
  return { status: 200, body: view(call, subscription) };
}

/** Both a renewal and a reauthorization give the subscription a new token (concepts/change-notifications-lifecycle-events.md). */
function reauthorize(call: RoutedCall, subscription: Subscription): void {
  subscription.authorizedAt = call.simulation.now();
  delete subscription.noticedAt;
}

/** Subscriptions of the calling app in the tenant of its token. */
export function createSubscriptionRoutes(validate: ValidateUrl): readonly Route[] {
  return [
    {
      method: 'POST',
      template: '/subscriptions',
      access: 'signedIn',
      page: 'subscription-post-subscriptions.md',
      handle: (call) => create(call, validate),
    },
    {
      method: 'GET',
      template: '/subscriptions',
      access: 'signedIn',
      page: 'subscription-list.md',
      handle: (call) =>
        pageOfList(call, ownSubscriptions(call.simulation, call.principal), (subscription) => ({
          ...view(call, subscription),
          clientState: null,
        })),
    },
    {
      method: 'GET',
      template: '/subscriptions/{subscriptionId}',
      access: 'signedIn',
      page: 'subscription-get.md',
      handle: withSubscription('Get', (subscription, call) => ({
        status: 200,
        body: view(call, subscription),
      })),
    },
    {
      method: 'PATCH',
      template: '/subscriptions/{subscriptionId}',
      access: 'signedIn',
      page: 'subscription-update.md',
      handle: withSubscription('Update', (subscription, call) => update(subscription, call, validate)),
    },
    {
      method: 'DELETE',
      template: '/subscriptions/{subscriptionId}',
      access: 'signedIn',
      page: 'subscription-delete.md',
      handle: withSubscription('Delete', (subscription, call) => {
        call.simulation.world.subscriptions.delete(subscription.id);
        return { status: 204 };
      }),
    },
    {
      method: 'POST',
      template: '/subscriptions/{subscriptionId}/reauthorize',
      access: 'signedIn',
      page: 'subscription-reauthorize.md',
      handle: withSubscription('Reauthorize', (subscription, call) => {
        reauthorize(call, subscription);
        return { status: 204 };
      }),
    },
  ];
}
