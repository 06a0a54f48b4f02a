import { randomUUID } from 'node:crypto';
import type { DescribedFunction } from '../functions';
import { messageOf } from '../hostError';
import type { LogEntry, Reporter } from '../reporter';
import type { CoreInvocationContext, InvocationRequest, InvocationResponse, TypedData } from './coreTypes';
import { appContext, readOnly, runHooks, type RegisteredFunction, type Worker } from './registration';

/** The input of one run, as its trigger provides it. */
export interface InvocationInput {
  readonly input: TypedData;
  readonly metadata?: Record<string, TypedData>;
  readonly trace?: InvocationRequest['traceContext'];
  readonly dequeueCount?: number;
}

/** Runs a function once. An error of the function is logged, and the response is then undefined. */
export type Invoker = (fn: DescribedFunction, input: InvocationInput) => Promise<InvocationResponse | undefined>;

/** An invoker that reports the end of every invocation. */
export function createInvoker(worker: Worker, reporter: Reporter): Invoker {
  return async (fn, { dequeueCount, ...given }) => {
    const identity = { function: fn.name, invocationId: randomUUID() };
    const startedAt = performance.now();
    const end = (ok: boolean) => {
      const durationMs = Math.round((performance.now() - startedAt) * 1000) / 1000;
      reporter.event('invocation', { ...identity, ok, durationMs, dequeueCount });
    };
    const trigger = { ...given, invocationId: identity.invocationId, inputName: fn.inputName };
    try {
      const response = await invoke(worker, fn.target, trigger);
      end(true);
      return response;
    } catch (error) {
      const message = `Executed 'Functions.${fn.name}' (Failed): ${messageOf(error, 'stack')}`;
      reporter.log({ level: 'error', category: `Function.${fn.name}`, ...identity, message });
      end(false);
      return undefined;
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
  { metadata, callback }: RegisteredFunction,
  { invocationId, inputName, input, metadata: triggerMetadata = {}, trace = {} }: Trigger,
): Promise<InvocationResponse> {
  let invocationContext: unknown = undefined;
  const core: CoreInvocationContext = {
    invocationId,
    metadata,
    request: {
      invocationId,
      functionId: metadata.name,
      inputData: [{ name: inputName, data: input }],
      triggerMetadata,
      traceContext: trace,
      retryContext: null,
    },
    state: undefined,
    log(level, category, message) {
      const { name } = metadata;
      worker.log({
        ...applyLogHooks(worker, { level, message }, { category, invocationContext }),
        ...{ category: `Function.${name}${category === 'user' ? '.User' : ''}`, function: name, invocationId },
      });
    },
  };
  const model = await worker.programmingModel().getInvocationModel(core);
  const { context, inputs } = await model.getArguments();
  invocationContext = context;

  const shared = { hookData: {}, appHookData: worker.appHookData, invocationContext };
  const before = Object.assign(readOnly(shared), { functionCallback: callback, inputs });
  await inState(core, 'preInvocationHooks', () => runHooks(worker, 'preInvocation', before));

  const outcome: { result: unknown; error: unknown } = { result: null, error: null };
  const after = Object.assign(readOnly(shared), { inputs: before.inputs, ...outcome });
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

type Line = Pick<LogEntry, 'level' | 'message'>;

/** A log hook may change level and message. It runs within the log call, so its promise is not awaited. */
function applyLogHooks(worker: Worker, line: Line, about: Readonly<Record<string, unknown>>): Line {
  const context = Object.assign(appContext(worker, about), line);
  for (const hook of worker.hooks('log')) void hook(context);
  return { level: context.level, message: context.message };
}

/** Counts work in progress, so that a stop can wait for it and a test can see when nothing runs. */
export type Activity = ReturnType<typeof createActivity>;

/** An activity without work. `idle` resolves when nothing is in progress. */
export function createActivity() {
  const inProgress = new Set<Promise<unknown>>();
  return {
    running: () => inProgress.size,
    track<T>(work: Promise<T>): Promise<T> {
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
