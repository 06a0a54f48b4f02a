import { readFileSync } from 'node:fs';
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
import { toTimerInput } from './timer/timerListener';
import { createActivity, createInvoker, type Invoker } from './worker/invoke';
import { loadApp } from './worker/loadApp';
import { appContext, createWorker, provideCoreModule, runHooks, type RegisteredFunction } from './worker/registration';

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

interface HostEnvironment {
  readonly env: NodeJS.ProcessEnv;
  readonly write: (line: string) => void;
  readonly cpuCount: number;
}

/**
 * Starts the app of `--root` in this process: settings, host.json, app code, then HTTP, queues and timers, then the
 * `ready` line. Throws HostError for problems that the person who started it can correct.
 */
export async function startHost(
  options: HostArguments,
  { env, write, cpuCount }: HostEnvironment,
): Promise<RunningHost> {
  const now = () => Date.now();
  applyLocalSettings(readLocalSettings(options.root, options.settings), env);
  const config = parseHostJson(readHostJson(options.root), env, cpuCount);
  const allows = createLogFilter(config.logLevels);
  const reporter = createReporter({ write, now: () => new Date(), allows });
  const activity = createActivity();
  const worker = createWorker((entry) => reporter.log(entry));
  provideCoreModule(worker.coreModule);
  await loadApp(worker, options.root);
  worker.closeRegistration();
  if (worker.functions.size > 0) await worker.programmingModel().getCapabilities?.({});

  const isOff = ({ metadata }: RegisteredFunction) => isDisabled(env, metadata.name);
  const registered = [...worker.functions.values()];
  const enabled = registered.filter((one) => !isOff(one));
  const functions = describeAll(enabled, env, reporter);
  const disabled = describeAll(registered.filter(isOff), env, reporter);
  const invoke = createInvoker(worker, reporter);
  /** For HTTP and admin runs. A queue message counts from its receipt, a timer from its planned time. */
  const invokeCounted: Invoker = (fn, input) => activity.track(invoke(fn, input));
  const alarm = createAlarm(now);
  let stopping = false;
  const http = await startHttpServer(
    {
      invoke: invokeCounted,
      route: createRouter(
        functions.filter((fn) => fn.type === 'http'),
        config.http.routePrefix,
      ),
      admin: createAdmin({
        functions,
        disabled,
        running: () => activity.running(),
        stopping: () => stopping,
        runNow(fn, text) {
          const timer = fn.type === 'timer' && toTimerInput(parseSchedule(fn.schedule), undefined, false);
          void invokeCounted(fn, { input: timer || { string: text } });
        },
      }),
      functionKey: options.functionKey,
      customHeaders: config.http.customHeaders,
      bodyLimit: Number(env.FUNCTIONS_REQUEST_BODY_SIZE_LIMIT ?? DEFAULT_BODY_LIMIT),
    },
    options.port,
  );
  const hostId = options.hostId ?? env.AzureFunctionsWebHost__hostid ?? 'local';
  const leaseMs = options.messageLeaseSeconds * 1000;
  const listeners = await startListeners(
    { env, config, hostId, leaseMs, invoke, reporter, activity, alarm, now },
    functions,
  );
  reporter.event('ready', { url: http.url, functions: functions.map(summarize) });

  return {
    reporter,
    async stop() {
      stopping = true;
      const closed = http.stop();
      await within(
        DRAIN_MS,
        listeners.stop().then(() => activity.idle()),
      );
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
    const message = `--root: no host.json in ${root}. Name the folder that holds it.`;
    throw new HostError('bad_host_json', message, { cause });
  }
}

/** A function that cannot run is reported and left out. The others run, as in the host. */
function describeAll(
  registered: readonly RegisteredFunction[],
  env: NodeJS.ProcessEnv,
  reporter: Reporter,
): DescribedFunction[] {
  return registered.flatMap((target) => {
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
