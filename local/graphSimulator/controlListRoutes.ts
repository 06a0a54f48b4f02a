import type { ControlRoute } from './controlCall';
import { viewJobState, viewSubscription } from './controlState';
import type { ListedJob, OpenTask } from './controlTypes';
import type { Simulation } from './simulation';
import { liveSubscriptions } from './subscriptionStore';
import { isOpen } from './world';

/** What a long test counts and compares, without fetching everything. `tenantId` narrows each list. */
export const controlListRoutes: readonly ControlRoute[] = [
  {
    method: 'GET',
    path: '/openTasks',
    handle: ({ simulation, query }) => {
      const olderThanMinutes = Number(query.get('olderThanMinutes') ?? 0);
      const value = openTasks(simulation, query.get('tenantId')).filter(
        ({ ageMinutes }) => ageMinutes >= olderThanMinutes,
      );
      return { status: 200, body: { value } };
    },
  },
  {
    method: 'GET',
    path: '/jobs',
    handle: ({ simulation, query }) => {
      const createdSince = Number(query.get('createdSince') ?? 0);
      const value = listedJobs(simulation, query.get('tenantId')).filter(
        ({ createdAt }) => createdAt >= createdSince,
      );
      return { status: 200, body: { value } };
    },
  },
  {
    method: 'GET',
    path: '/subscriptions',
    handle: ({ simulation, query }) => {
      const tenantId = query.get('tenantId')?.toLowerCase();
      const value = liveSubscriptions(simulation)
        .filter((subscription) => tenantId === undefined || subscription.tenantId === tenantId)
        .map(viewSubscription);
      return { status: 200, body: { value } };
    },
  },
  {
    method: 'GET',
    path: '/counts',
    handle: ({ simulation, calls }) => {
      const tenants = [...simulation.world.tenants.values()];
      const { subscriptions, downloads, deviceCodes, held } = simulation.world;
      const jobs = sum(
        tenants.flatMap(({ printers }) => [...printers.values()].map(({ jobs }) => jobs.size)),
      );
      const tasks = sum(
        tenants.flatMap(({ definitions }) => [...definitions.values()].map(({ tasks }) => tasks.size)),
      );
      const body = {
        jobs,
        tasks,
        subscriptions: subscriptions.size,
        downloads: downloads.size,
        deviceCodes: deviceCodes.size,
        held: held.length,
        calls: calls.list().length,
        deliveries: simulation.delivery.attempts().length,
      };
      return { status: 200, body };
    },
  },
];

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

function openTasks(simulation: Simulation, tenantId: string | null): OpenTask[] {
  const now = simulation.now();
  return tenantsOf(simulation, tenantId).flatMap(({ definitions }) =>
    [...definitions.values()].flatMap(({ tasks }) =>
      [...tasks.values()].filter(isOpen).map((task) => ({
        tenantId: task.tenantId,
        definitionId: task.definitionId,
        taskId: task.id,
        printerId: task.printerId,
        jobId: task.jobId,
        state: task.state,
        createdAt: task.createdAt,
        ageMinutes: (now - task.createdAt) / 60_000,
      })),
    ),
  );
}

function listedJobs(simulation: Simulation, tenantId: string | null): ListedJob[] {
  const now = simulation.now();
  return tenantsOf(simulation, tenantId).flatMap((tenant) =>
    [...tenant.printers.values()].flatMap(({ jobs }) =>
      [...jobs.values()]
        .filter(({ visibleAt }) => visibleAt <= now)
        .map((job) => ({ tenantId: tenant.id, ...viewJobState(job) })),
    ),
  );
}

function tenantsOf(simulation: Simulation, tenantId: string | null) {
  const tenants = [...simulation.world.tenants.values()];
  return tenantId === null ? tenants : tenants.filter(({ id }) => id === tenantId.toLowerCase());
}
