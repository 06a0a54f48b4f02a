import { isOpen, liveSubscriptions } from '../world/simulation';
import type { Job, Simulation, Tenant } from '../world/simulation';

/** Everything the simulator holds, with the clientState of subscriptions. */
export function viewState(simulation: Simulation) {
  return {
    appId: simulation.appId,
    tenants: [...simulation.world.tenants.values()].map((tenant) => ({
      tenantId: tenant.id,
      name: tenant.name,
      roles: [...tenant.roles],
      consentRevoked: tenant.consentRevoked,
      printers: [...tenant.printers.values()].map(({ jobs: _jobs, ...printer }) => printer),
      definitions: [...tenant.definitions.values()].map(({ tasks: _tasks, ...definition }) => definition),
      jobs: jobsOf(tenant).map(viewJob),
    })),
    subscriptions: liveSubscriptions(simulation),
  };
}
export type SimulatorState = ReturnType<typeof viewState>;

/** The jobs that reads show now, created at or after `createdSince`. */
export function listJobs(simulation: Simulation, order: { tenantId?: string | undefined; createdSince: number }) {
  const now = simulation.now();
  return tenantsOf(simulation, order.tenantId)
    .flatMap(jobsOf)
    .filter(({ visibleAt, createdAt }) => visibleAt <= now && createdAt >= order.createdSince)
    .map(viewJob);
}
export type ListedJob = ReturnType<typeof viewJob>;

/** The tasks without an end state that are at least so old. */
export function listOpenTasks(
  simulation: Simulation,
  order: { tenantId?: string | undefined; olderThanMinutes: number },
) {
  const now = simulation.now();
  return tenantsOf(simulation, order.tenantId)
    .flatMap(({ definitions }) => [...definitions.values()].flatMap(({ tasks }) => [...tasks.values()]))
    .filter(isOpen)
    .map((task) => ({ ...task, taskId: task.id, ageMinutes: (now - task.createdAt) / 60_000 }))
    .filter(({ ageMinutes }) => ageMinutes >= order.olderThanMinutes);
}
export type OpenTask = ReturnType<typeof listOpenTasks>[number];

function tenantsOf({ world }: Simulation, tenantId?: string): Tenant[] {
  return [...world.tenants.values()].filter(({ id }) => tenantId === undefined || id === tenantId);
}

function jobsOf({ printers }: Tenant): Job[] {
  return [...printers.values()].flatMap(({ jobs }) => [...jobs.values()]);
}

function viewJob(job: Job) {
  return { ...job, jobId: job.id };
}
