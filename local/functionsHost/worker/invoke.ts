import type {
  CoreInvocationContext,
  InvocationRequest,
  InvocationResponse,
  LogLevel,
  TraceContext,
  TypedData,
} from './coreTypes';
import type { RegisteredFunction, Worker } from './createWorker';
import { readOnly, runHooks } from './runHooks';

/** What a trigger hands to one run of its function. */
export interface Trigger {
  readonly invocationId: string;
  readonly inputName: string;
  readonly input: TypedData;
  readonly metadata: Record<string, TypedData>;
  readonly trace?: TraceContext;
}

/**
 * Runs one function through the library's own invocation model, in the order of the worker's InvocationHandler:
 * arguments, preInvocation hooks, function, postInvocation hooks, response. Throws what the function (or a hook) threw,
 * unless a postInvocation hook has set `error` to null.
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

  const after: { inputs: unknown[]; result: unknown; error: unknown } & Record<string, unknown> =
    Object.assign(readOnly(shared), {
      inputs: before.inputs,
      result: null,
      error: null,
    });
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

async function inState<T>(
  core: CoreInvocationContext,
  state: CoreInvocationContext['state'],
  work: () => Promise<T>,
) {
  core.state = state;
  try {
    return await work();
  } finally {
    core.state = undefined;
  }
}

function coreContext(
  worker: Worker,
  target: RegisteredFunction,
  trigger: Trigger,
): CoreInvocationContext & { setContext(context: unknown): void } {
  const { invocationId } = trigger;
  const { name } = target.metadata;
  let invocationContext: unknown;
  const request: InvocationRequest = {
    invocationId,
    functionId: name,
    inputData: [{ name: trigger.inputName, data: trigger.input }],
    triggerMetadata: trigger.metadata,
    traceContext: trigger.trace ?? {},
    retryContext: null,
  };
  return {
    invocationId,
    request,
    metadata: target.metadata,
    state: undefined,
    setContext: (context) => (invocationContext = context),
    log(level, category, message) {
      const entry = applyLogHooks(worker, { level, message, category, invocationContext });
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

/** Log hooks run in line with the log call, so what they return is not awaited; they may change level and message. */
function applyLogHooks(
  worker: Worker,
  {
    level,
    message,
    category,
    invocationContext,
  }: { level: LogLevel; message: string } & Record<string, unknown>,
): { level: LogLevel; message: string } {
  const hooks = worker.hooks('log');
  if (hooks.length === 0) return { level, message };
  const context = Object.assign(
    readOnly({
      hookData: worker.appLevelHookData,
      appHookData: worker.appHookData,
      category,
      invocationContext,
    }),
    { level, message },
  );
  for (const hook of hooks) void hook(context);
  return context;
}
