import { randomUUID } from 'node:crypto';
import type { DeliveryItem } from '../delivery/options';
import { liveSubscriptions } from '../world/simulation';
import type { Job, Printer, Simulation, Subscription, Task, World } from '../world/simulation';
import type { Variants } from '../world/variants';

// concepts/change-notifications-delivery-webhooks.md: delayed notifications can still arrive for up to 4 hours.
const LATEST_MS = 4 * 60 * 60 * 1000;
const FETCHABLE_FILTER = /^\s*\$filter\s*=\s*isFetchable\s+eq\s+true\s*$/i;

/** The URL of a job. Graph names its public host whatever host the caller uses (resources/printtask.md). */
export function jobUrl(
  { variants }: Pick<Simulation, 'variants'>,
  job: Pick<Job, 'id' | 'printerId' | 'parent'>,
): string {
  return `https://graph.microsoft.com/v1.0/${jobPath(variants, job, 'plain')}`;
}

const TYPES = { printers: 'printer', pullPrintPrinters: 'pullPrintPrinter', shares: 'printerShare' } as const;

function jobPath(
  { sharedJobNamedBy, castSegments }: Variants,
  { id, printerId, parent: given }: Pick<Job, 'id' | 'printerId' | 'parent'>,
  form: Variants['resourceForm'],
): string {
  const isNamedByPrinter = given.collection === 'shares' && sharedJobNamedBy === 'printer';
  const parent = isNamedByPrinter ? { collection: 'printers' as const, id: printerId } : given;
  const cast = castSegments ? `/microsoft.graph.${TYPES[parent.collection]}` : '';
  return `${inForm(form, `print/${parent.collection}/${parent.id}`)}${cast}${inForm(form, `/jobs/${id}`, false)}`;
}

/** Notifies the subscribers of a definition that a task was created (shape: Microsoft's universalprint-samples). */
export function notifyJobStarted(simulation: Simulation, task: Task): void {
  const { resourceForm, parentUrlInNotification } = simulation.variants;
  const { id: taskId, definitionId, tenantId, printerId, jobId, parentUrl } = task;
  const resource = inForm(resourceForm, `print/taskDefinitions/${definitionId}/tasks/${taskId}`);
  const resourceData = {
    '@odata.type': '#Microsoft.Graph.PrintTask',
    '@odata.id': resource,
    '@odata.etag': `W/"${randomUUID()}"`,
    id: taskId,
    ...(parentUrlInNotification ? { parentUrl } : {}),
  };
  for (const subscription of subscribersOf(simulation, 'jobStarted', tenantId, definitionId)) {
    const change = { id: randomUUID(), changeType: 'created', resource, resourceData };
    send(simulation, subscription, subscription.notificationUrl, change, { printerId, jobId, taskId });
  }
}

/** Notifies the subscribers of a printer that a job can be fetched (shape: azure-docs event-grid/cloud-printing-events.md). */
export function notifyJobFetchable(simulation: Simulation, job: Job): void {
  const { id: jobId, tenantId, printerId } = job;
  const { resourceForm, jobFetchableType } = simulation.variants;
  const resource = jobPath(simulation.variants, job, resourceForm);
  const resourceData = { '@odata.type': jobFetchableType, '@odata.id': resource, id: jobId };
  for (const subscription of subscribersOf(simulation, 'jobFetchable', tenantId, printerId)) {
    if (!FETCHABLE_FILTER.test(subscription.notificationQueryOptions ?? '')) continue;
    const change = { id: randomUUID(), changeType: 'updated', resource, resourceData };
    send(simulation, subscription, subscription.notificationUrl, change, { printerId, jobId });
  }
}

/**
 * Sends a lifecycle event, which has no resource and no changeType (concepts/change-notifications-lifecycle-events.md).
 * Gives false when the subscription has no URL for it.
 */
export function notifyLifecycle(simulation: Simulation, subscription: Subscription, lifecycleEvent: string): boolean {
  const { lifecycleNotificationUrl: url } = subscription;
  if (url !== null) send(simulation, subscription, url, { lifecycleEvent });
  return url !== null;
}

/** What a job that is printed now is notified about: its task where it gets one, else its document. */
export function notifiedAbout(simulation: Simulation, tenantId: string, { id, trigger }: Printer): Job['notifies'] {
  const hasSubscriber = (kind: Subscription['kind'], targetId = '') =>
    subscribersOf(simulation, kind, tenantId, targetId).length > 0;
  if (trigger && hasSubscriber('jobStarted', trigger.definitionId)) return 'jobStarted';
  return hasSubscriber('jobFetchable', id) ? 'jobFetchable' : 'none';
}

/** Sends the waiting notifications whose reason to wait is over. */
export function sendWaiting(simulation: Simulation): void {
  const { world } = simulation;
  if (world.waiting.length > 0) world.waiting = world.waiting.filter((one) => mustWait(simulation, one));
}

function send(
  simulation: Simulation,
  { id: subscriptionId, tenantId, appId, expiresAt, clientState }: Subscription,
  url: string,
  change: Record<string, unknown>,
  ids: Pick<DeliveryItem, 'printerId' | 'jobId' | 'taskId'> = {},
): void {
  const body = {
    subscriptionId,
    subscriptionExpirationDateTime: new Date(expiresAt).toISOString(),
    tenantId,
    ...(clientState === null ? {} : { clientState }),
    ...change,
  };
  const one = { item: { subscriptionId, tenantId, appId, url, ...ids, body }, since: simulation.now() };
  if (mustWait(simulation, one)) simulation.world.waiting.push(one);
}

/**
 * Sends or loses a notification, unless it must wait: by consent, outage and the token of its subscription. One that has
 * waited for 4 hours, or whose subscription is gone, is lost.
 */
function mustWait(simulation: Simulation, { item, since }: World['waiting'][number]): boolean {
  const { world, delivery, now } = simulation;
  const { outage } = world;
  const subscription = world.subscriptions.get(item.subscriptionId);
  const isLost =
    !subscription ||
    now() - since >= LATEST_MS ||
    world.tenants.get(item.tenantId)?.consentRevoked === true ||
    outage?.notifications === 'lost';
  if (isLost) delivery.lose(item);
  else if (outage?.notifications === 'late' || lacksToken(simulation, item, subscription)) return true;
  else delivery.enqueue(item);
  return false;
}

function lacksToken({ variants, now }: Simulation, { body }: DeliveryItem, { authorizedAt }: Subscription): boolean {
  const tokenMs = variants.subscriptionTokenMinutes * 60_000;
  // Lifecycle events are the exception: they say that the token has to be renewed.
  if ('lifecycleEvent' in body || !variants.holdWithoutToken || tokenMs === 0) return false;
  return now() >= authorizedAt + tokenMs;
}

function subscribersOf(simulation: Simulation, kind: Subscription['kind'], tenantId: string, targetId: string) {
  return liveSubscriptions(simulation).filter(
    (one) => one.kind === kind && one.tenantId === tenantId && one.targetId === targetId,
  );
}

function inForm(form: Variants['resourceForm'], path: string, isStart = true): string {
  if (form === 'keyForm') return path.replaceAll(/\/(\w+)\/([^/]+)/g, "/$1('$2')");
  return form === 'leadingSlash' && isStart ? `/${path}` : path;
}
