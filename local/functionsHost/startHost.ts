import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createActivity } from './activity';
import { createAlarm } from './alarm';
import type { HostArguments } from './arguments';
import { describeFunction, type DescribedFunction } from './functions';
import { HostError, messageOf } from './hostError';
import { createAdmin } from './http/admin';
import { createHandler, createUnavailableHandler } from './http/handler';
import { createRouter } from './http/routes';
import { startHttpServer } from './http/server';
import { readScaleTargets, startListeners, within } from './listeners';
import { createLogFilter, createReporter, type Reporter } from './reporter';
import { parseHostJson, type HostConfig } from './settings/hostJson';
import { applyLocalSettings, readLocalSettings } from './settings/localSettings';
import { parseSchedule } from './timer/schedule';
import { createTraceContext } from './traceContext';
import type { FunctionMetadata } from './worker/coreTypes';
import { createDispatcher, type Invoker } from './worker/dispatcher';
import { startWorkerProcess } from './worker/workerProcess';

/** How long a stop waits for open responses and running invocations. */
const DRAIN_MS = 10_000;
/** How long the listeners of the host still receive and start messages after SIGTERM: 1 to 2.3 s, here the least. */
const STILL_RECEIVING_MS = 1_000;
/** How long a stop waits for storage to release the locks of timers. After that they expire. */
const RELEASE_MS = 2_000;
/** How long a stop then waits for the last responses to be read. */
const RESPONSE_MS = 1_000;

export interface RunningHost {
  /** Accepts no new connections, waits for invocations (at most 10 s), runs the appTerminate hooks, closes the port. */
  stop(): Promise<void>;
  /** Resolves when the worker process has died three times. The host must then end. */
  readonly givenUp: Promise<void>;
}

export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly write: (line: string) => void;
  /** The built program of the worker (worker/main.ts). */
  readonly workerFile: string;
}

/**
 * Starts the app of `--root`: settings, host.json, app code in a worker process, then HTTP, queues and timers, then the
 * `ready` line. With a wrong host.json it answers 503 until it is stopped. Throws HostError for other problems that the
 * person who started it can correct.
 */
export async function startHost(options: HostArguments, surroundings: Surroundings): Promise<RunningHost> {
  const { env, write } = surroundings;
  applyLocalSettings(readLocalSettings(options.root, options.settings), env);
  const text = readHostJson(options.root);
  try {
    const config = parseHostJson(text, env, availableParallelism());
    return await startApp(options, surroundings, config);
  } catch (error) {
    if (!(error instanceof HostError) || error.code !== 'bad_host_json') throw error;
    return startUnavailable(options, createReporter(write, createLogFilter({})), error.message);
  }
}

