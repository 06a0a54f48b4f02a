import { notMeasured, type Measurement } from '../../../shared/telemetry/catalogue';
import { createGraphBatch, type BatchPart } from '../../../shared/graph/batch';
import { createGraphClient, type GraphCall } from '../../../shared/graph/client';
import { createSilence, createThrottle } from '../../../shared/graph/throttle';
import { createFakeClock } from '../../support/createFakeClock';
import { graphError } from '../../support/createFakeGraph';
import { readCaseText } from '../../support/readCase';

const TENANT = '11111111-1111-1111-1111-111111111111';
const part = (id: string): BatchPart => ({
  method: 'PATCH',
  path: `/subscriptions/${id}`,
  body: { expirationDateTime: 'x' },
  permission: 'Printer.Read.All',
});

interface Request {
  id: string;
  method: string;
  url: string;
}

type Answer = (requests: Request[]) => { status?: number; body?: unknown; answeredAt?: number };

function createBatchWorld(...answers: Answer[]) {
  const clock = createFakeClock();
  const throttle = createThrottle(clock);
  const calls: GraphCall[] = [];
  const asked: { at: number; urls: string[] }[] = [];
  const start = clock.now();
  const measured: Measurement[] = [];
  const callBatch = createGraphBatch({
    measure: (measurement) => void measured.push(measurement),
    callGraph: (call) => {
      calls.push(call);
      const { requests } = call.path === '/$batch' ? (call.body as { requests: Request[] }) : { requests: [] };
      asked.push({ at: clock.now() - start, urls: requests.map(({ url }) => url) });
      const { status = 200, body, answeredAt } = answers.shift()?.(requests) ?? {};
      return Promise.resolve({ status, body, ...(answeredAt === undefined ? {} : { answeredAt }) });
    },
    throttle,
    clock,
    random: () => world.random,
  });
  const world = { callBatch, calls, asked, throttle, clock, measured, random: 0 };
  return world;
}

const ok: Answer = (requests) => ({
  body: { responses: requests.map(({ id }) => ({ id, status: 200, body: { id: `s${id}` } })) },
});
const respond =
  (...responses: unknown[]): Answer =>
  () => ({ body: { responses } });

