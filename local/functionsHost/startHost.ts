import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createActivity } from './createActivity';
import { createAlarm } from './createAlarm';
import { createInvoker, type Invoker } from './createInvoker';
import { createReporter, type Reporter } from './createReporter';
import { describeFunction, type DescribedFunction } from './describeFunctions';
import { HostError } from './hostError';
import { createAdmin } from './http/createAdmin';
import { createRouter } from './http/createRouter';
import { DEFAULT_BODY_LIMIT } from './http/readBody';
import { startHttpServer } from './http/startHttpServer';
import { messageOf } from './messageOf';
import type { HostArguments } from './parseArguments';
import { allowsLog } from './settings/allowsLog';
import { parseHostJson, type HostConfig } from './settings/parseHostJson';
import { applyLocalSettings, readLocalSettings } from './settings/readLocalSettings';
import { startListeners } from './startListeners';
import { parseSchedule } from './timer/parseSchedule';
import { toTimerInput } from './timer/startTimerListener';
import { answerCoreModule } from './worker/answerCoreModule';
import { createWorker, type RegisteredFunction } from './worker/createWorker';
import { loadApp } from './worker/loadApp';
import { readOnly, runHooks } from './worker/runHooks';

/** How long a stop waits for running invocations. */
const DRAIN_MS = 10_000;
/** How long a stop waits for storage to take the timers' locks back; else they run out by themselves. */
const RELEASE_MS = 2_000;
/** How long a stop then waits for the last answers to be read. */
const ANSWER_MS = 1_000;

export interface RunningHost {
  readonly reporter: Reporter;
  /** Takes nothing new, lets invocations under way end (10 s at most), runs the appTerminate hooks, closes the port. */
  stop(): Promise<void>;
}

interface HostSurroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly write: (line: string) => void;
  readonly cpuCount: number;
}

/**
 * Starts the app of `--root` in this process: settings, host.json, app code, then HTTP, queues and timers, then the
 * `ready` line. Throws HostError for what the person who started it can put right.
 */
export async function startHost(
  options: HostArguments,
  { env, write, cpuCount }: HostSurroundings,
): Promise<RunningHost> {
  const now = () => Date.now();
  applyLocalSettings(readLocalSettings(options.root, options.settings), env);
  const config = readHostJson(options.root, env, cpuCount);
  const reporter = createReporter({ write, now: () => new Date(), allows: allowsLog(config.logLevels) });
  const activity = createActivity();
  const worker = createWorker((entry) => reporter.log(entry));
  answerCoreModule(worker.coreModule);
  await loadApp(worker, options.root);
  worker.closeRegistration();
  if (worker.functions.size > 0) await worker.programmingModel().getCapabilities?.({});

  const isOff = ({ metadata }: RegisteredFunction) => isDisabled(env, metadata.name);
  const registered = [...worker.functions.values()];
  const functions = describeAll(
    registered.filter((one) => !isOff(one)),
    env,
    reporter,
  );
  const disabled = describeAll(registered.filter(isOff), env, reporter);
  const invoke = createInvoker({ worker, reporter, monotonicMs: () => performance.now() });
  /** For runs that nothing else keeps count of: a queue message is counted from receipt to its end. */
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
        runNow: (fn, input) =>
          void invokeCounted(fn, {
            input:
              fn.type === 'timer'
                ? toTimerInput(parseSchedule(fn.schedule), undefined, false)
                : { string: input },
          }),
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
  reporter.event('ready', { url: http.url, functions: functions.map(summary) });

  return {
    reporter,
    async stop() {
      stopping = true;
      const closed = http.stop();
      await within(
        DRAIN_MS,
        listeners.stop().then(() => activity.idle()),
      );
      await runHooks(
        worker,
        'appTerminate',
        readOnly({ hookData: worker.appLevelHookData, appHookData: worker.appHookData }),
      ).catch((error: unknown) =>
        reporter.log({
          level: 'error',
          category: 'Worker',
          message: `appTerminate hook failed: ${messageOf(error, 'stack')}`,
        }),
      );
      await within(RELEASE_MS, listeners.release());
      alarm.stop();
      // An answer may still be on its way out.
      await within(ANSWER_MS, closed);
      http.destroy();
      reporter.event('stopped');
    },
  };
}

function readHostJson(root: string, env: NodeJS.ProcessEnv, cpuCount: number): HostConfig {
  let text: string;
  try {
    text = readFileSync(join(root, 'host.json'), 'utf8');
  } catch (error) {
    throw new HostError('bad_host_json', `--root: no host.json in ${root}. Name the folder that holds it.`, {
      cause: error,
    });
  }
  return parseHostJson(text, env, cpuCount);
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}

/** A function that cannot be run is reported and left out; the others run, as in the host. */
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
      reporter.log({
        level: 'error',
        category: 'Host.Startup',
        function: name,
        message: `The '${name}' function is left out: ${messageOf(error)}`,
      });
      return [];
    }
  });
}

/** The setting that switches one function's trigger off (documentation page disable-function). */
function isDisabled(env: NodeJS.ProcessEnv, name: string): boolean {
  return /^(1|true)$/i.test(env[`AzureWebJobs.${name}.Disabled`] ?? '');
}

function summary(fn: DescribedFunction): Record<string, unknown> {
  const { name, type } = fn;
  if (fn.type === 'http') return { name, type, route: fn.route, methods: fn.methods };
  return fn.type === 'queue'
    ? { name, type, queueName: fn.queueName }
    : { name, type, schedule: fn.schedule };
}
