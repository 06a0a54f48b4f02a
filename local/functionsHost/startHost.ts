import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createAlarm } from './alarm';
import type { HostArguments } from './arguments';
import { describeFunction, type DescribedFunction } from './functions';
import { HostError, messageOf } from './hostError';
import { createAdmin } from './http/admin';
import { DEFAULT_BODY_LIMIT } from './http/httpData';
import { createRouter } from './http/routes';
import { startHttpServer } from './http/server';
import { startListeners, within } from './listeners';
import { createLogFilter, createReporter, type Reporter } from './reporter';
import { parseHostJson } from './settings/hostJson';
import { applyLocalSettings, readLocalSettings } from './settings/localSettings';
import { parseSchedule } from './timer/schedule';
import { createActivity, createInvoker, type Invoker } from './worker/invoke';
import { loadApp } from './worker/loadApp';
import { appContext, createWorker, provideCoreModule, runHooks, type Worker } from './worker/registration';

/** How long a stop waits for running invocations. */
const DRAIN_MS = 10_000;
/** How long a stop waits for storage to release the locks of timers. After that they expire. */
const RELEASE_MS = 2_000;
/** How long a stop then waits for the last responses to be read. */
const RESPONSE_MS = 1_000;

export interface RunningHost {
  readonly reporter: Reporter;
  /** Accepts no new work, waits for invocations (at most 10 s), runs the appTerminate hooks, closes the port. */
  stop(): Promise<void>;
}

/**
 * Starts the app of `--root` in this process: settings, host.json, app code, then HTTP, queues and timers, then the
 * `ready` line. Throws HostError for problems that the person who started it can correct.
 */
export async function startHost(
  options: HostArguments,
  env: NodeJS.ProcessEnv,
  write: (line: string) => void,
): Promise<RunningHost> {
  const now = () => Date.now();
  applyLocalSettings(readLocalSettings(options.root, options.settings), env);
  const config = parseHostJson(readHostJson(options.root), env, availableParallelism());
  const reporter = createReporter(write, createLogFilter(config.logLevels));
  const activity = createActivity();
  const worker = createWorker((entry) => reporter.log(entry));
  provideCoreModule(worker.coreModule);
  await loadApp(worker, options.root);
  worker.closeRegistration();
  if (worker.functions.size > 0) await worker.programmingModel().getCapabilities?.({});

  const described = describeAll(worker, env, reporter);
  const functions = described.filter(({ name }) => !isDisabled(env, name));
  const disabled = described.filter(({ name }) => isDisabled(env, name));
  const invoke = createInvoker(worker, reporter);
  /** For HTTP and admin runs. A queue message counts from its receipt, a timer from its planned time. */
  const invokeCounted: Invoker = (fn, input) => activity.track(invoke(fn, input));
  let isStopping = false;
  const httpFunctions = functions.filter((fn) => fn.type === 'http');
  const http = await startHttpServer(
    {
      invoke: invokeCounted,
      route: createRouter(httpFunctions, config.http.routePrefix),
      admin: createAdmin({ functions, disabled, activity, isStopping: () => isStopping, invoke: invokeCounted }),
      functionKey: options.functionKey,
      customHeaders: config.http.customHeaders,
      bodyLimit: Number(env.FUNCTIONS_REQUEST_BODY_SIZE_LIMIT ?? DEFAULT_BODY_LIMIT),
    },
    options.port,
  );
  const alarm = createAlarm(now);
  const hostId = options.hostId ?? env.AzureFunctionsWebHost__hostid ?? 'local';
  const leaseMs = options.messageLeaseSeconds * 1000;
  const context = { env, config, hostId, leaseMs, invoke, reporter, activity, alarm, now };
  const listeners = await startListeners(context, functions);
  reporter.event('ready', { url: http.url, functions: functions.map(summarize) });

  return {
    reporter,
    async stop() {
      isStopping = true;
      const closed = http.stop();
      const drained = listeners.stop().then(() => activity.idle());
      await within(DRAIN_MS, drained);
      await runHooks(worker, 'appTerminate', appContext(worker)).catch((error: unknown) => {
        const message = `appTerminate hook failed: ${messageOf(error, 'stack')}`;
        reporter.log({ level: 'error', category: 'Worker', message });
      });
      await within(RELEASE_MS, listeners.release());
      alarm.stop();
      await within(RESPONSE_MS, closed);
      http.destroy();
      reporter.event('stopped');
    },
  };
}

function readHostJson(root: string): string {
  try {
    return readFileSync(join(root, 'host.json'), 'utf8');
  } catch (cause) {
    throw new HostError('bad_host_json', `--root: no host.json in ${root}. Name the folder that has it.`, { cause });
  }
}

/** A function that cannot run is reported and left out. The others run, as in the host. */
function describeAll({ functions }: Worker, env: NodeJS.ProcessEnv, reporter: Reporter): DescribedFunction[] {
  return [...functions.values()].flatMap((target) => {
    try {
      const fn = describeFunction(target, env);
      if (fn.type === 'timer') parseSchedule(fn.schedule);
      if (fn.type === 'http') createRouter([fn], '');
      return [fn];
    } catch (error) {
      const { name } = target.metadata;
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
