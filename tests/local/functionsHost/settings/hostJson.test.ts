import { parseHostJson, parseTimeSpan } from '../../../../local/functionsHost/settings/hostJson';

const parse = (json: object, env: Record<string, string> = {}, cpus = 1) =>
  parseHostJson(JSON.stringify({ version: '2.0', ...json }), env, cpus);
const queues = (options: object) => parse({ extensions: { queues: options } }).queues;

// Defaults and ranges: QueuesOptions.cs, HttpOptions.cs and Microsoft's article functions-host-json.
test('an empty host.json has the documented defaults', () => {
  expect(parse({})).toEqual({
    functionTimeoutMs: 1_800_000,
    isOpenTelemetry: false,
    queues: {
      batchSize: 16,
      newBatchThreshold: 8,
      maxDequeueCount: 5,
      visibilityTimeoutMs: 0,
      maxPollingIntervalMs: 60_000,
      messageEncoding: 'base64',
    },
    http: { routePrefix: 'api', customHeaders: {} },
    singleton: { lockPeriodMs: 15_000, recoveryIntervalMs: 60_000 },
    logLevels: {},
  });
});

test('newBatchThreshold defaults to half the batch size times the CPU count', () => {
  expect(parse({ extensions: { queues: { batchSize: 10 } } }, {}, 2).queues.newBatchThreshold).toBe(10);
});

test('values are read, an empty routePrefix included', () => {
  expect(
    queues({ visibilityTimeout: '00:00:30', maxPollingInterval: '00:00:02', messageEncoding: 'none' }),
  ).toMatchObject({
    visibilityTimeoutMs: 30_000,
    maxPollingIntervalMs: 2_000,
    messageEncoding: 'none',
  });
  expect(parse({ extensions: { http: { routePrefix: '' } } }).http.routePrefix).toBe('');
});

test.each([
  [{ batchSize: 0 }, 'extensions.queues.batchSize must be a whole number from 1 to 32, got 0'],
  [{ batchSize: 33 }, 'extensions.queues.batchSize must be a whole number from 1 to 32, got 33'],
  [{ maxDequeueCount: 0 }, 'extensions.queues.maxDequeueCount must be a whole number of at least 1'],
  [{ newBatchThreshold: -1 }, 'extensions.queues.newBatchThreshold must be a whole number of at least 0'],
  [
    { maxPollingInterval: '00:00:00.050' },
    'extensions.queues.maxPollingInterval must be a time span such as "00:00:30" from 100 ms',
  ],
  [{ visibilityTimeout: 30 }, 'extensions.queues.visibilityTimeout must be a time span'],
  [{ messageEncoding: 'utf8' }, 'extensions.queues.messageEncoding must be base64 or none'],
])('%j stops the start with the documented range', (options, message) => {
  expect(() => queues(options)).toThrow(message);
});

test('an app setting AzureFunctionsJobHost__path overrides a value, whatever the case (functions-host-json)', () => {
  const env = {
    AzureFunctionsJobHost__extensions__queues__batchSize: '4',
    AZUREFUNCTIONSJOBHOST__EXTENSIONS__HTTP__ROUTEPREFIX: 'v1',
  };
  const config = parse({ extensions: { queues: { BatchSize: 20 } } }, env);
  expect(config.queues).toMatchObject({ batchSize: 4, newBatchThreshold: 2 });
  expect(config.http.routePrefix).toBe('v1');
});

test('an override adds to the texts of the file and replaces those of the same name', () => {
  const logging = { logLevel: { Default: 'Warning', 'Host.Queues': 'Error' } };
  const env = {
    AzureFunctionsJobHost__logging__logLevel__default: 'Debug',
    AzureFunctionsJobHost__logging__logLevel__Worker: 'None',
  };
  expect(parse({ logging }, env).logLevels).toEqual({ Default: 'Debug', 'Host.Queues': 'Error', Worker: 'None' });
});

test('an override out of range is refused like a value in the file', () => {
  expect(() => parse({}, { AzureFunctionsJobHost__extensions__queues__batchSize: '99' })).toThrow('from 1 to 32');
});

test('version must be 2.0', () => {
  expect(() => parseHostJson('{}', {}, 1)).toThrow('"version" must be "2.0"');
  expect(() => parseHostJson('{', {}, 1)).toThrow('host.json is not JSON');
});

// .NET "Standard TimeSpan format strings", constant format [-][d.]hh:mm:ss[.fffffff].
test.each([
  ['00:00:30', 30_000],
  ['00:00:00.1', 100],
  ['00:00:02.0500000', 2_050],
  ['01:02', 3_720_000],
  ['1.00:00:00', 86_400_000],
  ['30', 30 * 86_400_000],
])('%s is %d ms', (text, expected) => {
  expect(parseTimeSpan(text)).toBe(expected);
});

test.each(['3x', '', '24:00:00', '00:60:00', '0 0 * * * *'])('%j is no time span', (text) => {
  expect(parseTimeSpan(text)).toBeUndefined();
});
