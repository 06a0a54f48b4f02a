import { describeFunction, resolveSettings } from '../../../local/functionsHost/functions';
import type { BindingInfo } from '../../../local/functionsHost/worker/coreTypes';

const describeOne = (bindings: Record<string, BindingInfo>, env = {}) => describeFunction({ name: 'f', bindings }, env);

// Defaults: app.ts and trigger.ts of azure-functions-nodejs-library.
test('an HTTP route defaults to the name of the function', () => {
  expect(
    describeOne({
      t: { type: 'httpTrigger', direction: 'in', methods: ['get', 'POST'], authLevel: 'anonymous' },
      $return: { type: 'http', direction: 'out' },
    }),
  ).toMatchObject({
    type: 'http',
    inputName: 't',
    route: 'f',
    methods: ['GET', 'POST'],
    authLevel: 'anonymous',
  });
});

test('%SETTING% is resolved in queueName and schedule, the connection defaults to AzureWebJobsStorage', () => {
  expect(describeOne({ t: { type: 'queueTrigger', queueName: '%Q%' } }, { Q: 'work' })).toMatchObject({
    queueName: 'work',
    connection: 'AzureWebJobsStorage',
  });
  expect(describeOne({ t: { type: 'timerTrigger', schedule: '%S%' } }, { S: '0 * * * *' })).toMatchObject({
    schedule: '0 * * * *',
    runOnStartup: false,
    useMonitor: true,
  });
  expect(() => describeOne({ t: { type: 'timerTrigger', schedule: '%S%' } })).toThrow('add the app setting S');
});

test.each([
  [{ t: { type: 'blobTrigger' } }, 'trigger type "blobTrigger" is not supported'],
  [
    { t: { type: 'timerTrigger', schedule: '* * * * *' }, out: { type: 'queue' } },
    'binding "out" of type "queue" is not supported',
  ],
  [{ t: { type: 'queueTrigger', queueName: 'Bad_Name' } }, '"Bad_Name" is not a valid queue name'],
  [{ t: { type: 'httpTrigger', authLevel: 'user' } }, 'authLevel "user" must be'],
  [{}, 'it has no trigger'],
])('%j is refused', (bindings, message) => {
  expect(() => describeOne(bindings)).toThrow(message);
});

// %NAME% in a binding: Microsoft's article functions-bindings-expressions-patterns (app settings).
test('each %NAME% becomes the app setting', () => {
  expect(resolveSettings('%A%-%B%', { A: 'x', B: 'y' })).toBe('x-y');
  expect(resolveSettings('0 0 * * * *', {})).toBe('0 0 * * * *');
});

test('a missing setting is named', () => {
  expect(() => resolveSettings('%GONE%', {})).toThrow('add the app setting GONE');
});
