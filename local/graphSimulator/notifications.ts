import { randomUUID } from 'node:crypto';
import { sendOrHold } from './sendOrHold';
import type { Simulation } from './simulation';
import { liveSubscriptions } from './subscriptionStore';
import type { Job, Subscription, Task } from './world';

const withForm = (
  form: Simulation['variants']['resourceForm'],
  segments: [string, string, string, string],
) => {
  const [collection, id, child, childId] = segments;
  if (form === 'keyForm') return `print/${collection}('${id}')/${child}('${childId}')`;
  return `${form === 'leadingSlash' ? '/' : ''}print/${collection}/${id}/${child}/${childId}`;
};

const frame = (subscription: Subscription) => ({
  subscriptionId: subscription.id,
  subscriptionExpirationDateTime: new Date(subscription.expiresAt).toISOString(),
  tenantId: subscription.tenantId,
  ...(subscription.clientState === undefined ? {} : { clientState: subscription.clientState }),
});

const parts = (subscription: Subscription) => ({
  subscriptionId: subscription.id,
  tenantId: subscription.tenantId,
  appId: subscription.appId,
});

/** The path of a job below the version, as in `parentUrl` and in JobFetchable notifications. */
export function jobPath(job: { printerId: string; id: string }): string {
  return `print/printers/${job.printerId}/jobs/${job.id}`;
}

/** Where a task's job lives; Graph names its public host whatever host the caller uses (resources/printtask.md). */
export function parentUrl(task: Task): string {
  return `https://graph.microsoft.com/v1.0/${jobPath({ printerId: task.printerId, id: task.jobId })}`;
}

/** Tells the subscribers of a definition that a task was created (shape: Microsoft's universalprint-samples). */
export function notifyJobStarted(simulation: Simulation, task: Task): void {
  const { variants } = simulation;
  const resource = withForm(variants.resourceForm, ['taskDefinitions', task.definitionId, 'tasks', task.id]);
  for (const subscription of liveSubscriptions(simulation)) {
    if (subscription.kind !== 'jobStarted' || subscription.tenantId !== task.tenantId) continue;
    if (subscription.targetId !== task.definitionId) continue;
    sendOrHold(simulation, {
      ...parts(subscription),
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
          ...(variants.parentUrlInNotification ? { parentUrl: parentUrl(task) } : {}),
        },
      },
    });
  }
}

/** Tells the subscribers of a printer that a job can be fetched (shape: azure-docs event-grid/cloud-printing-events.md). */
export function notifyJobFetchable(simulation: Simulation, job: Job): void {
  const { variants } = simulation;
  const resource = withForm(variants.resourceForm, ['printers', job.printerId, 'jobs', job.id]);
  for (const subscription of liveSubscriptions(simulation)) {
    if (subscription.kind !== 'jobFetchable' || subscription.tenantId !== job.tenantId) continue;
    if (subscription.targetId !== job.printerId || !filtersFetchable(subscription)) continue;
    sendOrHold(simulation, {
      ...parts(subscription),
      url: subscription.notificationUrl,
      printerId: job.printerId,
      jobId: job.id,
      body: {
        id: randomUUID(),
        ...frame(subscription),
        changeType: 'updated',
        resource,
        resourceData: { '@odata.type': variants.jobFetchableType, '@odata.id': resource, id: job.id },
      },
    });
  }
}

/** Sends a lifecycle item, which has no resource and no changeType (concepts/change-notifications-lifecycle-events.md). */
export function notifyLifecycle(
  simulation: Simulation,
  subscription: Subscription,
  lifecycleEvent: string,
): boolean {
  if (subscription.lifecycleNotificationUrl === undefined) return false;
  sendOrHold(simulation, {
    ...parts(subscription),
    url: subscription.lifecycleNotificationUrl,
    body: { ...frame(subscription), lifecycleEvent },
  });
  return true;
}

function filtersFetchable(subscription: Subscription): boolean {
  return /^\$filter\s*=\s*isFetchable\s+eq\s+true$/i.test(
    subscription.notificationQueryOptions?.trim() ?? '',
  );
}
