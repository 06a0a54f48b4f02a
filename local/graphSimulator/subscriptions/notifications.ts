import { randomUUID } from 'node:crypto';
import type { DeliveryItem } from '../delivery/options';
import { liveSubscriptions } from '../world/simulation';
import type { Job, Simulation, Subscription, Task } from '../world/simulation';

// concepts/change-notifications-delivery-webhooks.md: delayed notifications can still arrive for up to 4 hours.
const HELD_MS = 4 * 60 * 60 * 1000;

/** The URL of a job. Graph names its public host whatever host the caller uses (resources/printtask.md). */
export function jobUrl(printerId: string, jobId: string): string {
  return `https://graph.microsoft.com/v1.0/print/printers/${printerId}/jobs/${jobId}`;
}

/** Notifies the subscribers of a definition that a task was created (shape: Microsoft's universalprint-samples). */
export function notifyJobStarted(simulation: Simulation, task: Task): void {
  const { resourceForm, parentUrlInNotification } = simulation.variants;
  const resource = inForm(resourceForm, 'taskDefinitions', task.definitionId, 'tasks', task.id);
  for (const subscription of subscribersOf(simulation, 'jobStarted', task.tenantId, task.definitionId))
    sendOrHold(simulation, {
      ...idsOf(subscription),
      url: subscription.notificationUrl,
      printerId: task.printerId,
      jobId: task.jobId,
      taskId: task.id,
      body: {
        id: randomUUID(),
        ...frame(subscription),
        changeType: 'created',
        resource,
        resourceData: {
          '@odata.type': '#Microsoft.Graph.PrintTask',
          '@odata.id': resource,
          '@odata.etag': `W/"${randomUUID()}"`,
          id: task.id,
          ...(parentUrlInNotification ? { parentUrl: jobUrl(task.printerId, task.jobId) } : {}),
        },
      },
    });
}

/** Notifies the subscribers of a printer that a job can be fetched (shape: azure-docs event-grid/cloud-printing-events.md). */
export function notifyJobFetchable(simulation: Simulation, job: Job): void {
  const { resourceForm, jobFetchableType } = simulation.variants;
  const resource = inForm(resourceForm, 'printers', job.printerId, 'jobs', job.id);
  for (const subscription of subscribersOf(simulation, 'jobFetchable', job.tenantId, job.printerId)) {
    if (!filtersFetchable(subscription)) continue;
    sendOrHold(simulation, {
      ...idsOf(subscription),
      url: subscription.notificationUrl,
      printerId: job.printerId,
      jobId: job.id,
      body: {
        id: randomUUID(),
        ...frame(subscription),
        changeType: 'updated',
        resource,
        resourceData: { '@odata.type': jobFetchableType, '@odata.id': resource, id: job.id },
      },
    });
  }
}

/**
 * Sends a lifecycle event, which has no resource and no changeType (concepts/change-notifications-lifecycle-events.md).
 * Gives false when the subscription has no URL for it.
 */
export function notifyLifecycle(simulation: Simulation, subscription: Subscription, lifecycleEvent: string): boolean {
  const { lifecycleNotificationUrl: url } = subscription;
  if (url === undefined) return false;
  sendOrHold(simulation, { ...idsOf(subscription), url, body: { ...frame(subscription), lifecycleEvent } });
  return true;
}

/** Sends held notifications whose reason is over. One held for 4 hours, or whose subscription is gone, is lost. */
export function releaseHeld(simulation: Simulation): void {
  const { world, delivery } = simulation;
  if (world.held.length === 0) return;
  world.held = world.held.filter(({ item, since }) => {
    const late = simulation.now() - since >= HELD_MS || !world.subscriptions.has(item.subscriptionId);
    const fate = late ? 'lose' : fateOf(simulation, item);
    if (fate === 'send') delivery.enqueue(item);
    else if (fate === 'lose') delivery.lose(item);
    return fate === 'hold';
  });
}

function sendOrHold(simulation: Simulation, item: DeliveryItem): void {
  const { world, delivery } = simulation;
  const fate = fateOf(simulation, item);
  if (fate === 'send') delivery.enqueue(item);
  else if (fate === 'lose') delivery.lose(item);
  else world.held.push({ item, since: simulation.now() });
}

/** Whether an item can be sent now: by consent, outage and the token of its subscription. */
function fateOf(simulation: Simulation, item: DeliveryItem): 'send' | 'hold' | 'lose' {
  const { world, variants } = simulation;
  if (world.tenants.get(item.tenantId)?.consentRevoked === true) return 'lose';
  const { outage } = world;
  if (outage && outage.notifications !== 'normal') return outage.notifications === 'late' ? 'hold' : 'lose';
  const subscription = world.subscriptions.get(item.subscriptionId);
  const tokenMs = variants.subscriptionTokenMinutes * 60_000;
  // Lifecycle events are the exception: they say that the token has to be renewed.
  const isLifecycle = 'lifecycleEvent' in item.body;
  if (isLifecycle || !variants.holdWithoutToken || tokenMs === 0 || !subscription) return 'send';
  return simulation.now() >= subscription.authorizedAt + tokenMs ? 'hold' : 'send';
}

function subscribersOf(
  simulation: Simulation,
  kind: Subscription['kind'],
  tenantId: string,
  targetId: string,
): Subscription[] {
  return liveSubscriptions(simulation).filter(
    (one) => one.kind === kind && one.tenantId === tenantId && one.targetId === targetId,
  );
}

function inForm(
  form: Simulation['variants']['resourceForm'],
  ...[collection, id, child, childId]: [string, string, string, string]
): string {
  if (form === 'keyForm') return `print/${collection}('${id}')/${child}('${childId}')`;
  return `${form === 'leadingSlash' ? '/' : ''}print/${collection}/${id}/${child}/${childId}`;
}

function frame({ id, expiresAt, tenantId, clientState }: Subscription): Record<string, unknown> {
  return {
    subscriptionId: id,
    subscriptionExpirationDateTime: new Date(expiresAt).toISOString(),
    tenantId,
    ...(clientState === undefined ? {} : { clientState }),
  };
}

function idsOf({ id, tenantId, appId }: Subscription) {
  return { subscriptionId: id, tenantId, appId };
}

function filtersFetchable({ notificationQueryOptions }: Subscription): boolean {
  return /^\$filter\s*=\s*isFetchable\s+eq\s+true$/i.test(notificationQueryOptions?.trim() ?? '');
}
