import { randomUUID } from 'node:crypto';
import type { DescribedFunction } from '../functions';
import { messageOf } from '../hostError';
import type { Reporter } from '../reporter';
import type {
  CoreInvocationContext,
  InvocationRequest,
  InvocationResponse,
  LogLevel,
  TraceContext,
  TypedData,
} from './coreTypes';
import { readOnly, runHooks, type RegisteredFunction, type Worker } from './registration';

/** The input of one run, as its trigger provides it. */
export interface InvocationInput {
  readonly input: TypedData;
  readonly metadata?: Record<string, TypedData>;
  readonly trace?: TraceContext;
  readonly dequeueCount?: number;
}

export type InvocationResult = { readonly ok: true; readonly response: InvocationResponse } | { readonly ok: false };

/** Runs a function once. An error of the function is logged and returned as `ok: false`. */
export type Invoker = (fn: DescribedFunction, input: InvocationInput) => Promise<InvocationResult>;

interface InvokerDependencies {
  readonly worker: Worker;
  readonly reporter: Reporter;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonicMs: () => number;
}

/** An invoker that reports the end of every invocation. */
export function createInvoker({ worker, reporter, monotonicMs }: InvokerDependencies): Invoker {
  return async (fn, { dequeueCount, ...given }) => {
    const identity = { function: fn.name, invocationId: randomUUID() };
    const startedAt = monotonicMs();
    const end = (ok: boolean) =>
      reporter.event('invocation', {
        ...identity,
        ok,
        durationMs: Math.round((monotonicMs() - startedAt) * 1000) / 1000,
        ...(dequeueCount === undefined ? {} : { dequeueCount }),
      });
    const trigger = { ...given, invocationId: identity.invocationId, inputName: fn.inputName };
    try {
      const response = await invoke(worker, fn.target, trigger);
      end(true);
      return { ok: true, response };
    } catch (error) {
      const message = `Executed 'Functions.${fn.name}' (Failed): ${messageOf(error, 'stack')}`;
      reporter.log({ level: 'error', category: `Function.${fn.name}`, ...identity, message });
      end(false);
      return { ok: false };
    }
  };
}

interface Trigger extends InvocationInput {
  readonly invocationId: string;
  readonly inputName: string;
}

/**
 * Runs one function through the library's own invocation model, in the order of the worker's InvocationHandler:
 * arguments, preInvocation hooks, function, postInvocation hooks, response. Throws the error of the function or of a
 * hook, unless a postInvocation hook set `error` to null.
 */
export async function invoke(
  worker: Worker,
  target: RegisteredFunction,
  trigger: Trigger,
): Promise<InvocationResponse> {
  const core = coreContext(worker, target, trigger);
  const model = await worker.programmingModel().getInvocationModel(core);
  const { context, inputs } = await model.getArguments();
  core.setContext(context);

  const shared = { hookData: {}, appHookData: worker.appHookData, invocationContext: context };
  const before = Object.assign(readOnly(shared), { functionCallback: target.callback, inputs });
  await inState(core, 'preInvocationHooks', () => runHooks(worker, 'preInvocation', before));

  const outcome: { inputs: unknown[]; result: unknown; error: unknown } = {
    inputs: before.inputs,
    result: null,
    error: null,
  };
  const after = Object.assign(readOnly(shared), outcome);
  await inState(core, 'invocation', async () => {
    try {
      after.result = await model.invokeFunction(context, before.inputs, before.functionCallback);
    } catch (error) {
      after.error = error;
    }
  });
  await inState(core, 'postInvocationHooks', () => runHooks(worker, 'postInvocation', after));

  if (after.error !== null && after.error !== undefined) throw after.error; // eslint-disable-line @typescript-eslint/only-throw-error -- the function's own value, unchanged
  return model.getResponse(context, after.result);
}

async function inState(
  core: CoreInvocationContext,
  state: CoreInvocationContext['state'],
  work: () => Promise<void>,
): Promise<void> {
  core.state = state;
  try {
    await work();
  } finally {
    core.state = undefined;
  }
}

function coreContext(
  worker: Worker,
  { metadata }: RegisteredFunction,
  { invocationId, inputName, input, metadata: triggerMetadata = {}, trace = {} }: Trigger,
): CoreInvocationContext & { setContext(context: unknown): void } {
  const { name } = metadata;
  let invocationContext: unknown;
  const request: InvocationRequest = {
    invocationId,
    functionId: name,
    inputData: [{ name: inputName, data: input }],
    triggerMetadata,
    traceContext: trace,
    retryContext: null,
  };
  return {
    invocationId,
    request,
    metadata,
    state: undefined,
    setContext: (context) => (invocationContext = context),
    log(level, category, message) {
      const entry = applyLogHooks(worker, { level, message }, { category, invocationContext });
      worker.log({
        level: entry.level,
        category: category === 'user' ? `Function.${name}.User` : `Function.${name}`,
        function: name,
        invocationId,
        message: entry.message,
      });
    },
  };
}

/** A log hook may change level and message. It runs within the log call, so its promise is not awaited. */
function applyLogHooks(
  worker: Worker,
  line: { level: LogLevel; message: string },
  about: Readonly<Record<string, unknown>>,
): { level: LogLevel; message: string } {
  const { appHookData, appLevelHookData: hookData } = worker;
  const context = Object.assign(readOnly({ hookData, appHookData, ...about }), line);
  for (const hook of worker.hooks('log')) void hook(context);
  return context;
}

/** Counts work in progress, so that a stop can wait for it and a test can see when nothing runs. */
export interface Activity {
  running(): number;
  track<T>(work: Promise<T>): Promise<T>;
  /** Resolves when nothing is in progress. */
  idle(): Promise<void>;
}

export function createActivity(): Activity {
  const inProgress = new Set<Promise<unknown>>();
  return {
    running: () => inProgress.size,
    track(work) {
      inProgress.add(work);
      const done = () => void inProgress.delete(work);
      work.then(done, done);
      return work;
    },
    async idle() {
      while (inProgress.size > 0) await Promise.allSettled(inProgress);
    },
  };
}
