import { HttpRequest, InvocationContext } from '@azure/functions';
import { answerWebhook, measureAnswer } from '../../functions/answerWebhook';
import type { Measurement } from '../../shared/telemetry/catalogue';
import type * as Telemetry from '../../shared/telemetry/telemetry';
import { badInputs } from '../fixtures/badInputs';
import { eventually } from '../support/eventually';
import { bodyOf, CLIENT_ID, startedItem, TEST_KEYS_SETTING } from '../support/notifications';

/** Nothing listens on port 1 of loopback, so storage refuses at once. */
const settings = {
  AzureWebJobsStorage:
    'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:1/a;QueueEndpoint=http://127.0.0.1:1/a;TableEndpoint=http://127.0.0.1:1/a;',
  ENTRA_CLIENT_ID: CLIENT_ID,
  GRAPH_CREDENTIAL: 'development',
  GRAPH_BASE_URL: 'http://127.0.0.1:1/v1.0',
  CLIENT_STATE_KEYS: TEST_KEYS_SETTING,
  PUBLIC_BASE_URL: 'https://app.example.com/api',
};

const mockRefresh = jest.fn(() => Promise.resolve());
jest.mock('../../shared/webhook/recordReader', () => ({
  ...jest.requireActual<object>('../../shared/webhook/recordReader'),
  createRecordReader: () => ({
    current: () => Promise.resolve({ record: undefined, ageMs: 0 }),
    refresh: mockRefresh,
  }),
}));

const mockSend = jest.fn(() => Promise.resolve());
const mockAnswered = jest.fn();
jest.mock('../../shared/webhook/sweepAllRequests', () => ({
  createSweepAllRequests: () => ({ note: () => true, answered: mockAnswered, send: mockSend }),
}));

const mockMeasured: Measurement[] = [];
jest.mock('../../shared/telemetry/telemetry', () => {
  const actual = jest.requireActual<typeof Telemetry>('../../shared/telemetry/telemetry');
  return {
    ...actual,
    getTelemetry: (env: NodeJS.ProcessEnv) => ({
      ...actual.getTelemetry(env),
      measure: (one: Measurement) => void mockMeasured.push(one),
    }),
  };
});

const before = process.env;
afterEach(() => {
  process.env = before;
});

async function post(env: Record<string, string>, body: Uint8Array, query: Record<string, string> = {}) {
  process.env = env;
  const lines: unknown[] = [];
  const context = new InvocationContext({
    functionName: 'receiveNotifications',
    logHandler: (level, ...args) => void lines.push([level, JSON.parse(String(args[0]))]),
  });
  const request = new HttpRequest({
    method: 'POST',
    url: 'http://localhost/api/notifications',
    query,
    headers: { 'content-length': String(body.length) },
    body: { bytes: body },
  });
  return { answer: await answerWebhook(request, context), lines };
}

const nosniff = { 'X-Content-Type-Options': 'nosniff' };

it.each([
  ['without any setting', {}],
  ['with valid settings', settings],
])('answers the handshake %s', async (_name, env) => {
  const validationToken = 'Validation: Testing client application reachability for subscription Request-Id: 1';
  expect(await post(env, Buffer.alloc(0), { validationToken })).toEqual({
    answer: { status: 200, headers: { 'Content-Type': 'text/plain', ...nosniff }, body: validationToken },
    lines: [],
  });
});

it('answers 503 with invalid settings, and the log names them: Graph retries for four hours', async () => {
  const { answer, lines } = await post({}, bodyOf(startedItem()));
  expect(answer).toEqual({ status: 503, headers: nosniff });
  expect(lines).toMatchObject([
    [
      'error',
      {
        event: 'function.failed',
        function: 'receiveNotifications',
        code: 'configInvalid',
        message: expect.stringContaining('CLIENT_STATE_KEYS') as string,
      },
    ],
  ]);
});

it('answers 202, empty, for a batch that needs no storage', async () => {
  const { answer, lines } = await post({ ...settings }, bodyOf());
  expect(answer).toEqual({ status: 202, headers: nosniff });
  expect(lines).toMatchObject([['information', { event: 'notifications.received', items: 0 }]]);
});

