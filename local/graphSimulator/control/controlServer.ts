import { randomUUID } from 'node:crypto';
import { deliveryOptionsSchema, type DeliveryItem } from '../delivery/options';
import { createRouter, notFound, parseJson, Refusal, refusalOf, requireFound } from '../http/readRequest';
import { refuseCall } from '../http/admission';
import type { HttpCall, Reply } from '../http/server';
import { allRoles } from '../signIn/permissions';
import { answerDeviceCode, userClaims } from '../signIn/userSignIn';
import { loseSubscriptions } from '../subscriptions/lifecycle';
import { notifyLifecycle } from '../subscriptions/notifications';
import { addFleet } from '../world/fleet';
import { exceedsJobLimits } from '../world/jobLimits';
import { acquireJob, deleteJob, endJob, endJobByPerson, endTask, printJob } from '../world/jobs';
import { deletePrinter, firstJobNumberOf, newPrinter } from '../world/printers';
import { findPrinter, isEnded, isOpen, liveSubscriptions } from '../world/simulation';
import type { Job, JobParent, JobUser, Printer, Share, Simulation, Tenant } from '../world/simulation';
import { variantsSchema } from '../world/variants';
import { controlApi, redeliveryIds, type AnswerOf, type ControlName, type RequestOf } from './controlApi';
import { waitForActivity } from './waitForActivity';
import { countCalls, listJobs, listOpenTasks, viewJob, viewState } from './viewState';

/** The lower-cased ids of the path. */
type Params = Record<string, string>;

type Handlers = {
  [Name in ControlName]: (
    simulation: Simulation,
    request: RequestOf<Name>,
    params: Params,
  ) => AnswerOf<Name> | Promise<AnswerOf<Name>>;
};

// Longer than any wait of a test, shorter than the time-out of a plain fetch.
const IDLE_LIMIT_MS = 30_000;