describe('createGraphBatch (concepts/json-batching.md, concepts/throttling.md)', () => {
  it('sends all parts as one POST that may be repeated, and answers in their order', async () => {
    const world = createBatchWorld((requests) => {
      const { body } = ok(requests);
      (body as { responses: unknown[] }).responses.reverse();
      return { body };
    });
    const results = await world.callBatch(TENANT, [part('a'), part('b')]);
    expect(results).toEqual([
      { answer: { status: 200, body: { id: 's0' } } },
      { answer: { status: 200, body: { id: 's1' } } },
    ]);
    expect(world.calls).toEqual([
      expect.objectContaining({
        tenantId: TENANT,
        method: 'POST',
        path: '/$batch',
        alsoAnswer: 424,
        repeatable: true,
        permission: 'Printer.Read.All',
        body: {
          requests: ['a', 'b'].map((id, index) => ({
            id: String(index),
            method: 'PATCH',
            url: `/subscriptions/${id}`,
            headers: { 'Content-Type': 'application/json' },
            body: { expirationDateTime: 'x' },
          })),
        },
      }),
    ]);
  });

  it('sends no body with DELETE and reads its 204', async () => {
    const world = createBatchWorld(respond({ id: '0', status: 204 }));
    const { body: _body, ...bare } = part('a');
    expect(await world.callBatch(TENANT, [{ ...bare, method: 'DELETE' }])).toEqual([
      { answer: { status: 204, body: undefined } },
    ]);
    expect(world.calls[0]?.body).toEqual({
      requests: [{ id: '0', method: 'DELETE', url: '/subscriptions/a' }],
    });
  });

  it.each([200, 424])('reads each part of a batch that says %i by itself', async (status) => {
    const world = createBatchWorld((requests) => ({
      status,
      body: {
        responses: [
          { id: '0', status: 200, body: {} },
          { id: '1', status: 404, body: { error: { code: 'ResourceNotFound' } } },
          { id: '2', status: 403 },
        ].slice(0, requests.length),
      },
    }));
    const results = await world.callBatch(TENANT, [part('a'), part('b'), part('c')]);
    expect(results).toMatchObject([
      { answer: { status: 200 } },
      { error: { code: 'graphNotFound', message: expect.stringContaining('(ResourceNotFound)') as string } },
      { error: { code: 'graphForbidden' } },
    ]);
    // The remedy of a refusal names the permission.
    expect(String((results[2] as { error: unknown }).error)).toContain('Printer.Read.All');
    expect(world.calls).toHaveLength(1);
  });

  it('repeats a throttled part alone, after its own Retry-After, and pauses the tenant', async () => {
    const world = createBatchWorld(
      respond({ id: '0', status: 200, body: {} }, { id: '1', status: 429, headers: { 'Retry-After': '2.128' } }),
      ok,
    );
    const results = await world.callBatch(TENANT, [part('a'), part('b')]);
    expect(results.every((result) => 'answer' in result)).toBe(true);
    expect(world.asked).toEqual([
      { at: 0, urls: ['/subscriptions/a', '/subscriptions/b'] },
      { at: 2_188, urls: ['/subscriptions/b'] },
    ]);
  });

  it('leaves a long Retry-After to its caller, and pauses the tenant for as long', async () => {
    const world = createBatchWorld(respond({ id: '0', status: 429, headers: { 'Retry-After': '120' } }));
    expect(await world.callBatch(TENANT, [part('a')])).toMatchObject([
      { error: { code: 'graphThrottled', retryAfterMs: 120_000 } },
    ]);
    expect(world.calls).toHaveLength(1);
    expect(world.throttle.remainingMs(TENANT)).toBeGreaterThan(120_000);
  });

  it('counts a date in Retry-After from the Date of the batch, by which Graph wrote it', async () => {
    const graphTime = Date.UTC(2026, 10, 22, 0, 10);
    const until = new Date(graphTime + 120_000).toUTCString();
    const world = createBatchWorld(() => ({
      body: { responses: [{ id: '0', status: 429, headers: { 'Retry-After': until } }] },
      answeredAt: graphTime,
    }));
    expect(await world.callBatch(TENANT, [part('a')])).toMatchObject([{ error: { retryAfterMs: 120_000 } }]);
  });

  it.each([0, '0', '0.124', -1, 'never'])(
    'waits longer and longer for parts with a Retry-After of %p',
    async (header) => {
      const throttled = respond({ id: '0', status: 429, headers: { 'Retry-After': header } });
      const world = createBatchWorld(throttled, throttled, throttled, throttled);
      expect(await world.callBatch(TENANT, [part('a')])).toMatchObject([{ error: { code: 'graphThrottled' } }]);
      const [first = 0, second = 0, third = 0, fourth = 0] = world.asked.map(({ at }) => at);
      expect(world.asked).toHaveLength(4);
      expect([second - first >= 500, third - second >= 1_000, fourth - third >= 2_000]).toEqual([true, true, true]);
    },
  );

  it('looks with one call at the end of a pause of 15 minutes, and sends the others when it is answered', async () => {
    const world = createBatchWorld(() => {
      // What the client does with the answer of a look.
      world.throttle.end(TENANT);
      return { status: 200, body: {} };
    }, ok);
    world.throttle.pause(TENANT, 15 * 60_000);
    world.clock.advance(15 * 60_000);
    const results = await world.callBatch(TENANT, [part('a'), part('b'), part('c')]);
    expect(results.every((result) => 'answer' in result)).toBe(true);
    expect(world.calls.map(({ path }) => path)).toEqual(['/subscriptions/a', '/$batch']);
  });

  it('takes a missing or unreadable part as unknown and repeats it', async () => {
    const world = createBatchWorld(
      respond({ id: '0', status: 204 }, 'nothing', { id: 1 }, { id: '1', status: 'x' }),
      ok,
    );
    const results = await world.callBatch(TENANT, [part('a'), part('b')]);
    expect(results.every((result) => 'answer' in result)).toBe(true);
    expect(world.asked.map(({ urls }) => urls)).toEqual([
      ['/subscriptions/a', '/subscriptions/b'],
      ['/subscriptions/b'],
    ]);
  });

  it('ends after four tries with the last error', async () => {
    const down = respond({ id: '0', status: 503 });
    const world = createBatchWorld(down, down, down, down);
    expect(await world.callBatch(TENANT, [part('a')])).toMatchObject([{ error: { code: 'graphUnavailable' } }]);
    expect(world.calls).toHaveLength(4);
  });

  it('gives every open part the error of the whole batch', async () => {
    const error = graphError('forbidden');
    const world = createBatchWorld(respond({ id: '0', status: 200 }), () => {
      throw error;
    });
    expect(await world.callBatch(TENANT, [part('a'), part('b')])).toEqual([
      { answer: { status: 200, body: undefined } },
      { error },
    ]);
  });

  it.each([
    ['cannot be read', 11, () => graphError('unreadable')],
    ['is refused', 11, () => graphError('rejected')],
    ['is a 500', 11, () => Object.assign(graphError('unavailable'), { status: 500 })],
    // A single call before each halving.
    ['is a 502', 15, () => Object.assign(graphError('unavailable'), { status: 502 })],
    ['is missing', 15, () => graphError('unavailable')],
    // JSON of another kind, such as of a proxy.
    ['has no responses', 11, undefined],
  ])('a batch whose answer as a whole %s is sent in halves: at most %i calls', async (_name, most, error) => {
    const spoils = (call: GraphCall) => JSON.stringify(call).includes('/subscriptions/7"');
    let calls = 0;
    const callBatch = createGraphBatch({
      callGraph: (call) => {
        calls += 1;
        if (spoils(call) && !error) {
          const isSingle = call.path !== '/$batch';
          return isSingle ? Promise.reject(graphError('rejected')) : Promise.resolve({ status: 200, body: { ok: 1 } });
        }
        if (error && spoils(call)) return Promise.reject(error());
        const { requests = [] } = (call.body ?? {}) as { requests?: Request[] };
        return Promise.resolve({ status: 200, ...ok(requests) } as { status: number; body: unknown });
      },
      throttle: createThrottle(createFakeClock()),
      clock: createFakeClock(),
      random: () => 0,
      measure: notMeasured,
    });
    const results = await callBatch(
      TENANT,
      Array.from({ length: 20 }, (_, index) => part(String(index))),
    );
    expect(results.flatMap((result, index) => ('error' in result ? [index] : []))).toEqual([7]);
    // 20, 10 and 10, 5 and 5, 3 and 2, 2 and 1, 1 and 1: two calls for each halving.
    expect(calls).toBeLessThanOrEqual(most);
  });

  it.each([0, 0.99])(
    'an outage costs a batch and a single call, and nothing is sent in halves (%f)',
    async (random) => {
      let calls = 0;
      const callBatch = createGraphBatch({
        callGraph: () => {
          calls += 1;
          return Promise.reject(graphError('unavailable'));
        },
        throttle: createThrottle(createFakeClock()),
        clock: createFakeClock(),
        random: () => random,
        measure: notMeasured,
      });
      const parts = Array.from({ length: 20 }, (_, index) => part(String(index)));
      expect(await callBatch(TENANT, parts)).toEqual(parts.map(() => ({ error: graphError('unavailable') })));
      expect(calls).toBe(2);
    },
  );

  it('an outage that begins between two calls costs four more', async () => {
    let calls = 0;
    const isDown = () => (calls += 1) !== 2;
    const callBatch = createGraphBatch({
      callGraph: () =>
        isDown() ? Promise.reject(graphError('unavailable')) : Promise.resolve({ status: 204, body: undefined }),
      throttle: createThrottle(createFakeClock()),
      clock: createFakeClock(),
      random: () => 0,
      measure: notMeasured,
    });
    const results = await callBatch(
      TENANT,
      Array.from({ length: 20 }, (_, index) => part(String(index))),
    );
    expect(results.filter((result) => 'answer' in result)).toHaveLength(1);
    expect(calls).toBe(6);
  });

  it('gives the results in the order of the parts, whichever goes first', async () => {
    const world = createBatchWorld(
      () => {
        throw graphError('unavailable');
      },
      () => ({ status: 204 }),
      respond({ id: '0', status: 200, body: 'a' }),
      respond({ id: '0', status: 200, body: 'c' }),
    );
    world.random = 0.5;
    const results = await world.callBatch(TENANT, [part('a'), part('b'), part('c')]);
    expect(world.calls[1]?.path).toBe('/subscriptions/b');
    expect(results.map((result) => ('answer' in result ? result.answer.body : 'error'))).toEqual(['a', undefined, 'c']);
  });

  it('sends nothing for no parts', async () => {
    const world = createBatchWorld();
    expect(await world.callBatch(TENANT, [])).toEqual([]);
    expect(world.calls).toHaveLength(0);
  });
});

