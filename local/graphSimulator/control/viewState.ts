import { isOpen, liveSubscriptions, type Job, type Simulation, type Tenant } from '../world/simulation';

/** Limits a list to one tenant. */
interface OfTenant {
  tenantId?: string | undefined;
}

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
      shares: [...tenant.shares.values()],
      pullPrintPrinters: [...tenant.pullPrintPrinters.values()].map(({ jobs: _jobs, ...printer }) => printer),
      definitions: [...tenant.definitions.values()].map(({ tasks: _tasks, ...definition }) => definition),
      jobs: jobsOf(tenant).map(viewJob),
    })),
    subscriptions: liveSubscriptions(simulation),
  };
}
export type SimulatorState = ReturnType<typeof viewState>;

/** The jobs that reads show now. */
export function listJobs(simulation: Simulation, { tenantId }: OfTenant) {
  const jobs = tenantsOf(simulation, tenantId).flatMap(jobsOf);
  return jobs.filter(({ visibleAt }) => visibleAt <= simulation.now()).map(viewJob);
}
export type ListedJob = ReturnType<typeof viewJob>;

/** The tasks without an end state. */
export function listOpenTasks(simulation: Simulation, { tenantId }: OfTenant) {
  const definitions = tenantsOf(simulation, tenantId).flatMap((tenant) => [...tenant.definitions.values()]);
  const tasks = definitions.flatMap((definition) => [...definition.tasks.values()]).filter(isOpen);
  return tasks.map((task) => ({ ...task, taskId: task.id, ageMinutes: (simulation.now() - task.createdAt) / 60_000 }));
}
export type OpenTask = ReturnType<typeof listOpenTasks>[number];

/** How many calls of Graph the report holds, by method and route. */
export function countCalls({ calls }: Simulation, { tenantId }: OfTenant): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const call of calls.list()) {
    if (call.target !== 'graph' || (tenantId !== undefined && call.tenantId !== tenantId)) continue;
    const kind = `${call.method} ${call.route}`;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

function tenantsOf({ world }: Simulation, tenantId?: string): Tenant[] {
  return [...world.tenants.values()].filter(({ id }) => tenantId === undefined || id === tenantId);
}

function jobsOf({ printers, pullPrintPrinters }: Tenant): Job[] {
  return [...printers.values(), ...pullPrintPrinters.values()].flatMap(({ jobs }) => [...jobs.values()]);
}

/** A job with its tasks. */
export function viewJob(job: Job) {
  return { ...job, jobId: job.id };
}
