import { gzipSync } from 'node:zlib';
import { startIngestion, type Ingestion } from '../../../local/ingestion/startIngestion';

const NOW = Date.parse('2026-11-29T12:00:00.000Z');

let ingestion: Ingestion;
beforeEach(async () => {
  ingestion = await startIngestion({ now: () => NOW });
});
afterEach(() => ingestion.close());

const read = (name: string) => new RegExp(`${name}=([^;]+)`).exec(ingestion.connectionString)?.[1] ?? '';

interface Answer {
  readonly itemsReceived: number;
  readonly itemsAccepted: number;
  readonly errors: { index: number; statusCode: number; message: string }[];
}

async function track(items: readonly object[], path = 'v2.1/track', body = JSON.stringify(items)) {
  const response = await fetch(`${read('IngestionEndpoint')}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    body: gzipSync(body),
  });
  const answer = (await response.json()) as Answer;
  return { status: response.status, retryAfter: response.headers.get('retry-after'), ...answer };
}

/** An item as the exporter writes it: Envelope.md and MetricData.md of EndpointSpecs/Schemas. */
function metric(point: object = {}, properties: object = {}, envelope: object = {}): object {
  return {
    ver: 1,
    name: 'Microsoft.ApplicationInsights.Metric',
    time: '2026-11-29T11:59:00.000Z',
    iKey: read('InstrumentationKey'),
    sampleRate: 100,
    tags: { 'ai.cloud.role': 'app', 'ai.cloud.roleInstance': 'one', 'ai.application.ver': '1.0.0' },
    data: {
      baseType: 'MetricData',
      baseData: { ver: 2, metrics: [{ name: 'm', kind: 'Aggregation', value: 3, count: 1, ...point }], properties },
    },
    ...envelope,
  };
}

function item(baseType: string, baseData: object): object {
  return metric({}, {}, { name: baseType, data: { baseType, baseData: { ver: 2, ...baseData } } });
}

test('an accepted metric is a row of AppMetrics with its dimensions and its instance', async () => {
  // Track API: 200, all items were accepted.
  expect(await track([metric({ count: 4, min: 0.5, max: 1.5 }, { reason: 'clientState' })])).toEqual({
    ...{ status: 200, retryAfter: null, itemsReceived: 1, itemsAccepted: 1, errors: [] },
  });
  // Tables reference, AppMetrics.
  expect(ingestion.rows('AppMetrics')).toEqual([
    {
      TimeGenerated: new Date('2026-11-29T11:59:00.000Z'),
      ...{ Name: 'm', Sum: 3, ItemCount: 4, Min: 0.5, Max: 1.5 },
      Properties: { reason: 'clientState' },
      ...{ AppRoleName: 'app', AppRoleInstance: 'one', AppVersion: '1.0.0' },
    },
  ]);
});

test('the minimum and the maximum of a single measurement are its value', async () => {
  // data-model-complete.md, Custom metrics.
  await track([metric({ kind: 'Measurement', count: undefined })]);
  expect(ingestion.rows('AppMetrics')).toMatchObject([{ Sum: 3, ItemCount: 1, Min: 3, Max: 3 }]);
});

test('both paths take a JSON array, and one object a line', async () => {
  // Track API: consumes application/json and x-json-stream.
  const lines = [metric(), metric()].map((one) => JSON.stringify(one)).join('\n');
  expect(await track([], 'v2/track', `${lines}\n`)).toMatchObject({ status: 200, itemsReceived: 2 });
  expect(await track([metric()])).toMatchObject({ status: 200, itemsReceived: 1 });
  expect(ingestion.rows('AppMetrics')).toHaveLength(3);
});

test('the refusal of one item leaves the others, with its position and the reason', async () => {
  // ApplicationInsights-node.js #864: 206 with index, statusCode 400 and "106: Field …" for each refused item.
  const answer = await track([metric(), metric({ name: 7 }), metric()]);
  expect(answer).toMatchObject({ status: 206, itemsReceived: 3, itemsAccepted: 2 });
  expect(answer.errors).toEqual([
    {
      ...{ index: 1, statusCode: 400 },
      message: "106: Field 'name' on type 'DataPoint' is of incorrect type. Expected: string, Actual: 7",
    },
  ]);
  expect(ingestion.rows('AppMetrics')).toHaveLength(2);
});

test.each<[string, () => object]>([
  // appinsights-rs #221: 400 with "Invalid instrumentation key" for each item.
  ['a foreign instrumentation key', () => metric({}, {}, { iKey: '00000000-0000-0000-0000-000000000000' })],
  ['no instrumentation key', () => metric({}, {}, { iKey: undefined })],
  ['no name', () => metric({}, {}, { name: undefined })],
  ['a type of data that does not exist', () => item('ProfileData', {})],
  ['a type of data that every object has', () => item('constructor', {})],
  ['no data', () => metric({}, {}, { data: undefined })],
  ['no metric', () => item('MetricData', { metrics: [] })],
  // JSON.stringify writes NaN and Infinity as null.
  ['a value that is not a number', () => metric({ value: Number.NaN })],
  ['an infinite value', () => metric({ value: Number.POSITIVE_INFINITY })],
  ['a value in a text', () => metric({ value: '3' })],
  ['no value', () => metric({ value: undefined })],
  ['a count that is not whole', () => metric({ count: 1.5 })],
  // Limits page: 150 characters for names of properties and metrics, 8,192 for values.
  ['a name of 151 characters', () => metric({ name: 'n'.repeat(151) })],
  ['a name of a property with 151 characters', () => metric({}, { ['p'.repeat(151)]: '' })],
  ['a value of a property with 8,193 characters', () => metric({}, { p: 'v'.repeat(8_193) })],
  ['a property that is not a text', () => metric({}, { p: 1 })],
  [
    'an item above 64,000 bytes',
    () => metric({}, Object.fromEntries(Array.from({ length: 8 }, (_, n) => [n, 'v'.repeat(8_000)]))),
  ],
  // Envelope.md: from 48 hours before now to 2 hours after it.
  ['a time 48 hours and a second ago', () => metric({}, {}, { time: '2026-11-27T11:59:59.000Z' })],
  ['a time in two hours and a second', () => metric({}, {}, { time: '2026-11-29T14:00:01.000Z' })],
  ['a time without zone', () => metric({}, {}, { time: '2026-11-29T11:59:00' })],
  // RequestData.md, RemoteDependencyData.md, MessageData.md, ExceptionData.md.
  ['a request without result', () => item('RequestData', { id: '1', duration: '00.00:00:01' })],
  ['a duration in milliseconds', () => item('RemoteDependencyData', { name: 'n', duration: '1000' })],
  ['a dependency without name', () => item('RemoteDependencyData', { duration: '00:00:01' })],
  ['an empty message', () => item('MessageData', { message: '' })],
  ['a message of 32,769 characters', () => item('MessageData', { message: 'm'.repeat(32_769) })],
  ['a severity that does not exist', () => item('MessageData', { message: 'm', severityLevel: 'Notice' })],
  ['an exception without details', () => item('ExceptionData', { exceptions: [] })],
])('refuses %s', async (_name, make) => {
  // Track API: 400 if no item was accepted.
  expect(await track([make()])).toMatchObject({
    status: 400,
    itemsReceived: 1,
    itemsAccepted: 0,
    errors: [{ index: 0 }],
  });
});

test.each<[string, () => object]>([
  ['a name of 150 characters', () => metric({ name: 'n'.repeat(150) })],
  ['a time of 48 hours ago', () => metric({}, {}, { time: '2026-11-27T12:00:00.000Z' })],
  ['a time in two hours', () => metric({}, {}, { time: '2026-11-29T14:00:00.0000000Z' })],
  // Envelope.md: the instrumentation key is case-insensitive.
  ['an instrumentation key in upper case', () => metric({}, {}, { iKey: read('InstrumentationKey').toUpperCase() })],
])('accepts %s', async (_name, make) => {
  expect(await track([make()])).toMatchObject({ status: 200, itemsAccepted: 1 });
});

test('a span is a dependency or a request with its trace, its parent and its links', async () => {
  const tags = { 'ai.operation.id': 'trace', 'ai.operation.parentId': 'parent', 'ai.operation.name': 'work' };
  const links = '[{"operation_Id":"other","id":"span"}]';
  const call = { id: 'span', name: 'GET /', duration: '1.02:03:04.500000', success: false };
  await track([
    {
      ...item('RequestData', { ...call, responseCode: '500', properties: { '_MS.links': links } }),
      tags,
      sampleRate: 25,
    },
    { ...item('RemoteDependencyData', { ...call, type: 'Http', target: 'graph', data: '/', resultCode: '0' }), tags },
  ]);
  // (24 + 2) h 3 min 4.5 s. Columns: tables reference, AppRequests and AppDependencies. One item of 25 percent stands for 4.
  const common = {
    ...{ OperationId: 'trace', ParentId: 'parent', OperationName: 'work' },
    ...{ Id: 'span', Name: 'GET /', DurationMs: 93_784_500, Success: false },
  };
  expect(ingestion.rows('AppRequests')).toMatchObject([
    { ...common, ResultCode: '500', ItemCount: 4, Properties: { '_MS.links': links } },
  ]);
  expect(ingestion.rows('AppDependencies')).toMatchObject([
    { ...common, DependencyType: 'Http', Target: 'graph', Data: '/', ResultCode: '0', ItemCount: 1 },
  ]);
});

test('messages, exceptions and events have their own tables', async () => {
  await track([
    item('MessageData', { message: 'text', severityLevel: 'Warning', properties: { code: 'X' } }),
    item('MessageData', { message: 'text', severityLevel: 3 }),
    item('ExceptionData', { exceptions: [{ typeName: 'TypeError', message: 'bad' }], severityLevel: 4 }),
    item('EventData', { name: 'started' }),
  ]);
  // MessageData.md: Warning = 2, Error = 3.
  expect(ingestion.rows('AppTraces')).toMatchObject([
    { Message: 'text', SeverityLevel: 2, Properties: { code: 'X' } },
    { Message: 'text', SeverityLevel: 3 },
  ]);
  expect(ingestion.rows('AppExceptions')).toMatchObject([
    { ExceptionType: 'TypeError', OuterMessage: 'bad', SeverityLevel: 4 },
  ]);
  expect(ingestion.rows('AppEvents')).toMatchObject([{ Name: 'started' }]);
});

test.each([402, 429, 500, 503] as const)(
  'on demand it refuses all items with %i, then accepts again',
  async (status) => {
    ingestion.fail({ status, count: 2, retryAfterSeconds: 7 });
    for (let n = 0; n < 2; n += 1) {
      const answer = await track([metric(), metric()]);
      expect(answer).toMatchObject({ status, retryAfter: '7', itemsReceived: 2, itemsAccepted: 0 });
      expect(answer.errors.map(({ statusCode }) => statusCode)).toEqual([status, status]);
    }
    expect(ingestion.rows('AppMetrics')).toEqual([]);
    expect(await track([metric()])).toMatchObject({ status: 200, retryAfter: null });
    expect(ingestion.answers().map((answer) => answer.status)).toEqual([status, status, 200]);
  },
);

test('on demand it accepts a part of the items, and asks to send the others again', async () => {
  ingestion.fail({ status: 206, items: [1] });
  expect(await track([metric({ value: 1 }), metric({ value: 2 }), metric({ value: 3 })])).toMatchObject({
    ...{ status: 206, itemsReceived: 3, itemsAccepted: 2 },
    errors: [{ index: 1, statusCode: 500 }],
  });
  expect(ingestion.rows('AppMetrics').map(({ Sum }) => Sum)).toEqual([1, 3]);
});

test('other requests are refused, and change nothing', async () => {
  expect(await track([metric()], 'v1/track')).toMatchObject({ status: 404 });
  expect(await track([], 'v2.1/track', 'no JSON')).toMatchObject({ status: 400, itemsReceived: 0 });
  const get = await fetch(`${read('IngestionEndpoint')}v2.1/track`);
  expect(get.status).toBe(405);
  const plain = await fetch(`${read('IngestionEndpoint')}v2.1/track`, {
    method: 'POST',
    headers: { 'content-encoding': 'gzip' },
    body: 'not compressed',
  });
  expect(plain.status).toBe(400);
  expect(ingestion.rows('AppMetrics')).toEqual([]);
});

test('all that was received can be read as it was sent', async () => {
  await track([metric({}, { p: 'secret' })]);
  expect(ingestion.received().join()).toContain('"p":"secret"');
});