async function startApp(
  options: HostArguments,
  { env, write, workerFile }: Surroundings,
  config: HostConfig,
): Promise<RunningHost> {
  const now = () => Date.now();
  const alarm = createAlarm(now);
  const reporter = createReporter(write, createLogFilter(config.logLevels));
  const activity = createActivity();
  let giveUp: () => void = () => undefined;
  const givenUp = new Promise<void>((resolve) => (giveUp = resolve));
  const dispatcher = await createDispatcher({
    start: () => startWorkerProcess({ file: workerFile, root: options.root, env, reporter }),
    timeoutMs: config.functionTimeoutMs,
    traceContext: createTraceContext(env, config, (bytes) => randomBytes(bytes).toString('hex')),
    ...{ reporter, now, alarm, onGivenUp: () => giveUp() },
  });
  const { invoke } = dispatcher;
  const described = describeAll(dispatcher.functions, env, reporter);
  const functions = described.filter(({ name }) => !isDisabled(env, name));
  const disabled = described.filter(({ name }) => isDisabled(env, name));
  /** For HTTP and admin runs. A queue message counts from its receipt, a timer from its planned time. */
  const invokeCounted: Invoker = (fn, input) => activity.track(invoke(fn, input));
  let isStopping = false;
  const httpFunctions = functions.filter((fn) => fn.type === 'http');
  const { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: bodyLimit } = env;
  const handler = createHandler({
    invoke: invokeCounted,
    route: createRouter(httpFunctions, config.http.routePrefix),
    admin: createAdmin({
      ...{ functions, disabled, activity, isStopping: () => isStopping, invoke: invokeCounted },
      scaleTargets: () => readScaleTargets({ env, config }, functions),
    }),
    functionKey: options.functionKey,
    customHeaders: config.http.customHeaders,
    bodyLimit: bodyLimit === undefined ? undefined : Number(bodyLimit),
  });
  const http = await startHttpServer(handler, options.port);
  const hostId = options.hostId ?? env.AzureFunctionsWebHost__hostid ?? 'local';
  const leaseMs = options.messageLeaseSeconds * 1000;
  const context = { env, config, hostId, leaseMs, invoke, reporter, activity, alarm, now };
  const listeners = await startListeners(context, functions);
  reporter.event('ready', { url: http.url, functions: functions.map(summarize) });

  return {
    givenUp,
    async stop() {
      isStopping = true;
      const endsAt = performance.now() + DRAIN_MS;
      const closed = http.stop();
      // Kestrel stops first and waits for its requests. The listeners stop after it.
      await within(DRAIN_MS, Promise.all([closed, sleep(STILL_RECEIVING_MS)]));
      const drained = listeners.stop().then(() => activity.idle());
      await within(endsAt - performance.now(), drained);
      await Promise.all([dispatcher.stop(), within(RELEASE_MS, listeners.release())]);
      alarm.stop();
      await within(RESPONSE_MS, closed);
      http.destroy();
      reporter.event('stopped');
    },
  };
}

/** A host whose host.json is wrong stays up and answers 503, without functions (HostAvailabilityCheckMiddleware.cs). */
async function startUnavailable(options: HostArguments, reporter: Reporter, problem: string): Promise<RunningHost> {
  const http = await startHttpServer(createUnavailableHandler(problem, options.functionKey), options.port);
  reporter.log({ level: 'error', category: 'Host.Startup', message: problem });
  reporter.event('ready', { url: http.url, functions: [] });
  return {
    givenUp: new Promise(() => undefined),
    async stop() {
      await within(RESPONSE_MS, http.stop());
      http.destroy();
      reporter.event('stopped');
    },
  };
}

function readHostJson(root: string): string {
  try {
    return readFileSync(join(root, 'host.json'), 'utf8');
  } catch (cause) {
    throw new HostError('app_not_loaded', `--root: no host.json in ${root}. Name the folder that has it.`, { cause });
  }
}

/** A function that cannot run is reported and left out. The others run, as in the host. */
function describeAll(
  functions: readonly FunctionMetadata[],
  env: NodeJS.ProcessEnv,
  reporter: Reporter,
): DescribedFunction[] {
  return functions.flatMap((metadata) => {
    try {
      const fn = describeFunction(metadata, env);
      if (fn.type === 'timer') parseSchedule(fn.schedule);
      if (fn.type === 'http') createRouter([fn], '');
      return [fn];
    } catch (error) {
      const { name } = metadata;
      const message = `The '${name}' function is left out: ${messageOf(error)}`;
      reporter.log({ level: 'error', category: 'Host.Startup', function: name, message });
      return [];
    }
  });
}

/** The app setting that disables the trigger of one function (documentation page disable-function). */
function isDisabled(env: NodeJS.ProcessEnv, name: string): boolean {
  return /^(1|true)$/i.test(env[`AzureWebJobs.${name}.Disabled`] ?? '');
}

function summarize(fn: DescribedFunction): Record<string, unknown> {
  const { name, type } = fn;
  if (fn.type === 'http') return { name, type, route: fn.route, methods: fn.methods };
  if (fn.type === 'queue') return { name, type, queueName: fn.queueName };
  return { name, type, schedule: fn.schedule };
}
