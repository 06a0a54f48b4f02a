import { randomUUID } from 'node:crypto';
import type { Alarm } from '../alarm';
import type { DescribedFunction } from '../functions';
import { messageOf } from '../hostError';
import type { Reporter } from '../reporter';
import type { CreateTraceContext, TraceContext } from '../traceContext';
import type { InvocationResponse, TypedData } from './coreTypes';
import type { WorkerProcess } from './workerProcess';

/** The input of one run, as its trigger provides it. */
export interface InvocationInput {
  readonly input: TypedData;
  readonly metadata?: Record<string, TypedData>;
  readonly trace?: TraceContext;
  readonly dequeueCount?: number;
}

/** Runs a function once. An error of the function is logged, and the response is then undefined. */
export type Invoker = (fn: DescribedFunction, input: InvocationInput) => Promise<InvocationResponse | undefined>;

/** RpcFunctionInvocationDispatcher of the host: the end of its last worker at the third error ends the host. */
const MOST_DEATHS = 3;
/** Deaths further apart than this are not counted together (WorkerRestartErrorIntervalThresholdInMinutes). */
const FORGET_DEATHS_MS = 30 * 60_000;
/** The least time between two starts of workers in place of dead ones (ProcessRestartInterval), by the clock of the host. */
const BETWEEN_STARTS_MS = 10_000;

export interface DispatcherOptions {
  readonly start: () => Promise<WorkerProcess>;
  readonly reporter: Reporter;
  /** `functionTimeout` in milliseconds. Undefined: none. It follows real time, as a timer of the host does. */
  readonly timeoutMs: number | undefined;
  readonly traceContext: CreateTraceContext;
  readonly now: () => number;
  readonly alarm: Pick<Alarm, 'at'>;
  /** The third death. The host must end. */
  readonly onGivenUp: () => void;
}

/**
 * Keeps one worker process and sends it the calls. A worker that dies fails its calls and is replaced, and calls wait
 * meanwhile. A call over `functionTimeout` fails, and its worker is replaced and killed once its other calls have ended.
 * Rejects with the HostError that prevented the first start.
 */
export async function createDispatcher({ start, reporter, timeoutMs, traceContext, ...host }: DispatcherOptions) {
  const deaths: number[] = [];
  let nextStart = Promise.resolve();
  let isStopping = false;
  /** The worker whose end is a death: not one that is being replaced. */
  let serving: WorkerProcess | undefined;
  const first = serve(await start());
  let current = Promise.resolve(first);
  const log = (message: string) => reporter.log({ level: 'error', category: 'Host.Worker', message });

  function serve(worker: WorkerProcess): WorkerProcess {
    serving = worker;
    void worker.exited.then((how) => {
      if (worker === serving && !isStopping) onDeath(how);
    });
    return worker;
  }

  function onDeath(how: string): void {
    serving = undefined;
    log(how);
    const now = host.now();
    if (now - (deaths.at(-1) ?? now) > FORGET_DEATHS_MS) deaths.length = 0;
    deaths.push(now);
    if (deaths.length < MOST_DEATHS) {
      current = startNext();
      return;
    }
    // Calls wait until the host has ended.
    current = new Promise(() => undefined);
    log('Exceeded the number of restarts of the worker. The host ends.');
    host.onGivenUp();
  }

  /** A start that fails counts as a death. Its calls then wait for the next one. */
  async function startNext(): Promise<WorkerProcess> {
    await nextStart;
    nextStart = new Promise((resolve) => host.alarm.at(host.now() + BETWEEN_STARTS_MS, resolve));
    try {
      return serve(await start());
    } catch (error) {
      onDeath(messageOf(error));
      return current;
    }
  }

  async function replace(worker: WorkerProcess): Promise<void> {
    if (worker === serving) {
      serving = undefined;
      current = startNext();
    }
    await worker.idle();
    worker.kill();
  }

  const invoke: Invoker = async (fn, { dequeueCount, input, metadata = {}, trace }) => {
    const identity = { function: fn.name, invocationId: randomUUID() };
    const { invocationId } = identity;
    const startedAt = performance.now();
    const end = (ok: boolean) => {
      const durationMs = Math.round((performance.now() - startedAt) * 1000) / 1000;
      reporter.event('invocation', { ...identity, ok, durationMs, dequeueCount });
    };
    const worker = await current;
    const onTimeout = () => {
      worker.abandon(invocationId, `Timeout value of ${timeoutMs} ms was exceeded by function: Functions.${fn.name}`);
      void replace(worker);
    };
    const timer = timeoutMs === undefined ? undefined : setTimeout(onTimeout, timeoutMs);
    try {
      const { name, inputName } = fn;
      const call = { invocationId, name, inputName, input, metadata, trace: traceContext(trace) };
      const response = await worker.invoke(call);
      end(true);
      return response;
    } catch (error) {
      const message = `Executed 'Functions.${fn.name}' (Failed): ${messageOf(error)}`;
      reporter.log({ level: 'error', category: `Function.${fn.name}`, ...identity, message });
      end(false);
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    functions: first.functions,
    invoke,
    /** Runs the appTerminate hooks of the worker, if there is one, and ends it. */
    async stop(): Promise<void> {
      isStopping = true;
      await serving?.terminate();
    },
  };
}