it('renews 19 of 20 when one part makes the answer unreadable (04)', async () => {
  const clock = createFakeClock();
  const throttle = createThrottle(clock);
  const isAsked = (request: { method: string; url: string; body?: string }, id: string) =>
    `${request.url} ${request.body ?? ''}`.includes(`/subscriptions/s${id}`);
  const callGraph = createGraphClient({
    baseUrl: 'https://graph.microsoft.com/v1.0',
    sendHttp: (request) => {
      if (isAsked(request, 'broken')) {
        const isBatch = request.url.endsWith('/$batch');
        const body = isBatch ? readCaseText('04-batch-html-inside.txt') : '<html><body>error</body></html>';
        return Promise.resolve({ status: isBatch ? 200 : 500, headers: {}, body });
      }
      const sent = JSON.parse(request.body ?? '') as { requests?: Request[] };
      const responses = sent.requests?.map(({ id }) => ({ id, status: 200, body: { id } }));
      return Promise.resolve({ status: 200, headers: {}, body: JSON.stringify({ responses }) });
    },
    tokens: { get: () => Promise.resolve('token'), refused: () => undefined },
    throttle,
    silence: createSilence(clock),
    clock,
    random: () => 0,
    measure: notMeasured,
  });
  const callBatch = createGraphBatch({ callGraph, throttle, clock, random: () => 0, measure: notMeasured });
  const ids = Array.from({ length: 20 }, (_, index) => (index === 7 ? 'sbroken' : `s${index}`));
  const results = await callBatch(TENANT, ids.map(part));
  expect(results.map((result) => 'answer' in result)).toEqual(ids.map((id) => id !== 'sbroken'));
  expect(results[7]).toMatchObject({ error: { code: 'graphUnavailable', status: 500 } });
});

it('measures each part that asks to wait, and once each part that ends with an error', async () => {
  const world = createBatchWorld(
    respond(
      { id: '0', status: 200 },
      { id: '1', status: 429, headers: { 'Retry-After': '1' } },
      { id: '2', status: 404 },
      { id: '3', status: 429, headers: { 'Retry-After': '600' } },
    ),
    respond({ id: '0', status: 503 }),
    ok,
  );
  await world.callBatch(TENANT, ['a', 'b', 'c', 'd'].map(part));
  expect(world.measured.map(({ metric, dimensions }) => [metric, Object.values(dimensions ?? {})[0]])).toEqual([
    ['upr.graph.throttled', '429'],
    ['upr.graph.failures', 'graphNotFound'],
    ['upr.graph.throttled', '429'],
    ['upr.graph.failures', 'graphThrottled'],
    ['upr.graph.throttled', '503'],
  ]);
});
