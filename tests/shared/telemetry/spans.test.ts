import { isSampled, startWorkSpan, type EndedSpan } from '../../../shared/telemetry/spans';
import { formatTraceparent, parseTraceparent } from '../../../shared/telemetry/traceparent';

/** Ids of traces that the share of 10 % takes and leaves: the last 32 bits are below and above a tenth of their range. */
const SAMPLED = '0af7651916cd43dd8448eb2100000001';
const LEFT = '0af7651916cd43dd8448eb21ffffffff';
const SPAN = 'b7ad6b7169203331';

function createWorld() {
  const traced: EndedSpan[] = [];
  let now = 1_000;
  let last = 0;
  const deps = {
    trace: (spans: readonly EndedSpan[]) => void traced.push(...spans),
    now: () => now,
    randomBytes: (size: number) => Buffer.alloc(size, (last += 1)),
  };
  const start = (traceId: string | undefined) =>
    startWorkSpan(deps, {
      name: 'process print-notifications',
      parent: traceId === undefined ? undefined : { traceId, spanId: SPAN },
      link: { traceId: 'f'.repeat(32), spanId: 'e'.repeat(16) },
    });
  return { traced, start, pass: (ms: number) => (now += ms) };
}

describe('a traceparent', () => {
  // https://www.w3.org/TR/trace-context/#examples-of-http-traceparent-headers
  it('of the specification is read', () => {
    expect(parseTraceparent('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01')).toEqual({
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      spanId: '00f067aa0ba902b7',
    });
  });

  it.each([
    undefined,
    '',
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${SAMPLED}-${'0'.repeat(16)}-01`,
    `00-${SAMPLED.toUpperCase()}-${SPAN}-01`,
    `00-${SAMPLED}-${SPAN}-01 more`,
    `ff-${SAMPLED}-${SPAN}-01`,
  ])('%p names no span', (text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });

  it('says whether the span is sampled', () => {
    const ids = { traceId: SAMPLED, spanId: SPAN };
    expect(formatTraceparent(ids, true)).toBe(`00-${SAMPLED}-${SPAN}-01`);
    expect(formatTraceparent(ids, false)).toBe(`00-${SAMPLED}-${SPAN}-00`);
  });
});

it('about one trace in ten is sampled, by its id alone', () => {
  const ids = Array.from({ length: 10_000 }, (_, index) => Math.imul(index, 2_654_435_761) >>> 0);
  const taken = ids.filter((id) => isSampled(id.toString(16).padStart(32, '0')));
  expect(taken.length).toBeGreaterThan(900);
  expect(taken.length).toBeLessThan(1_100);
});

it('the span of the work is a child of its parent, in its trace, with a link and its calls below it', async () => {
  const { traced, start, pass } = createWorld();
  const span = start(SAMPLED);
  pass(5);
  const answer = await span.call(
    { name: 'GET /x', attributes: { a: 1 } },
    () => Promise.resolve(pass(7)),
    () => ({ b: 2 }),
  );
  pass(11);
  span.end({ attributes: { outcome: 'done' }, isFailed: false });
  const own = parseTraceparent(span.traceparent);
  expect(answer).toBe(1_012);
  expect(own).toEqual({ traceId: SAMPLED, spanId: expect.not.stringContaining(SPAN) as string });
  expect(traced).toEqual([
    {
      name: 'process print-notifications',
      kind: 'consumer',
      ids: own,
      parent: { traceId: SAMPLED, spanId: SPAN },
      link: { traceId: 'f'.repeat(32), spanId: 'e'.repeat(16) },
      startedAt: 1_000,
      endedAt: 1_023,
      attributes: { outcome: 'done', 'microsoft.sample_rate': 10 },
      isFailed: false,
    },
    expect.objectContaining({
      name: 'GET /x',
      kind: 'client',
      parent: own,
      startedAt: 1_005,
      endedAt: 1_012,
      attributes: { a: 1, b: 2, 'microsoft.sample_rate': 10 },
      isFailed: false,
    }),
  ]);
});

it('a trace that is left out is not exported, and what is sent says so', () => {
  const { traced, start } = createWorld();
  const span = start(LEFT);
  span.end({ isFailed: false });
  expect(traced).toEqual([]);
  expect(span.traceparent).toMatch(/-00$/);
});

it('a run that failed is exported with its calls whatever its trace, and counts once', async () => {
  const { traced, start } = createWorld();
  const span = start(LEFT);
  const failing = span.call(
    { name: 'GET /x', attributes: {} },
    () => Promise.reject(new Error('x')),
    () => ({ code: 'y' }),
  );
  await expect(failing).rejects.toThrow('x');
  span.end({ isFailed: true });
  expect(traced.map(({ name, isFailed, attributes }) => ({ name, isFailed, attributes }))).toEqual([
    { name: 'process print-notifications', isFailed: true, attributes: {} },
    { name: 'GET /x', isFailed: true, attributes: { code: 'y' } },
  ]);
});

it('without a parent the work begins a trace', () => {
  const { start } = createWorld();
  expect(parseTraceparent(start(undefined).traceparent)).toBeDefined();
});

it('the calls of one span are bounded', async () => {
  const { traced, start } = createWorld();
  const span = start(SAMPLED);
  for (let count = 0; count < 200; count += 1) {
    await span.call(
      { name: 'GET /x', attributes: {} },
      () => Promise.resolve(),
      () => ({}),
    );
  }
  span.end({ isFailed: false });
  expect(traced).toHaveLength(51);
});
