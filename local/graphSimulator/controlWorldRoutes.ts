import { randomUUID } from 'node:crypto';
import { controlNotFound, type ControlCall, type ControlRoute } from './controlCall';
import { isEnded, type Job, type Tenant } from './world';
import { viewState } from './controlState';
import type { PrintedJob } from './controlTypes';
import { acquireJob, endJob, printJob, proceed } from './jobLifecycle';
import { parsePrintOrder } from './printOrder';
import { noticePermissionChange } from './lifecycleNotices';
import { allRoles } from './permissions';
import { optionalString, optionalStrings, requireRecord, requireString } from './readFields';
import type { Reply } from './reply';

// The example id of resources/printjob.md; every printer counts from here, so that two printers hold the same ids.
const FIRST_JOB_NUMBER = 5182;

function withTenant(
  answer: (tenant: Tenant, call: ControlCall) => Reply | Promise<Reply>,
): ControlRoute['handle'] {
  return (call) => {
    const tenant = call.simulation.world.tenants.get(call.params['tenant'] ?? '');
    return tenant ? answer(tenant, call) : controlNotFound('The tenant');
  };
}

function createTenant(call: ControlCall): Reply {
  const body = requireRecord(call.body);
  const id = requireString(body, 'tenantId').toLowerCase();
  const known = call.simulation.world.tenants.get(id);
  const roles = new Set(optionalStrings(body, 'roles') ?? known?.roles ?? allRoles);
  const name = optionalString(body, 'name') ?? known?.name ?? id;
  const tenant: Tenant = known ?? {
    id,
    name,
    roles,
    consentRevoked: false,
    printers: new Map(),
    definitions: new Map(),
  };
  call.simulation.world.tenants.set(id, Object.assign(tenant, { name, roles }));
  return { status: 201, body: { tenantId: id } };
}

function createPrinter(tenant: Tenant, call: ControlCall): Reply {
  const body = requireRecord(call.body ?? {});
  const id = (optionalString(body, 'id') ?? randomUUID()).toLowerCase();
  const displayName = optionalString(body, 'displayName') ?? `Printer ${String(tenant.printers.size + 1)}`;
  const known = tenant.printers.get(id);
  if (known) known.displayName = displayName;
  else tenant.printers.set(id, { id, displayName, jobs: new Map(), nextJobNumber: FIRST_JOB_NUMBER });
  return { status: 201, body: { id } };
}

function createDefinition(tenant: Tenant, call: ControlCall): Reply {
  const body = requireRecord(call.body ?? {});
  const id = (optionalString(body, 'id') ?? randomUUID()).toLowerCase();
  tenant.definitions.set(id, {
    id,
    displayName: optionalString(body, 'displayName') ?? 'Task definition',
    appId: optionalString(body, 'appId') ?? call.simulation.appId,
    createdByDisplayName: '',
    tasks: new Map(),
  });
  return { status: 201, body: { id } };
}

function createTrigger(tenant: Tenant, call: ControlCall): Reply {
  const body = requireRecord(call.body);
  const printer = tenant.printers.get(requireString(body, 'printerId').toLowerCase());
  const definitionId = requireString(body, 'definitionId').toLowerCase();
  if (!printer) return controlNotFound('The printer');
  if (!tenant.definitions.has(definitionId)) return controlNotFound('The definition');
  // api/printer-post-tasktriggers.md: a printer takes one trigger today.
  if (printer.trigger)
    return {
      status: 409,
      body: { error: { code: 'conflict', message: 'The printer has a trigger already.' } },
    };
  printer.trigger = { id: randomUUID(), definitionId };
  return { status: 201, body: { id: printer.trigger.id } };
}

function deleteTrigger(tenant: Tenant, call: ControlCall): Reply {
  const printer = [...tenant.printers.values()].find(({ trigger }) => trigger?.id === call.params['trigger']);
  if (!printer) return controlNotFound('The trigger');
  delete printer.trigger;
  return { status: 204 };
}

function printJobs(tenant: Tenant, call: ControlCall): Reply {
  const order = parsePrintOrder(call.body);
  const printer = tenant.printers.get(order.printerId);
  if (!printer) return controlNotFound('The printer');
  const jobs: PrintedJob[] = [];
  for (let printed = 0; printed < order.count; printed += 1) {
    const job = printJob(call.simulation, tenant, printer, order.request);
    const task = job.tasks[0];
    jobs.push({
      jobId: job.id,
      printerId: printer.id,
      ...(task ? { taskId: task.id, definitionId: task.definitionId } : {}),
    });
  }
  return { status: 201, body: { jobs } };
}

const actions: Record<string, (call: ControlCall, job: Job) => void> = {
  acquire: ({ simulation }, job) => {
    acquireJob(simulation, job);
  },
  complete: ({ simulation }, job) => {
    endJob(simulation, job, 'completed');
  },
  cancel: ({ simulation }, job) => {
    endJob(simulation, job, 'canceled');
  },
  abort: ({ simulation }, job) => {
    endJob(simulation, job, 'aborted');
  },
  release: ({ simulation }, job) => {
    job.held = false;
    proceed(simulation, job);
  },
};

function actOnJob(tenant: Tenant, call: ControlCall): Reply {
  const job = tenant.printers.get(call.params['printer'] ?? '')?.jobs.get(call.params['job'] ?? '');
  const act = actions[call.params['action'] ?? ''];
  if (!job) return controlNotFound('The job');
  if (!act) return controlNotFound('The action');
  if (isEnded(job))
    return {
      status: 409,
      body: { error: { code: 'conflict', message: `The job is ${job.state} already.` } },
    };
  act(call, job);
  return { status: 200, body: { jobId: job.id, state: job.state } };
}

/** Sets the scene: tenants, printers, definitions, triggers, and what users and printers do. */
export const controlWorldRoutes: readonly ControlRoute[] = [
  { method: 'POST', path: '/tenants', handle: createTenant },
  {
    method: 'PATCH',
    path: '/tenants/:tenant',
    handle: withTenant((tenant, call) => {
      const body = requireRecord(call.body);
      const roles = optionalStrings(body, 'roles');
      tenant.roles = new Set(roles ?? tenant.roles);
      if (roles) noticePermissionChange(call.simulation, tenant.id);
      tenant.name = optionalString(body, 'name') ?? tenant.name;
      return { status: 200, body: { tenantId: tenant.id, roles: [...tenant.roles] } };
    }),
  },
  { method: 'POST', path: '/tenants/:tenant/printers', handle: withTenant(createPrinter) },
  { method: 'POST', path: '/tenants/:tenant/definitions', handle: withTenant(createDefinition) },
  { method: 'POST', path: '/tenants/:tenant/triggers', handle: withTenant(createTrigger) },
  { method: 'DELETE', path: '/tenants/:tenant/triggers/:trigger', handle: withTenant(deleteTrigger) },
  { method: 'POST', path: '/tenants/:tenant/jobs', handle: withTenant(printJobs) },
  {
    method: 'POST',
    path: '/tenants/:tenant/printers/:printer/jobs/:job/:action',
    handle: withTenant(actOnJob),
  },
  {
    method: 'GET',
    path: '/state',
    handle: ({ simulation }) => ({ status: 200, body: viewState(simulation) }),
  },
];
