import { z } from 'zod';
import type { ControlClient } from '../graphSimulator/control/controlClient';
import { ToolError } from '../tool/context';
import { PRESETS, type Preset } from '../tool/presets';
import { configurationOf, parsePages, userOf } from '../tool/printOrder';
import type { AppProcess } from './appProcess';
import {
  FAULT_NAMES,
  type FaultName,
  type PrintAnswer,
  type RedirectRequest,
  type ResendRequest,
  type Step,
} from './consoleApi';
import { KILL_SECONDS, readFaults } from './readConsoleState';
import { memberOf, storyId } from './timeline/jobFacts';

/** A refused call: its status and what the page shows. */
export class ConsoleProblem extends Error {
  override readonly name = 'ConsoleProblem';

  constructor(
    readonly status: 400 | 404 | 409 | 502,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export interface CallDeps {
  control: ControlClient;
  app: AppProcess;
  /** Of the routes and the timers of the app. */
  functionKey: string;
  /** Runs a command of the product, and returns its JSON. */
  runCli: (...args: string[]) => Promise<unknown>;
  /** Reads the queue of events again. */
  readEvents: () => Promise<void>;
  addService: (step: Step) => void;
  now: () => number;
}

const id = z.string().min(1).max(200);
const printRequest = z.strictObject({
  ...{
    tenantId: id,
    printerId: id,
    user: z.string().min(1).max(256).optional(),
    document: z.string().min(1).max(256).optional(),
  },
  copies: z.number().int().min(1).max(9999).optional(),
  color: z.boolean().optional(),
  pages: z.string().optional(),
});
const redirectRequest: z.ZodType<RedirectRequest> = z.strictObject({ printerId: id });
const resendRequest: z.ZodType<ResendRequest> = z.strictObject({ tenantId: id, key: id });
const faultRequest = z.strictObject({
  tenantId: id.optional(),
  seconds: z.number().int().min(1).max(3600).optional(),
  count: z.number().int().min(1).max(1000).optional(),
});
const nothing = z.strictObject({});

/** What a call answers: its status and its JSON. */
export interface CallAnswer {
  status: 200 | 202;
  body: object;
}

/**
 * Answers `POST` and `DELETE` below /api/ (consoleApi.ts). Everything goes through the interfaces that others use: the control
 * API of the simulator, the routes of the app with its function key, and the command line.
 *
 * @throws ConsoleProblem, and z.ZodError for a wrong body
 */
export async function answerCall(deps: CallDeps, method: string, path: string, body: unknown): Promise<CallAnswer> {
  const [area = '', ...names] = path.split('/').map(decode);
  const route = `${method} ${area}/${names.length}`;
  const [first = '', second = '', third = ''] = names;
  switch (route) {
    case 'POST print/0':
      return { status: 200, body: await print(deps, printRequest.parse(body)) };
    case 'POST jobs/3':
      return actOnJob(deps, first, second, third, body);
    case 'POST events/1':
      if (first !== 'resend') break;
      return resend(deps, resendRequest.parse(body));
    case 'POST sweep/0':
      nothing.parse(body);
      return sweep(deps);
    case 'POST faults/1':
      return changeFault(deps, first, (name, preset) => setFault(deps, name, preset, faultRequest.parse(body)));
    case 'DELETE faults/1':
      return changeFault(deps, first, (name, preset) => clearFault(deps, name, preset));
  }
  throw new ConsoleProblem(404, 'notFound', `There is no call ${method} /api/${path}.`);
}

async function print({ control }: CallDeps, request: z.output<typeof printRequest>): Promise<PrintAnswer> {
  const { tenantId, printerId, user, document, pages: wanted, ...settings } = request;
  const pages = wanted === undefined || wanted === '' ? undefined : parsePages(wanted);
  if (wanted && !pages) throw new ConsoleProblem(400, 'invalidRequest', 'Pages are a number, or two such as 1-3.');
  const { color, copies } = settings;
  const configuration = configurationOf({
    ...(pages && { pages }),
    ...(copies !== undefined && { copies }),
    ...(color === undefined ? {} : color ? { color } : { grayscale: true }),
  });
  const [job] = await control
    .print(tenantId, {
      ...{ printerId, configuration },
      ...(user !== undefined && { user: userOf(user) }),
      ...(document !== undefined && { documents: [{ displayName: document }] }),
    })
    .catch(refusedBySimulator);
  if (!job) throw new ConsoleProblem(409, 'printerFull', 'The printer takes no more jobs: its limit is reached.');
  return { id: storyId({ tenantId, printerId: job.printerId, jobId: job.jobId }), jobNumber: job.jobId };
}

const ACTIONS = ['release', 'redirect', 'abort'];

/** Calls the route of operators, as the vendor's backend does (docs/http-api.md). */
async function actOnJob(
  { app, functionKey }: CallDeps,
  tenantId: string,
  key: string,
  action: string,
  body: unknown,
): Promise<CallAnswer> {
  if (!ACTIONS.includes(action)) throw new ConsoleProblem(404, 'notFound', `The actions are ${ACTIONS.join(', ')}.`);
  const decision = action === 'redirect' ? { printer: redirectRequest.parse(body).printerId } : {};
  const path = ['api', 'jobs', tenantId, key, action].map(encodeURIComponent).join('/');
  const { status, text } = await callApp(app, functionKey, path, JSON.stringify(decision));
  if (status === 202 || status === 200) return { status: 202, body: {} };
  const message = messageOf(text) ?? `The app answers ${status}.`;
  if (status === 404) throw new ConsoleProblem(404, 'jobNotFound', message);
  throw new ConsoleProblem(status === 409 ? 409 : status === 400 ? 400 : 502, 'appRefused', message);
}

async function resend({ runCli, readEvents }: CallDeps, { tenantId, key }: ResendRequest): Promise<CallAnswer> {
  // An argument of the command line, which must not be read as an option.
  if (!/^[\w-]+$/.test(tenantId) || !/^\w[\w~-]*(\/end)?$/.test(key))
    throw new ConsoleProblem(400, 'invalidRequest', 'The key must be that of an event.');
  await runCli('events', 'resend', `${tenantId}/${key}`).catch(refusedByCommand);
  // The stream shows it.
  void readEvents();
  return { status: 202, body: {} };
}

/** Sweeps every watch at once, as an operator does. The timer of the app sweeps a tenth of them each minute. */
async function sweep({ runCli, addService, now }: CallDeps): Promise<CallAnswer> {
  const tenants = memberOf(await runCli('jobs', 'sweep').catch(refusedByCommand), 'tenants');
  const counts = (Array.isArray(tenants) ? tenants : []).map((one: unknown) => Number(memberOf(one, 'enqueued')));
  const queued = counts.reduce((sum, count) => sum + count, 0);
  const found = queued === 0 ? 'no job' : queued === 1 ? '1 job' : `${queued} jobs`;
  addService({ at: now(), kind: 'swept', text: `The sweep of an operator finds ${found} without a notification` });
  return { status: 202, body: {} };
}

/** Undefined for `kill`, which is the console's own. */
type FaultPreset = Preset | undefined;

async function changeFault(
  deps: CallDeps,
  text: string,
  change: (name: FaultName, preset: FaultPreset) => Promise<void>,
): Promise<CallAnswer> {
  const name = FAULT_NAMES.find((one) => one === text);
  if (!name) throw new ConsoleProblem(404, 'notFound', `The faults are ${FAULT_NAMES.join(', ')}.`);
  await change(name, name === 'kill' ? undefined : PRESETS[name]);
  const fault = (await readFaults(deps.control, deps.app)).find((one) => one.name === name);
  return { status: 200, body: { ...fault } };
}

async function setFault(
  { app, control, addService, now }: CallDeps,
  name: FaultName,
  preset: FaultPreset,
  { tenantId, seconds, count }: z.output<typeof faultRequest>,
): Promise<void> {
  if (!preset) {
    const isKilled = await app.kill((seconds ?? KILL_SECONDS) * 1000);
    if (!isKilled) throw new ConsoleProblem(409, 'appDown', 'The app is down already.');
    return;
  }
  const options = {
    ...(tenantId !== undefined && { tenant: tenantId }),
    ...(seconds !== undefined && { seconds }),
    ...(count !== undefined && { count }),
  };
  await preset.set(control, options).catch((error: unknown) => {
    if (error instanceof ToolError) throw new ConsoleProblem(409, 'notPossible', error.message);
    return refusedBySimulator(error);
  });
  if (name !== 'no-consent') return;
  const customers = (await preset.state(control)) ?? '';
  addService({ at: now(), kind: 'consent', text: `Consent is withdrawn: ${customers}. Calls of the app fail` });
}

async function clearFault(
  { control, runCli, addService, now }: CallDeps,
  name: FaultName,
  preset: FaultPreset,
): Promise<void> {
  if (!preset) throw new ConsoleProblem(409, 'notPossible', 'The app starts again by itself.');
  const before = await preset.state(control);
  await preset.clear(control);
  if (name !== 'no-consent' || before === undefined) return;
  addService({ at: now(), kind: 'consent', text: `Consent is granted again: ${before}. An operator retries` });
  // As the guide says: the app itself looks again later and later (docs/operations.md).
  await runCli('subscriptions', 'reconcile', '--retry-now').catch(() => undefined);
}

async function callApp(app: AppProcess, functionKey: string, path: string, body: string) {
  const headers = { 'content-type': 'application/json', 'x-functions-key': functionKey };
  try {
    const answer = await fetch(`${app.url}/${path}`, { method: 'POST', headers, body });
    return { status: answer.status, text: await answer.text() };
  } catch {
    throw new ConsoleProblem(502, 'appDown', 'The app does not answer. Try again in a moment.');
  }
}

function messageOf(text: string): string | undefined {
  try {
    const message = memberOf(memberOf(JSON.parse(text), 'error'), 'message');
    return typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}

/** What the simulator does not know is not there, and what it does not accept is a wrong request. */
function refusedBySimulator(error: unknown): never {
  const status = memberOf(error, 'status');
  const message = error instanceof Error ? error.message : String(error);
  if (status === 404 || status === 400)
    throw new ConsoleProblem(status, status === 404 ? 'notFound' : 'invalidRequest', message);
  throw new ConsoleProblem(502, 'simulatorFailed', message);
}

function refusedByCommand(error: unknown): never {
  throw new ConsoleProblem(502, 'commandFailed', error instanceof Error ? error.message : String(error));
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
