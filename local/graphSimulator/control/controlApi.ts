import { z } from 'zod';
import type { DeliveryAttempt, DeliveryOptions } from '../delivery/options';
import type { DeviceSignIn, Subscription } from '../world/simulation';
import type { Variants } from '../world/variants';
import { faultRule, id, outageOrder, printOrder, signInAnswers, targets } from './controlTypes';
import type { CallRecord, FaultState, PrintedJob, Violation } from './controlTypes';
import type { Activity } from './waitForActivity';
import type { ListedJob, OpenTask, SimulatorState } from './viewState';

/** The JSON type of an answer. The answer is the member of the JSON where one is named, else the whole JSON. */
const json = <Answer>(member?: string) => ({ schema: z.custom<Answer>(), member });

/** A call: method and path below /control, the answer, and the check of the body or of the query of a GET. */
const row = <const Call extends string, Answer, Request extends z.ZodType = z.ZodUndefined>(
  call: Call,
  answer: Answer,
  request?: Request,
) => ({ call, answer, request });

const text = z.string();
const rate = z.number().min(0).max(1);
const tenant = z.object({ name: text.optional(), roles: z.array(text).optional() });
const named = z.object({ id: id.optional(), displayName: text.optional() });
/** `location`: properties of a printerLocation (resources/printerlocation.md). */
const printer = named.extend({ location: z.record(text, z.unknown()).optional() });
const number = z.union([z.number(), text.regex(/^\d+$/, 'must be a number').transform(Number)]);
const ofTenant = z.object({ tenantId: id.optional() });
/** Some of the options; the server checks them against the schema of all options. */
const changeOf = <Options extends object>() =>
  z.custom<Partial<Options>>((value) => typeof value === 'object' && value !== null);
/** The ids by which past items can be selected. */
export const redeliveryIds = ['jobId', 'taskId', 'tenantId', 'printerId'] as const;
const done = json<undefined>();
const created = json<{ id: string }>();

/**
 * Every call of the control API, one row each. The client has one function per row, which takes the ids of the path and
 * then the request. The server has one handler per row (controlServer.ts), which the compiler requires.
 */