it('reads the record of clientStates and asks for a sweep after the answer and not before', async () => {
  for (const mock of [mockRefresh, mockSend]) mock.mockClear();
  await post({ ...settings }, bodyOf());
  expect([...mockRefresh.mock.calls, ...mockSend.mock.calls]).toEqual([]);
  await eventually('the reading', () => mockRefresh.mock.calls[0]);
  await eventually('the request', () => mockSend.mock.calls[0]);
});

it('answers 503 while storage refuses', async () => {
  const { answer, lines } = await post({ ...settings }, bodyOf(startedItem()));
  expect(answer).toEqual({ status: 503, headers: nosniff });
  expect(lines).toMatchObject([['error', { status: 503, accepted: 0 }]]);
});

it.each([
  ['a body with the right mac', bodyOf(startedItem()), {}, 'true'],
  ['a body that anyone can send', bodyOf(), {}, 'false'],
  ['a handshake, which anyone can send', Buffer.alloc(0), { validationToken: 'x' }, 'false'],
])('measures whether an answer was to Graph: %s', async (_name, body, query, fromGraph) => {
  mockMeasured.length = 0;
  mockAnswered.mockClear();
  await post({ ...settings }, body, query);
  const times = mockMeasured.filter(({ metric }) => metric === 'upr.notifications.time');
  expect(times).toMatchObject([{ dimensions: { route: 'receiveNotifications', fromGraph } }]);
  const counted = mockAnswered.mock.calls.map(([, of]: unknown[]) => String(of));
  expect(counted).toEqual('validationToken' in query ? [] : [fromGraph]);
});

it('reads body and Content-Length of the request', async () => {
  const tooLarge = badInputs.find(({ status }) => status === 413);
  expect((await post({ ...settings }, Buffer.from(tooLarge?.body ?? ''))).answer).toMatchObject({
    status: 413,
  });
  expect((await post({ ...settings }, Buffer.from('x'))).answer).toMatchObject({ status: 400 });
});

it('answers 503 when nothing is done in 2.5 seconds', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  try {
    const request = new HttpRequest({ method: 'POST', url: 'http://localhost/api/notifications' });
    jest.spyOn(request, 'arrayBuffer').mockReturnValue(new Promise(() => undefined));
    const lines: string[] = [];
    process.env = { ...settings };
    const context = new InvocationContext({
      logHandler: (_level, ...args) => void lines.push(String(args[0])),
    });
    const answer = Promise.resolve(answerWebhook(request, context));
    await jest.advanceTimersByTimeAsync(2_500);
    expect(await answer).toEqual({ status: 503, headers: nosniff });
    expect(lines.join()).toContain('deadlinePassed');
    // It was not read, so it may have been of Graph.
    const last = mockMeasured.filter(({ metric }) => metric === 'upr.notifications.time').at(-1);
    expect(last?.dimensions).toMatchObject({ status: '503', fromGraph: 'unknown' });
  } finally {
    jest.useRealTimers();
  }
});

// concepts/change-notifications-delivery-webhooks.md: within 3 s, slow above 10 s.
it.each([
  [900, []],
  [1_001, ['1s']],
  [2_901, ['1s', '2.9s']],
  [10_001, ['1s', '2.9s', '10s']],
])('measures an answer of %d ms, and each limit that it exceeds', (ms, limits) => {
  const measured: Measurement[] = [];
  const answer = { route: 'receiveNotifications', status: 202, ms, fromGraph: true };
  measureAnswer((one) => void measured.push(one), answer);
  expect(measured).toEqual([
    {
      metric: 'upr.notifications.time',
      value: ms,
      dimensions: { route: 'receiveNotifications', status: '202', fromGraph: 'true' },
    },
    ...limits.map((limit) => ({
      metric: 'upr.notifications.slow',
      value: 1,
      dimensions: { limit, fromGraph: 'true' },
    })),
  ]);
});
