import { randomUUID } from 'node:crypto';
import { deliveryOptionsSchema } from '../delivery/options';
import type { CallReport } from '../faults/callReport';
import type { FaultRules } from '../faults/faults';
import { createRouter, parseJson, refusal, refusalOf } from '../http/readRequest';
import type { HttpCall, Reply } from '../http/server';
import { allRoles } from '../signIn/permissions';
import { answerDeviceCode, userClaims } from '../signIn/userSignIn';
import { loseSubscriptions } from '../subscriptions/lifecycle';
import { notifyLifecycle } from '../subscriptions/notifications';
import { acquireJob, endJob, printJob } from '../world/jobs';
import { isEnded, liveSubscriptions } from '../world/simulation';
import type { Job, Printer, Simulation, Tenant } from '../world/simulation';
import { variantsSchema } from '../world/variants';
import { controlApi, type AnswerOf, type ControlName, type RequestOf } from './controlApi';
import { listJobs, listOpenTasks, viewState } from './viewState';

/** What the control API works with. */
export interface ControlDeps {
  simulation: Simulation;
  faults: FaultRules;
  calls: CallReport;
  /** Restores the initial state, options and variants. */
  reset: () => void;
}

/** One call; `params` are the lower-cased ids of the path. */
interface ControlCall<Name extends ControlName> extends ControlDeps {
  params: Record<string, string>;
  request: RequestOf<Name>;
}

type Handlers = {
  [Name in ControlName]: (call: ControlCall<Name>) => AnswerOf<Name> | Promise<AnswerOf<Name>>;
};

// The example id of resources/printjob.md; every printer counts from here, so that two printers have the same ids.
const FIRST_JOB_NUMBER = 5182;
// Longer than any wait of a test, shorter than the time-out of a plain fetch.
const IDLE_LIMIT_MS = 30_000;

const handlers: Handlers = {
  createTenant: ({ simulation: { world }, request: { tenantId: id, name, roles } }) => {
    const known = world.tenants.get(id);
    world.tenants.set(id, {
      ...(known ?? { id, consentRevoked: false, printers: new Map(), definitions: new Map() }),
      name: name ?? known?.name ?? id,
      roles: new Set(roles ?? known?.roles ?? allRoles),
    });
    return { tenantId: id };
  },
  changeTenant: ({ simulation, params, request: { name, roles } }) => {
    const tenant = tenantOf(simulation, params);
    tenant.name = name ?? tenant.name;
    tenant.roles = new Set(roles ?? tenant.roles);
    return { tenantId: tenant.id, roles: [...tenant.roles] };
  },
  setConsent: ({ simulation, params, request: { granted } }) => {
    tenantOf(simulation, params).consentRevoked = !granted;
  },
  createPrinter: ({ simulation, params, request }) => {
    const { printers } = tenantOf(simulation, params);
    const { id = randomUUID(), displayName = `Printer ${printers.size + 1}` } = request;
    const known = printers.get(id) ?? { id, jobs: new Map(), nextJobNumber: FIRST_JOB_NUMBER };
    printers.set(id, { ...known, displayName });
    return { id };
  },
  createDefinition: ({ simulation, params, request }) => {
    const { id = randomUUID(), displayName = 'Task definition', appId = simulation.appId } = request;
    const definition = { id, displayName, appId, createdByDisplayName: '', tasks: new Map() };
    tenantOf(simulation, params).definitions.set(id, definition);
    return { id };
  },
  createTrigger: ({ simulation, params, request: { printerId, definitionId } }) => {
    const tenant = tenantOf(simulation, params);
    const printer = printerOf(tenant, printerId);
    if (!tenant.definitions.has(definitionId)) throw missing('The definition');
    // api/printer-post-tasktriggers.md: a printer takes one trigger today.
    if (printer.trigger) throw refusal(409, 'conflict', 'The printer has a trigger already.');
    printer.trigger = { id: randomUUID(), definitionId };
    return { id: printer.trigger.id };
  },
  print: ({ simulation, params, request: { printerId, count, ...request } }) => {
    const tenant = tenantOf(simulation, params);
    const printer = printerOf(tenant, printerId);
    return Array.from({ length: count }, () => {
      const { id: jobId, tasks } = printJob(simulation, tenant, printer, request);
      const [task] = tasks;
      return { jobId, printerId, ...(task && { taskId: task.id, definitionId: task.definitionId }) };
    });
  },
  actOnJob: ({ simulation, params }) => {
    const printer = tenantOf(simulation, params).printers.get(params['printer'] ?? '');
    const job = printer?.jobs.get(params['job'] ?? '');
    if (!job) throw missing('The job');
    const act = jobActions.get(params['action'] ?? '');
    if (!act) throw missing('The action');
    if (isEnded(job)) throw refusal(409, 'conflict', `The job is ${job.state} already.`);
    act(simulation, job);
  },

  state: ({ simulation }) => viewState(simulation),
  subscriptions: ({ simulation, request: { tenantId } }) =>
    liveSubscriptions(simulation).filter((one) => tenantId === undefined || one.tenantId === tenantId),
  listedJobs: ({ simulation, request }) => listJobs(simulation, request),
  openTasks: ({ simulation, request }) => listOpenTasks(simulation, request),

  setDelivery: ({ simulation: { delivery }, request }) => {
    Object.assign(delivery.options, deliveryOptionsSchema.parse({ ...delivery.options, ...request }));
  },
  deliveries: ({ simulation }) => simulation.delivery.attempts(),
  redeliver: ({ simulation, request: { match, times } }) => {
    const wanted = Object.entries(match);
    const items = simulation.delivery.redeliver((item) => {
      const values = new Map<string, unknown>(Object.entries(item));
      return wanted.every(([name, value]) => values.get(name) === value);
    }, times);
    return { items };
  },
  idle: ({ simulation, request: { timeoutMs } }) => simulation.delivery.whenIdle(Math.min(timeoutMs, IDLE_LIMIT_MS)),
  sendLifecycle: ({ simulation, request: { subscriptionId, lifecycleEvent } }) => {
    const subscription = liveSubscriptions(simulation).find(({ id }) => id === subscriptionId);
    if (!subscription) throw missing('The subscription');
    if (!notifyLifecycle(simulation, subscription, lifecycleEvent))
      throw missing('The lifecycleNotificationUrl of the subscription');
  },

  dropSubscription: ({ simulation, params }) => {
    if (!simulation.world.subscriptions.delete(params['subscription'] ?? '')) throw missing('The subscription');
  },
  loseSubscriptions: ({ simulation, request }) => loseSubscriptions(simulation, request),
  startOutage: ({ simulation, request }) => {
    simulation.world.outage = request;
  },
  endOutage: ({ simulation }) => {
    simulation.world.outage = undefined;
  },
  addFault: ({ faults, request }) => faults.add(request),
  faults: ({ faults }) => faults.list(),
  clearFaults: ({ faults }) => void faults.clear(),

  calls: ({ calls, request: { target, after } }) =>
    calls.list().filter((call) => call.n > after && (target === 'all' || call.target === target)),
  clearCalls: ({ calls }) => void calls.clear(),
  violations: ({ calls }) => calls.violations(),
  setVariants: ({ simulation: { variants }, request }) => {
    Object.assign(variants, variantsSchema.parse({ ...variants, ...request }));
  },
  mintUserToken: ({ simulation, request }) => {
    const { tenantId, appId = simulation.appId, scopes, printerAdministrator: isPrinterAdministrator } = request;
    return simulation.keys.sign(userClaims(simulation, { tenantId, appId, scopes, isPrinterAdministrator }));
  },
  deviceCodes: ({ simulation }) =>
    [...simulation.world.deviceCodes.values()].map(({ deviceCode: _secret, ...shown }) => shown),
  answerDeviceCode: ({ simulation, params, request: { as } }) => {
    if (!answerDeviceCode(simulation, params['code'] ?? '', as)) throw missing('A sign-in that waits for this code');
  },
  reset: ({ reset }) => void reset(),
};