export const controlApi = {
  // The scene: tenants, printers, definitions, triggers.
  createTenant: row('POST /tenants', json<{ tenantId: string }>(), tenant.extend({ tenantId: id })),
  changeTenant: row('PATCH /tenants/{tenant}', json<{ tenantId: string; roles: string[] }>(), tenant),
  setConsent: row('POST /tenants/{tenant}/consent', done, z.object({ granted: z.boolean() })),
  createPrinter: row('POST /tenants/{tenant}/printers', created, printer),
  /** Many printers at once, each with a share and a location. */
  createFleet: row(
    'POST /tenants/{tenant}/fleet',
    json<string[]>('ids'),
    z.object({ count: z.number().int().min(1).max(50_000) }),
  ),
  /** Gives a share to a printer, or another printer to a share. */
  createShare: row('POST /tenants/{tenant}/shares', created, named.extend({ printerId: id })),
  createPullPrintPrinter: row('POST /tenants/{tenant}/pullPrintPrinters', created, named),
  createDefinition: row('POST /tenants/{tenant}/definitions', created, named.extend({ appId: text.optional() })),
  /** Also on a pull print printer: whether one can fire a trigger is not documented. */
  createTrigger: row('POST /tenants/{tenant}/triggers', created, z.object({ printerId: id, definitionId: id })),

  // What users, printers and administrators do.
  /** The jobs that exist: those that `jobLimits` refuses are missing. */
  print: row('POST /tenants/{tenant}/jobs', json<PrintedJob[]>('jobs'), printOrder),
  /** `acquire` and `complete` by the printer, `cancel` by the user of the job, `abort` by an administrator. */
  actOnJob: row('POST /tenants/{tenant}/printers/{printer}/jobs/{job}/{action}', done),
  deleteJob: row('DELETE /tenants/{tenant}/printers/{printer}/jobs/{job}', done),
  /** Also a pull print printer. */
  deletePrinter: row('DELETE /tenants/{tenant}/printers/{printer}', done),
  abortTask: row('POST /tenants/{tenant}/tasks/{task}/abort', done),

  // What the simulator holds. `tenantId` limits a list to one tenant.
  state: row('GET /state', json<SimulatorState>()),
  subscriptions: row('GET /subscriptions', json<Subscription[]>('value'), ofTenant),
  /** Jobs that reads show at this moment. */
  listedJobs: row('GET /jobs', json<ListedJob[]>('value'), ofTenant),
  /** One job with its configuration and tasks, also before reads show it. */
  job: row('GET /tenants/{tenant}/printers/{printer}/jobs/{job}', json<ListedJob>()),
  openTasks: row('GET /openTasks', json<OpenTask[]>('value'), ofTenant),

  // Notifications: how they are sent, and what was sent.
  setDelivery: row('PATCH /delivery', done, changeOf<DeliveryOptions>()),
  delivery: row('GET /delivery', json<DeliveryOptions>()),
  deliveries: row('GET /deliveries', json<DeliveryAttempt[]>('value')),
  /** Sends past items again, in other POSTs. */
  redeliver: row(
    'POST /redeliver',
    json<{ items: number }>(),
    z.object({
      match: z.partialRecord(z.enum(redeliveryIds), text).default({}),
      times: z.number().min(1).default(1),
    }),
  ),
  /** Waits, at most 30 s, until no delivery is pending. */
  idle: row('GET /idle', json<boolean>('idle'), z.object({ timeoutMs: number.default(30_000) })),
  sendLifecycle: row('POST /lifecycle', done, z.object({ subscriptionId: id, lifecycleEvent: text })),

  // Losses, outages and faults.
  dropSubscription: row('DELETE /subscriptions/{subscription}', done),
  /** Removes a share of the subscriptions by the seed, silently unless `announce` is set. */
  loseSubscriptions: row(
    'POST /subscriptions/lose',
    json<Subscription[]>('value'),
    ofTenant.extend({ rate, announce: z.boolean().default(false) }),
  ),
  startOutage: row('POST /outage', done, outageOrder),
  outage: row('GET /outage', json<z.output<typeof outageOrder> | undefined>('outage')),
  endOutage: row('DELETE /outage', done),
  addFault: row('POST /faults', json<FaultState>(), faultRule),
  faults: row('GET /faults', json<FaultState[]>('value')),
  clearFaults: row('DELETE /faults', done),

  // Reports, variants, sign-in.
  /** Calls in the order they came, later than `n` = after. */
  calls: row(
    'GET /calls',
    json<CallRecord[]>('value'),
    z.object({ target: z.enum([...targets, 'all']).default('graph'), after: number.default(0) }),
  ),
  /**
   * What came after the given numbers: jobs, attempts at deliveries, and answered calls of Graph. Waits up to waitMs, at most
   * 30 s, for the first of them.
   */
  activity: row(
    'GET /activity',
    json<Activity>(),
    z.object({
      jobs: number.default(0),
      deliveries: number.default(0),
      calls: number.default(0),
      waitMs: number.default(0),
    }),
  ),
  /** How many calls of Graph came, by method and path with the names of its ids. */
  callCounts: row('GET /callCounts', json<Record<string, number>>('value'), ofTenant),
  clearCalls: row('DELETE /calls', done),
  violations: row('GET /violations', json<Violation[]>('value')),
  looks: row('GET /looks', json<Violation[]>('value')),
  setVariants: row('PATCH /variants', done, changeOf<Variants>()),
  mintUserToken: row(
    'POST /userTokens',
    json<string>('token'),
    z.object({
      tenantId: id,
      appId: text.optional(),
      scopes: text.default('Printer.ReadWrite.All'),
      printerAdministrator: z.boolean().default(true),
    }),
  ),
  deviceCodes: row('GET /deviceCodes', json<Omit<DeviceSignIn, 'deviceCode'>[]>('value')),
  answerDeviceCode: row('POST /deviceCodes/{code}', done, z.object({ as: z.enum(signInAnswers) })),
  reset: row('POST /reset', done),
};

export type ControlApi = typeof controlApi;
export type ControlName = keyof ControlApi;
export type AnswerOf<Name extends ControlName> = z.output<ControlApi[Name]['answer']['schema']>;
/** The checked request that a handler gets. */
export type RequestOf<Name extends ControlName> = z.output<NonNullable<ControlApi[Name]['request']>>;