const handlers: Handlers = {
  createTenant: ({ world }, { tenantId: id, name, roles }) => {
    const known = world.tenants.get(id);
    world.tenants.set(id, {
      ...(known ?? newTenant(id, world.tenants.size)),
      name: name ?? known?.name ?? id,
      roles: new Set(roles ?? known?.roles ?? allRoles),
    });
    return { tenantId: id };
  },
  changeTenant: (simulation, { name, roles }, params) => {
    const tenant = tenantOf(simulation, params);
    tenant.name = name ?? tenant.name;
    tenant.roles = new Set(roles ?? tenant.roles);
    return { tenantId: tenant.id, roles: [...tenant.roles] };
  },
  setConsent: (simulation, { granted }, params) => {
    tenantOf(simulation, params).consentRevoked = !granted;
  },
  createPrinter: (simulation, { id = randomUUID(), displayName, location }, params) => {
    const tenant = tenantOf(simulation, params);
    const { printers } = tenant;
    const known = printers.get(id) ?? newPrinter(simulation, tenant, id, `Printer ${printers.size + 1}`);
    printers.set(id, {
      ...known,
      displayName: displayName ?? known.displayName,
      location: location ?? known.location,
    });
    return { id };
  },
  createFleet: (simulation, { count }, params) => addFleet(simulation, tenantOf(simulation, params), count),
  createShare: (simulation, { id = randomUUID(), displayName = 'Share', printerId }, params) => {
    const tenant = tenantOf(simulation, params);
    printerOf(tenant, printerId).isShared = true;
    tenant.shares.set(id, { id, displayName, printerId });
    return { id };
  },
  createPullPrintPrinter: (simulation, { id = randomUUID(), displayName = 'Pull print' }, params) => {
    const tenant = tenantOf(simulation, params);
    tenant.pullPrintPrinters.set(id, newPrinter(simulation, tenant, id, displayName));
    return { id };
  },
  createDefinition: (simulation, request, params) => {
    const { id = randomUUID(), displayName = 'Task definition', appId = simulation.appId } = request;
    const definition = { id, displayName, appId, createdByDisplayName: '', tasks: new Map() };
    tenantOf(simulation, params).definitions.set(id, definition);
    return { id };
  },
  createTrigger: (simulation, { printerId, definitionId }, params) => {
    const tenant = tenantOf(simulation, params);
    const printer = printerOf(tenant, printerId);
    requireFound(tenant.definitions.get(definitionId), 'The definition');
    // api/printer-post-tasktriggers.md: a printer takes one trigger today.
    if (printer.trigger) throw new Refusal(409, 'conflict', 'The printer has a trigger already.');
    printer.trigger = { id: randomUUID(), definitionId };
    return { id: printer.trigger.id };
  },
  print: (simulation, { printerId: named, shareId, count, user, ...request }, params) => {
    const tenant = tenantOf(simulation, params);
    const share = shareId === undefined ? undefined : requireFound(tenant.shares.get(shareId), 'The share');
    const printer = printerOf(tenant, share?.printerId ?? named);
    const printerId = printer.id;
    const parent = parentOf(tenant, printer, share);
    const createdBy = user ?? defaultUser(tenant);
    return Array.from({ length: count }).flatMap(() => {
      if (exceedsJobLimits(simulation, tenant, printer, createdBy)) return [];
      const { id: jobId, tasks } = printJob(simulation, tenant, printer, { ...request, parent, createdBy });
      const [task] = tasks;
      return [{ jobId, printerId, ...(task && { taskId: task.id, definitionId: task.definitionId }) }];
    });
  },
  actOnJob: (simulation, _request, params) => {
    const { job } = jobOf(simulation, params);
    const act = requireFound(jobActions.get(params['action'] ?? ''), 'The action');
    if (isEnded(job)) throw new Refusal(409, 'conflict', `The job is ${job.state} already.`);
    act(simulation, job);
  },
  deleteJob: (simulation, _request, params) => {
    const { printer, job } = jobOf(simulation, params);
    deleteJob(simulation, printer, job);
  },
  deletePrinter: (simulation, _request, params) => {
    const tenant = tenantOf(simulation, params);
    deletePrinter(simulation, tenant, printerOf(tenant, params['printer']));
  },
  abortTask: (simulation, _request, params) => {
    const definitions = [...tenantOf(simulation, params).definitions.values()];
    const found = definitions.map(({ tasks }) => tasks.get(params['task'] ?? '')).find((task) => task !== undefined);
    const task = requireFound(found, 'The task');
    if (!isOpen(task)) throw new Refusal(409, 'conflict', `The task is ${task.state} already.`);
    endTask(simulation, task, 'aborted');
  },

  state: viewState,
  subscriptions: (simulation, { tenantId }) =>
    liveSubscriptions(simulation).filter((one) => tenantId === undefined || one.tenantId === tenantId),
  listedJobs: listJobs,
  job: (simulation, _request, params) => viewJob(jobOf(simulation, params).job),
  openTasks: listOpenTasks,

  setDelivery: ({ delivery }, change) => {
    Object.assign(delivery.options, deliveryOptionsSchema.parse({ ...delivery.options, ...change }));
  },
  delivery: ({ delivery }) => delivery.options,
  deliveries: ({ delivery }) => delivery.attempts(),
  redeliver: ({ delivery }, { match, times }) => {
    const isWanted = (item: DeliveryItem) =>
      redeliveryIds.every((name) => match[name] === undefined || match[name] === item[name]);
    return { items: delivery.redeliver(isWanted, times) };
  },
  idle: ({ delivery }, { timeoutMs }) => delivery.whenIdle(Math.min(timeoutMs, IDLE_LIMIT_MS)),
  sendLifecycle: (simulation, { subscriptionId, lifecycleEvent }) => {
    const found = liveSubscriptions(simulation).find(({ id }) => id === subscriptionId);
    if (!notifyLifecycle(simulation, requireFound(found, 'The subscription'), lifecycleEvent))
      throw notFound('The lifecycleNotificationUrl of the subscription');
  },

  dropSubscription: ({ world }, _request, { subscription = '' }) => {
    if (!world.subscriptions.delete(subscription)) throw notFound('The subscription');
  },
  loseSubscriptions,
  startOutage: ({ world }, outage) => {
    world.outage = outage;
    const { lastsMs } = outage;
    if (lastsMs === undefined) return;
    const end = () => {
      if (world.outage === outage) world.outage = undefined;
    };
    setTimeout(end, lastsMs).unref();
  },
  outage: ({ world }) => world.outage,
  endOutage: ({ world }) => {
    world.outage = undefined;
  },
  addFault: ({ faults }, rule) => faults.add(rule),
  faults: ({ faults }) => faults.list(),
  clearFaults: ({ faults }) => void faults.clear(),

  calls: ({ calls }, { target, after }) =>
    calls.list().filter((call) => call.n > after && (target === 'all' || call.target === target)),
  activity: waitForActivity,
  callCounts: countCalls,
  clearCalls: ({ calls }) => void calls.clear(),
  violations: ({ calls }) => calls.violations(),
  looks: ({ calls }) => calls.looks(),
  setVariants: ({ variants }, change) => {
    Object.assign(variants, variantsSchema.parse({ ...variants, ...change }));
  },
  mintUserToken: (simulation, { appId = simulation.appId, printerAdministrator: isPrinterAdministrator, ...user }) =>
    simulation.keys.sign(userClaims(simulation, { ...user, appId, isPrinterAdministrator })),
  deviceCodes: ({ world }) => [...world.deviceCodes.values()].map(({ deviceCode: _secret, ...shown }) => shown),
  answerDeviceCode: (simulation, { as }, { code = '' }) => {
    if (!answerDeviceCode(simulation, code, as)) throw notFound('A sign-in that waits for this code');
  },
  reset: ({ reset }) => void reset(),
};