const jobActions = new Map<string, (simulation: Simulation, job: Job) => void>([
  ['acquire', acquireJob],
  ['complete', (simulation, job) => endJob(simulation, job, 'completed')],
  ['cancel', (simulation, job) => endJob(simulation, job, 'canceled')],
  ['abort', (simulation, job) => endJob(simulation, job, 'aborted')],
]);

const findRow = createRouter(
  (Object.keys(controlApi) as ControlName[]).map((name) => {
    const [method = '', path = ''] = controlApi[name].call.split(' ');
    return { method, path, name };
  }),
);

/** Answers a call of the control API: 404 for what does not exist, 400 for a bad request, else 200 or 204. */
export async function answerControl(deps: ControlDeps, { method, url, text }: HttpCall): Promise<Reply> {
  const path = url.pathname.slice('/control'.length);
  try {
    const found = findRow(method, path);
    if (!found) throw missing(`${method} ${path}`);
    const { name } = found.route;
    const { answer: shape, request: check } = controlApi[name];
    const given = method === 'GET' ? Object.fromEntries(url.searchParams) : parseJson(text);
    const call = { ...deps, params: found.params, request: check?.parse(given ?? {}) };
    // The row's schema has just checked the request; the compiler cannot relate the two through `name`.
    const answer = await (handlers[name] as (call: unknown) => unknown)(call);
    if (answer === undefined) return { status: 204 };
    return { status: 200, body: shape.member === undefined ? answer : { [shape.member]: answer } };
  } catch (error) {
    const { status, code, message } = refusalOf(error);
    return { status, body: { error: { code, message } } };
  }
}

function missing(what: string) {
  return refusal(404, 'notFound', `${what} does not exist.`);
}

function tenantOf({ world }: Simulation, params: Record<string, string>): Tenant {
  const tenant = world.tenants.get(params['tenant'] ?? '');
  if (!tenant) throw missing('The tenant');
  return tenant;
}

function printerOf(tenant: Tenant, printerId: string): Printer {
  const printer = tenant.printers.get(printerId);
  if (!printer) throw missing('The printer');
  return printer;
}
