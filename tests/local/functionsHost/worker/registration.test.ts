import type { FunctionMetadata } from '../../../../local/functionsHost/worker/coreTypes';
import { createWorker } from '../../../../local/functionsHost/worker/registration';

const make = () => {
  const worker = createWorker(() => undefined);
  return { worker, register: worker.coreModule.registerFunction };
};
const fn = (name: string): FunctionMetadata => ({ name, bindings: {} });

// Registration rules: coreApi/registerFunction.ts of azure-functions-nodejs-worker.
test('registration is closed once the metadata was requested', () => {
  const { worker, register } = make();
  register(fn('early'), () => undefined);
  worker.closeRegistration();
  expect(() => register(fn('late'), () => undefined)).toThrow('function "late" came later');
  expect([...worker.functions.keys()]).toEqual(['early']);
});

test('a function name can be used once', () => {
  const { register } = make();
  register(fn('a'), () => undefined);
  expect(() => register(fn('a'), () => undefined)).toThrow('"a" has already been registered');
});

test('the core module offers what the library uses (types-core)', () => {
  const { worker } = make();
  expect(Object.keys(worker.coreModule).sort()).toEqual([
    'Disposable',
    'getProgrammingModel',
    'hostVersion',
    'log',
    'registerFunction',
    'registerHook',
    'setProgrammingModel',
    'version',
  ]);
});

test('an app that never calls the library fails with the remedy', () => {
  expect(() => make().worker.programmingModel()).toThrow('register at least one function');
});
