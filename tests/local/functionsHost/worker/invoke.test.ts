import type {
  CoreInvocationContext,
  InvocationModel,
  ProgrammingModel,
} from '../../../../local/functionsHost/worker/coreTypes';
import { createWorker } from '../../../../local/functionsHost/worker/registration';
import { invoke } from '../../../../local/functionsHost/worker/invoke';

/** A model that notes each step with the state it sees. */
function setUp(callback: (...inputs: unknown[]) => unknown) {
  const steps: string[] = [];
  const logs: unknown[] = [];
  const worker = createWorker((entry) => logs.push(entry));
  const getInvocationModel = (core: CoreInvocationContext): InvocationModel => {
    const note = (step: string) => steps.push(`${step} (${core.state ?? 'none'})`);
    note('model');
    return {
      getArguments: () => (note('arguments'), Promise.resolve({ context: { core }, inputs: ['in'] })),
      invokeFunction: async (context, inputs, call) => (note('invoke'), await call(...inputs, context)),
      getResponse: (_context, result) => (
        note('response'),
        Promise.resolve({ returnValue: { json: JSON.stringify(result) } })
      ),
    };
  };
  const model: ProgrammingModel = { getInvocationModel };
  worker.coreModule.setProgrammingModel(model);
  const hook = worker.coreModule.registerHook;
  const run = () =>
    invoke(
      worker,
      { metadata: { name: 'f', bindings: {} }, callback },
      { invocationId: 'i', inputName: 'n', input: {}, metadata: {}, trace: {} },
    );
  return { steps, logs, hook, run };
}

// Order: eventHandlers/InvocationHandler.ts of azure-functions-nodejs-worker.
test('steps run in the order of the worker, each in its state', async () => {
  const { steps, hook, run } = setUp(() => 'out');
  hook('preInvocation', () => void steps.push('pre 1'));
  hook('preInvocation', () => Promise.resolve(void steps.push('pre 2')));
  hook('postInvocation', () => void steps.push('post'));
  await expect(run()).resolves.toEqual({ returnValue: { json: '"out"' } });
  expect(steps).toEqual([
    'model (none)',
    'arguments (none)',
    'pre 1',
    'pre 2',
    'invoke (invocation)',
    'post',
    'response (none)',
  ]);
});

test('a preInvocation hook replaces inputs and function', async () => {
  const { hook, run } = setUp(() => 'original');
  hook('preInvocation', (context) => {
    context.inputs = ['changed'];
    context.functionCallback = (input: unknown) => `wrapped ${String(input)}`;
  });
  await expect(run()).resolves.toEqual({ returnValue: { json: '"wrapped changed"' } });
});

test('a postInvocation hook that sets error to null turns failure into its result', async () => {
  const { hook, run } = setUp(() => {
    throw new Error('failed');
  });
  await expect(run()).rejects.toThrow('failed');
  hook('postInvocation', (context) => {
    expect(context.error).toMatchObject({ message: 'failed' });
    context.error = null;
    context.result = 'saved';
  });
  await expect(run()).resolves.toEqual({ returnValue: { json: '"saved"' } });
});

test('hookData is shared within an invocation, fresh in the next, and cannot be replaced', async () => {
  const { hook, run } = setUp(() => undefined);
  const seen: unknown[] = [];
  hook('preInvocation', ({ hookData }) => void ((hookData as { mark?: number }).mark ??= seen.length));
  hook('postInvocation', (context) => {
    seen.push((context.hookData as { mark?: number }).mark);
    expect(() => (context.hookData = {})).toThrow('read only');
  });
  await run();
  await run();
  expect(seen).toEqual([0, 1]);
});

test('a log hook changes level and message of what a function logs', async () => {
  const { hook, run, logs } = setUp((_input, context) => {
    (context as { core: CoreInvocationContext }).core.log('information', 'user', 'said');
  });
  hook('log', (context) => {
    context.level = 'warning';
    context.message = `${String(context.message)}, hooked`;
  });
  await run();
  expect(logs).toEqual([
    {
      level: 'warning',
      category: 'Function.f.User',
      function: 'f',
      invocationId: 'i',
      message: 'said, hooked',
    },
  ]);
});
