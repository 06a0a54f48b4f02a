import type { LogEntry } from '../reporter';
import type { CoreInvocationContext, InvocationResponse } from './coreTypes';
import type { Call } from './messages';
import { appContext, readOnly, runHooks, type RegisteredFunction, type Worker } from './registration';

/**
 * Runs one function through the library's own invocation model, in the order of the worker's InvocationHandler:
 * arguments, preInvocation hooks, function, postInvocation hooks, response. Throws the error of the function or of a
 * hook, unless a postInvocation hook set `error` to null.
 */
export async function invoke(
  worker: Worker,
  { metadata, callback }: RegisteredFunction,
  { invocationId, inputName, input, metadata: triggerMetadata, trace }: Omit<Call, 'name'>,
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