const jobActions = new Map<string, (simulation: Simulation, job: Job) => void>([
  ['acquire', acquireJob],
  ['complete', (simulation, job) => endJob(simulation, job, 'completed')],
  ['cancel', (simulation, job) => endJobByPerson(simulation, job, 'canceled')],
  ['abort', (simulation, job) => endJobByPerson(simulation, job, 'aborted')],
]);

const names = Object.keys(controlApi) as ControlName[];
const findRow = createRouter(names.map((name) => ({ ...controlApi[name], name })));

/**
 * Answers a call of the control API: 404 for what does not exist, 400 for a bad request, else 200 or 204. Refuses a call
 * without the token with 401, and one from a page of another site with 403.
 */
export async function answerControl(simulation: Simulation, call: HttpCall): Promise<Reply> {
  const { method, url, text } = call;
  const { controlToken: token, graphUrl } = simulation;
  const refused = refuseCall(call.headers, { token, port: Number(new URL(graphUrl).port) });
  if (refused) return { status: refused.status, body: { error: { code: refused.code, message: refused.message } } };
  const path = url.pathname.slice('/control'.length);
  try {
    const { route, params } = requireFound(findRow(method, path), `${method} ${path}`);
    const { answer: shape, request: check } = route;
    const given = method === 'GET' ? Object.fromEntries(url.searchParams) : parseJson(text);
    const request = check?.parse(given ?? {});
    // The row's schema has just checked the request; the compiler cannot relate the two through the name.
    const handle = handlers[route.name] as (simulation: Simulation, request: unknown, params: Params) => unknown;
    const answer = await handle(simulation, request, params);
    if (answer === undefined) return { status: 204 };
    return { status: 200, body: shape.member === undefined ? answer : { [shape.member]: answer } };
  } catch (error) {
    const { status, code, message } = refusalOf(error);
    return { status, body: { error: { code, message } } };
  }
}

function tenantOf({ world }: Simulation, { tenant = '' }: Params): Tenant {
  return requireFound(world.tenants.get(tenant), 'The tenant');
}

function printerOf(tenant: Tenant, printerId = ''): Printer {
  return requireFound(findPrinter(tenant, printerId), 'The printer');
}

function jobOf(simulation: Simulation, params: Params): { printer: Printer; job: Job } {
  const printer = printerOf(tenantOf(simulation, params), params['printer']);
  return { printer, job: requireFound(printer.jobs.get(params['job'] ?? ''), 'The job') };
}

/** The user of a job that names none. The principal name is that of the sign-in by device code. */
function defaultUser({ id }: Tenant): JobUser {
  return { id, displayName: 'User of the tenant', userPrincipalName: `user@${id}.example` };
}

function parentOf({ pullPrintPrinters }: Tenant, { id }: Printer, share: Share | undefined): JobParent {
  if (share) return { collection: 'shares', id: share.id };
  return { collection: pullPrintPrinters.has(id) ? 'pullPrintPrinters' : 'printers', id };
}

function newTenant(id: string, index: number): Omit<Tenant, 'name' | 'roles'> {
  const printers = { printers: new Map(), pullPrintPrinters: new Map(), shares: new Map(), operations: new Map() };
  return { id, consentRevoked: false, firstJobNumber: firstJobNumberOf(index), ...printers, definitions: new Map() };
}
