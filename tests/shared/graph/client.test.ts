import fc from 'fast-check';
import type { Measurement } from '../../../shared/telemetry/catalogue';
import { createGraphClient, type GraphCall } from '../../../shared/graph/client';
import { createSilence, createThrottle } from '../../../shared/graph/throttle';
import { GraphError } from '../../../shared/graph/errors';
import type { HttpAnswer, HttpRequest } from '../../../shared/graph/http';
import { createFakeClock } from '../../support/createFakeClock';

type Step = Partial<HttpAnswer> | Error;

const GET: GraphCall = {
  tenantId: 't1',
  method: 'GET',
  path: '/print/printers/p/jobs/5182?$expand=tasks',
  permission: 'PrintJob.ReadBasic.All',
};
const POST: GraphCall = { ...GET, method: 'POST', path: '/subscriptions', body: { clientState: 'hidden' } };
const OK: Step = { status: 200, body: '{"id":"5182"}' };
const throttled = (retryAfter?: string): Step => ({
  status: 429,
  headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
});

/** The client over a scripted HTTP and a clock that only its own sleeps move. */
function createSetting(
  script: Step[],
  setting: { random?: number; tokenMs?: number; connection?: () => Promise<void> } = {},
) {
  const clock = createFakeClock();
  const start = clock.now();
  const sent: (Omit<HttpRequest, 'maySend'> & { at: number })[] = [];
  const tokenRequests: string[] = [];
  const throttle = createThrottle(clock);
  const silence = createSilence(clock);
  let beforeToken: () => void = () => undefined;
  const measured: Measurement[] = [];
  const callGraph = createGraphClient({
    measure: (measurement) => void measured.push(measurement),
    baseUrl: 'https://graph.microsoft.com/v1.0',
    sendHttp: async ({ maySend, ...request }) => {
      await setting.connection?.();
      if (!maySend()) return 'notSent';
      sent.push({ ...request, at: clock.now() - start });
      const step = script.shift();
      if (!step) throw new Error('nothing more was expected to be sent');
      if (step instanceof Error) throw step;
      return { status: 200, headers: {}, body: '', ...step };
    },
    tokens: {
      get: (tenantId) => {
        tokenRequests.push(tenantId);
        clock.advance(setting.tokenMs ?? 0);
        beforeToken();
        return Promise.resolve(`bearer-of-${tenantId}`);
      },
      refused: (tenantId) => tokenRequests.push(`${tenantId} refused`),
    },
    throttle,
    silence,
    clock,
    random: () => setting.random ?? 0,
  });
  return {
    callGraph,
    clock,
    sent,
    throttle,
    silence,
    measured,
    tokenRequests,
    at: () => sent.map(({ at }) => at),
    onToken: (act: () => void) => {
      beforeToken = act;
    },
  };
}

async function errorOf(call: Promise<unknown>): Promise<GraphError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof GraphError)) throw new Error('a GraphError was expected');
  return error;
}

describe('a call', () => {
  test('goes below GRAPH_BASE_URL with the token of its tenant and 10 seconds of patience', async () => {
    const { callGraph, sent } = createSetting([OK]);
    await expect(callGraph(GET)).resolves.toEqual({ status: 200, body: { id: '5182' } });
    expect(sent).toEqual([
      {
        method: 'GET',
        url: 'https://graph.microsoft.com/v1.0/print/printers/p/jobs/5182?$expand=tasks',
        headers: { Authorization: 'Bearer bearer-of-t1' },
        timeoutMs: 10_000,
        at: 0,
      },
    ]);
  });

  test('with a body sends it as JSON', async () => {
    const { callGraph, sent } = createSetting([{ status: 201, body: '{}' }]);
    await callGraph(POST);
    expect(sent[0]).toMatchObject({
      body: '{"clientState":"hidden"}',
      headers: { 'Content-Type': 'application/json' },
    });
  });

  test('that is answered without a body (204) resolves with none', async () => {
    const { callGraph } = createSetting([{ status: 204 }]);
    await expect(callGraph({ ...GET, method: 'DELETE' })).resolves.toEqual({ status: 204, body: undefined });
  });

  test('that is accepted (202) has the address of its operation (api/printer-create.md)', async () => {
    const location = 'https://graph.microsoft.com/v1.0/print/operations/f221760a-52e8-4c11-b8c5-5dfaef3a49db';
    const { callGraph } = createSetting([{ status: 202, headers: { 'operation-location': location } }]);
    expect(await callGraph(POST)).toEqual({ status: 202, body: undefined, operationLocation: location });
  });

  test.each([
    ['answered once', [{ status: 503 }, new Error('reset'), new Error('reset'), new Error('reset')], true],
    ['answered at all', [new Error('reset'), new Error('reset'), new Error('reset'), new Error('reset')], false],
  ] as const)('of which no try succeeded says whether Graph %s', async (_name, answers, wasAnswered) => {
    const { callGraph } = createSetting([...answers]);
    expect(await errorOf(callGraph(GET))).toMatchObject({ code: 'graphUnavailable', wasAnswered });
  });

  test('that is answered with 2xx and no JSON has an outcome that must be looked up', async () => {
    const { callGraph, sent } = createSetting([{ status: 200, body: '<html>' }]);
    const error = await errorOf(callGraph(GET));
    expect(error).toMatchObject({ code: 'graphAnswerUnreadable', retryable: true, status: 200 });
    expect(sent).toHaveLength(1);
  });
});

describe('a throttled tenant', () => {
  test('a Retry-After of 5 seconds or less is waited out in place, and never cut short', async () => {
    const { callGraph, at } = createSetting([throttled('2.128'), OK]);
    await expect(callGraph(GET)).resolves.toMatchObject({ status: 200 });
    expect(at()[1]).toBeGreaterThanOrEqual(2_128);
    expect(at()[1]).toBeLessThanOrEqual(2_500);
  });

  test('a longer one is handed to the caller at once, with nothing sent again', async () => {
    const { callGraph, sent, clock } = createSetting([throttled('60')]);
    const before = clock.now();
    const error = await errorOf(callGraph(GET));
    expect(error).toMatchObject({
      code: 'graphThrottled',
      retryable: true,
      status: 429,
      retryAfterMs: 60_000,
    });
    expect(clock.now()).toBe(before);
    expect(sent).toHaveLength(1);
  });

  test('every other call of it is refused unsent until the pause is over, and another tenant is not affected', async () => {
    const { callGraph, sent, clock, tokenRequests } = createSetting([throttled('60'), OK, OK]);
    await errorOf(callGraph(GET));
    const refused = await errorOf(callGraph({ ...GET, method: 'PATCH' }));
    expect(refused.code).toBe('graphThrottled');
    expect(refused.retryAfterMs).toBeGreaterThanOrEqual(60_000);
    await callGraph({ ...GET, tenantId: 't2' });
    expect(sent.map(({ headers }) => headers['Authorization'])).toEqual(['Bearer bearer-of-t1', 'Bearer bearer-of-t2']);
    expect(tokenRequests).toEqual(['t1', 't2']);
    clock.advance(63_000);
    await expect(callGraph(GET)).resolves.toMatchObject({ status: 200 });
  });

  test('a call that starts during a short pause waits it out', async () => {
    const { callGraph, throttle, at } = createSetting([OK]);
    throttle.pause('t1', 3_000);
    await callGraph(GET);
    expect(at()).toEqual([3_000]);
  });

  test('is looked at again after the token arrived', async () => {
    const { callGraph, sent, throttle, onToken } = createSetting([]);
    onToken(() => throttle.pause('t1', 60_000));
    expect((await errorOf(callGraph(GET))).code).toBe('graphThrottled');
    expect(sent).toEqual([]);
  });

  test('without a Retry-After the waits double and end after four tries (concepts/throttling.md: back-off)', async () => {
    const { callGraph, at } = createSetting([throttled(), throttled(), throttled(), throttled()]);
    const error = await errorOf(callGraph(GET));
    expect(error.code).toBe('graphThrottled');
    expect(error.retryAfterMs).toBeUndefined();
    const [first = 0, second = 0, third = 0, fourth = 0] = at();
    expect(second - first).toBeGreaterThanOrEqual(500);
    expect(third - second).toBeGreaterThanOrEqual(1_000);
    expect(fourth - third).toBeGreaterThanOrEqual(2_000);
  });

  test('a date in Retry-After is kept', async () => {
    const inFourSeconds = new Date(createFakeClock().now() + 4_000).toUTCString();
    const { callGraph, at } = createSetting([throttled(inFourSeconds), OK]);
    await callGraph(GET);
    expect(at()[1]).toBeGreaterThanOrEqual(4_000);
  });

  test('a call that waited for its connection meanwhile is not written before the pause ends', async () => {
    const pauses = [3_000];
    const { callGraph, throttle, at } = createSetting([OK], {
      connection: () => {
        for (const ms of pauses.splice(0)) throttle.pause('t1', ms);
        return Promise.resolve();
      },
    });
    await expect(callGraph(GET)).resolves.toMatchObject({ status: 200 });
    expect(at()).toEqual([3_000]);
  });

  test('a call that waited for its connection at the begin of a long pause is not sent at all', async () => {
    const { callGraph, throttle, sent } = createSetting([], {
      connection: () => Promise.resolve(throttle.pause('t1', 60_000)),
    });
    expect(await errorOf(callGraph(GET))).toMatchObject({ code: 'graphThrottled', retryAfterMs: 60_000 });
    expect(sent).toEqual([]);
  });

  test('property: no try starts before the Retry-After that any earlier answer of its tenant gave', async () => {
    const step = fc.oneof(
      fc.double({ min: 0, max: 8, noNaN: true }).map((s) => ({ kind: 429, seconds: s })),
      fc.double({ min: 0, max: 8, noNaN: true }).map((s) => ({ kind: 503, seconds: s })),
      fc.constant({ kind: 500, seconds: 0 }),
      fc.constant({ kind: 200, seconds: 0 }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 12 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (steps, random) => {
          const script = steps.map(({ kind, seconds }) => ({
            status: kind,
            headers: kind === 429 || kind === 503 ? { 'retry-after': String(seconds) } : {},
          }));
          const { callGraph, sent } = createSetting([...script], { random });
          // Several calls of the tenant, one after the other, until the script is used up or a long pause begins.
          for (let call = 0; call < 4 && sent.length < steps.length - 4; call += 1)
            await callGraph(GET).catch(() => undefined);
          sent.forEach(({ at }, index) => {
            for (let earlier = 0; earlier < index; earlier += 1) {
              const { kind, seconds } = steps[earlier] ?? { kind: 0, seconds: 0 };
              const begun = sent[earlier]?.at ?? 0;
              if (kind === 429) expect(at).toBeGreaterThanOrEqual(begun + seconds * 1000);
            }
          });
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('a Retry-After of hours', () => {
  const HOURS = throttled('21600');
  const MINUTE = 60_000;
  const start = async (...script: Step[]) => {
    const setting = createSetting([HOURS, ...script]);
    await errorOf(setting.callGraph(GET));
    return setting;
  };

  test('lets nothing through for 15 minutes', async () => {
    const { callGraph, clock, sent } = await start();
    clock.advance(14 * MINUTE);
    const error = await errorOf(callGraph(GET));
    expect(error.code).toBe('graphThrottled');
    expect(error.retryAfterMs).toBeGreaterThan(0.9 * MINUTE);
    expect(error.retryAfterMs).toBeLessThan(1.1 * MINUTE);
    expect(sent).toHaveLength(1);
  });

  test('ends with one call: none beside it, and the next one after 45 seconds where its run died', async () => {
    const { callGraph, clock, sent, throttle } = await start(OK);
    clock.advance(15 * MINUTE + 3_000);
    expect([throttle.admit('t1'), throttle.admit('t1')]).toEqual(['look', 'paused']);
    expect(await errorOf(callGraph(GET))).toMatchObject({ code: 'graphThrottled', retryAfterMs: 45_000 });
    expect(sent).toHaveLength(1);
    clock.advance(45_000);
    await expect(callGraph(GET)).resolves.toMatchObject({ status: 200 });
  });

  test.each([200, 204, 400, 403, 404])('is over once the look is answered with %i', async (status) => {
    const { callGraph, clock, throttle } = await start({ status, body: status === 200 ? '{}' : '' }, OK);
    clock.advance(15 * MINUTE + 3_000);
    await callGraph(GET).catch(() => undefined);
    expect(throttle.isLookDue('t1')).toBe(false);
    expect(throttle.remainingMs('t1')).toBe(0);
    await expect(callGraph(GET)).resolves.toMatchObject({ status: 200 });
  });

  test.each<[string, Step]>([
    ['429 with hours', HOURS],
    ['429 with 0 seconds', throttled('0')],
    ['429 without a Retry-After', throttled()],
    ['503', { status: 503 }],
    ['nothing', new Error('No answer (ECONNRESET)')],
  ])('continues when the look is answered with %s: one call every 15 minutes', async (_name, answer) => {
    const { callGraph, clock, sent } = await start(answer, answer, answer);
    for (let minute = 1; minute <= 50; minute += 1) {
      clock.advance(MINUTE);
      await errorOf(callGraph(GET));
    }
    const waits = sent.slice(1).map(({ at }, index) => Math.round(at - (sent[index]?.at ?? 0)));
    expect(waits).toHaveLength(3);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(15 * MINUTE);
    expect(Math.max(...waits)).toBeLessThanOrEqual(16 * MINUTE);
  });
});

describe('repeats', () => {
  test.each(['GET', 'PATCH', 'DELETE'] as const)('%s is repeated when its answer was lost', async (method) => {
    const { callGraph, sent } = createSetting([new Error('reset'), OK]);
    await expect(callGraph({ ...GET, method })).resolves.toMatchObject({ status: 200 });
    expect(sent).toHaveLength(2);
  });

  test('POST is not: it may have made something', async () => {
    const { callGraph, sent } = createSetting([new Error('reset')]);
    expect(await errorOf(callGraph(POST))).toMatchObject({ code: 'graphUnavailable', retryable: true });
    expect(sent).toHaveLength(1);
  });

  test.each([429, 503, 509])('POST is repeated after %i, which says that nothing was done', async (status) => {
    const { callGraph, sent } = createSetting([{ status }, { status: 201, body: '{}' }]);
    await expect(callGraph(POST)).resolves.toMatchObject({ status: 201 });
    expect(sent).toHaveLength(2);
  });

  test.each([500, 502, 504, 408])('POST is not repeated after %i', async (status) => {
    const { callGraph, sent } = createSetting([{ status }]);
    expect((await errorOf(callGraph(POST))).code).toBe('graphUnavailable');
    expect(sent).toHaveLength(1);
  });

  test.each([408, 500, 502, 503, 504, 509])('GET is tried four times on %i', async (status) => {
    const { callGraph, sent } = createSetting([{ status }, { status }, { status }, { status }]);
    expect(await errorOf(callGraph(GET))).toMatchObject({
      code: 'graphUnavailable',
      retryable: true,
      status,
    });
    expect(sent).toHaveLength(4);
  });

  test('503 with a Retry-After is repeated no sooner, and its tenant stays open for other calls', async () => {
    const { callGraph, at, throttle } = createSetting([{ status: 503, headers: { 'retry-after': '3' } }, OK]);
    await callGraph(GET);
    expect(at()[1]).toBeGreaterThanOrEqual(3_000);
    expect(throttle.remainingMs('t1')).toBe(0);
  });

  test('503 with a Retry-After of over 5 seconds is the caller’s to postpone', async () => {
    const { callGraph, sent } = createSetting([{ status: 503, headers: { 'retry-after': '30' } }]);
    expect(await errorOf(callGraph(GET))).toMatchObject({ code: 'graphUnavailable', retryAfterMs: 30_000 });
    expect(sent).toHaveLength(1);
  });
});

describe('the limit of 45 seconds', () => {
  test('no try starts that could end after it', async () => {
    const { callGraph, at } = createSetting([new Error('slow'), new Error('slow'), new Error('slow')], {
      tokenMs: 14_000,
    });
    expect((await errorOf(callGraph(GET))).code).toBe('graphUnavailable');
    expect(Math.max(...at())).toBeLessThanOrEqual(35_000);
  });

  test('a token that came too late is not used', async () => {
    const { callGraph, sent } = createSetting([], { tokenMs: 36_000 });
    expect(await errorOf(callGraph(GET))).toMatchObject({ code: 'graphUnavailable', retryable: true });
    expect(sent).toEqual([]);
  });

  test('a short pause that would lead beyond it is not waited out', async () => {
    const { callGraph, sent, throttle, onToken } = createSetting([], { tokenMs: 32_000 });
    onToken(() => throttle.pause('t1', 4_000));
    expect(await errorOf(callGraph(GET))).toMatchObject({ code: 'graphThrottled', retryAfterMs: 4_000 });
    expect(sent).toEqual([]);
  });
});

describe('a tenant that Graph does not answer', () => {
  const LOST = new Error('No answer (ECONNABORTED)');

  test('is silent after a call of which every try was left without an answer', async () => {
    const { callGraph, silence } = createSetting([LOST, LOST, LOST, LOST]);
    await errorOf(callGraph(GET));
    expect([silence.isSilent('t1'), silence.isSilent('t2')]).toEqual([true, false]);
  });

  test('so it is after the one try of a POST that may not be repeated', async () => {
    const { callGraph, silence } = createSetting([LOST]);
    await errorOf(callGraph(POST));
    expect(silence.isSilent('t1')).toBe(true);
  });

  test.each([200, 204, 401, 404, 429, 500, 503])('is heard again with an answer %i', async (status) => {
    const answer: Step = { status, headers: { 'retry-after': '60' } };
    const { callGraph, silence } = createSetting([answer]);
    silence.unanswered('t1');
    await callGraph({ ...POST, path: '/print/x' }).catch(() => undefined);
    expect(silence.isSilent('t1')).toBe(false);
  });

  test('is heard again with an answer that is no JSON', async () => {
    const { callGraph, silence } = createSetting([{ status: 200, body: '<html>' }]);
    silence.unanswered('t1');
    await errorOf(callGraph(GET));
    expect(silence.isSilent('t1')).toBe(false);
  });

  test.each([
    ['the first', [{ status: 500 }, LOST, LOST, LOST]],
    ['the last', [LOST, LOST, LOST, { status: 500 }]],
  ])('is not silent when %s of the tries was answered, be it with 500', async (_which, script) => {
    const { callGraph, silence } = createSetting(script);
    await errorOf(callGraph(GET));
    expect(silence.isSilent('t1')).toBe(false);
  });

  test('a token that could not be had says nothing about Graph', async () => {
    const { callGraph, silence } = createSetting([], { tokenMs: 36_000 });
    await errorOf(callGraph(GET));
    expect(silence.isSilent('t1')).toBe(false);
  });
});

describe('errors', () => {
  test.each([
    [400, 'graphRejected'],
    [401, 'graphUnauthorized'],
    [403, 'graphForbidden'],
    [404, 'graphNotFound'],
    [409, 'graphConflict'],
    [302, 'graphRejected'],
  ] as const)('%i is %s and not repeated', async (status, code) => {
    const { callGraph, sent } = createSetting([{ status }]);
    expect(await errorOf(callGraph(GET))).toMatchObject({ code, status, retryable: false });
    expect(sent).toHaveLength(1);
  });

  test.each([401, 403])('%i names the missing permission and who must act', async (status) => {
    const { callGraph } = createSetting([{ status }]);
    const { message } = await errorOf(callGraph(GET));
    expect(message).toContain('PrintJob.ReadBasic.All');
    expect(message).toMatch(/administrator of the customer consent/);
  });

  test('the message names the call, the status, Graph’s own code and the remedy', async () => {
    const body = '{"error":{"code":"ResourceNotFound","message":"words"}}';
    const { callGraph } = createSetting([{ status: 404, body }]);
    expect((await errorOf(callGraph(GET))).message).toBe(
      'Graph returned 404 (ResourceNotFound) for GET /print/printers/p/jobs/5182. Check the id.',
    );
  });

  test('a rejected call names its request id, for the support of Microsoft', async () => {
    const { callGraph } = createSetting([{ status: 400, headers: { 'request-id': 'r-1' } }]);
    expect((await errorOf(callGraph(GET))).message).toBe(
      'Graph returned 400 (request id r-1) for GET /print/printers/p/jobs/5182. See the code of the answer and report it with its request id.',
    );
  });

  test('a throttled call names its Retry-After, and a call that was not sent its tenant', async () => {
    const { callGraph } = createSetting([throttled('60')]);
    expect((await errorOf(callGraph(GET))).message).toBe(
      'Graph returned 429 (Retry-After 60 s) for GET /print/printers/p/jobs/5182. The call is retried after the pause.',
    );
    expect((await errorOf(callGraph(GET))).message).toBe(
      'GET was not sent: Graph throttles tenant t1 for another 61 s. The call is retried after the pause.',
    );
  });

  test('an unanswered call names the address and the cause', async () => {
    const { callGraph } = createSetting([new Error('No answer (ECONNREFUSED)')]);
    expect((await errorOf(callGraph(POST))).message).toBe(
      'POST /subscriptions failed at https://graph.microsoft.com/v1.0: No answer (ECONNREFUSED). If this lasts, check GRAPH_BASE_URL and the network of the app.',
    );
  });

  test('property: no token, request body, answer text or query is in any error', async () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9]{12,40}$/).map((text) => `secret-${text}`);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(200, 302, 400, 401, 403, 404, 409, 418, 429, 500, 503),
        secret,
        fc.boolean(),
        async (status, text, lost) => {
          const body = `<p>${text}</p> {"error":{"code":"a ${text}","message":"${text}"}}`;
          const step: Step = lost ? new Error('No answer (ECONNRESET)') : { status, body };
          const { callGraph } = createSetting([step, step, step, step]);
          const call = { ...POST, path: `/subscriptions?$filter=${text}`, body: { clientState: text } };
          const error = await errorOf(callGraph(call));
          const all = `${error.message} ${JSON.stringify(error)} ${String(error.stack)} ${String(error.cause)}`;
          expect(all).not.toContain(text);
          expect(all).not.toContain('bearer-of');
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('a $batch (concepts/json-batching.md)', () => {
  const BATCH: GraphCall = { ...POST, path: '/$batch', alsoAnswer: 424, repeatable: true };

  test('is answered by the status it names besides 2xx', async () => {
    const { callGraph } = createSetting([{ status: 424, body: '{"responses":[]}' }]);
    expect(await callGraph(BATCH)).toEqual({ status: 424, body: { responses: [] } });
    const other = createSetting([{ status: 424, body: '{}' }]);
    expect((await errorOf(other.callGraph(POST))).code).toBe('graphRejected');
  });

  test('is sent again when its answer was lost, unlike another POST', async () => {
    const lost = [new Error('reset'), OK];
    const { callGraph, sent } = createSetting([...lost]);
    await callGraph(BATCH);
    expect(sent).toHaveLength(2);
    const other = createSetting([...lost]);
    expect((await errorOf(other.callGraph(POST))).code).toBe('graphUnavailable');
    expect(other.sent).toHaveLength(1);
  });
});

test.each([401, 403])('a %i reports the token of the tenant as refused by Graph', async (status) => {
  const { callGraph, tokenRequests } = createSetting([{ status }, OK]);
  await expect(callGraph(GET)).rejects.toMatchObject({ status });
  await callGraph(GET);
  expect(tokenRequests).toEqual(['t1', 't1 refused', 't1']);
});

test('a Retry-After of a 503 holds back every call of that tenant, as one of a 429 does', async () => {
  const unavailable = { status: 503, headers: { 'retry-after': '120' } };
  const { callGraph, throttle, sent } = createSetting([unavailable, OK]);
  await expect(callGraph(GET)).rejects.toMatchObject({ code: 'graphUnavailable', retryAfterMs: 120_000 });
  expect(throttle.remainingMs('t1')).toBeGreaterThanOrEqual(120_000);
  await expect(callGraph({ ...GET, path: '/other' })).rejects.toMatchObject({ code: 'graphThrottled' });
  await callGraph({ ...GET, tenantId: 't2' });
  expect(sent).toHaveLength(2);
});

test('a pause ends by itself and concerns its tenant alone', () => {
  const clock = createFakeClock();
  const throttle = createThrottle(clock);
  throttle.pause('t1', 10_000);
  expect([throttle.remainingMs('t1'), throttle.remainingMs('t2')]).toEqual([10_000, 0]);
  clock.advance(9_999);
  expect(throttle.remainingMs('t1')).toBe(1);
  clock.advance(1);
  expect(throttle.remainingMs('t1')).toBe(0);
});

test('a shorter pause never shortens one that is under way; a longer one lengthens it', () => {
  const clock = createFakeClock();
  const throttle = createThrottle(clock);
  throttle.pause('t1', 60_000);
  throttle.pause('t1', 1_000);
  expect(throttle.remainingMs('t1')).toBe(60_000);
  throttle.pause('t1', 90_000);
  expect(throttle.remainingMs('t1')).toBe(90_000);
});

test('a tenant is silent from a call without an answer until one is answered; it concerns its tenant alone', () => {
  const silence = createSilence(createFakeClock());
  expect(silence.isSilent('t1')).toBe(false);
  silence.unanswered('t1');
  silence.unanswered('t1');
  silence.answered('t2');
  expect([silence.isSilent('t1'), silence.isSilent('t2')]).toEqual([true, false]);
  silence.answered('t1');
  expect(silence.isSilent('t1')).toBe(false);
});

test('beyond 2,000 tenants the one that was silent first is forgotten, and only that', () => {
  const silence = createSilence(createFakeClock());
  for (let tenant = 0; tenant < 2_000; tenant += 1) silence.unanswered(`t${tenant}`);
  silence.unanswered('t1999');
  expect(silence.isSilent('t0')).toBe(true);
  silence.unanswered('t2000');
  expect(['t0', 't1', 't2000'].map((tenant) => silence.isSilent(tenant))).toEqual([false, true, true]);
});

it('never drops a pause in progress, however many tenants are throttled', () => {
  const clock = createFakeClock();
  const throttle = createThrottle(clock);
  throttle.pause('first', 60_000);
  for (let tenant = 0; tenant < 5_000; tenant += 1) throttle.pause(`tenant-${tenant}`, 1_000);
  clock.advance(2_000);
  throttle.pause('last', 1_000);
  expect(throttle.remainingMs('first')).toBe(58_000);
  expect(throttle.remainingMs('tenant-0')).toBe(0);
});

describe('what is measured of calls', () => {
  const throttled = (status: string) => ({ metric: 'upr.graph.throttled', value: 1, dimensions: { status } });
  const failed = (code: string) => ({ metric: 'upr.graph.failures', value: 1, dimensions: { code } });

  test('each answer that asks to wait, also of a call that succeeds later (concepts/throttling.md, concepts/errors.md)', async () => {
    const { callGraph, measured } = createSetting([
      { status: 429, headers: { 'retry-after': '1' } },
      { status: 503 },
      { status: 509 },
      { status: 200 },
    ]);
    await callGraph(GET);
    expect(measured).toEqual([throttled('429'), throttled('503'), throttled('509')]);
  });

  test('a call that ends with an error once, and none that a pause of its tenant kept back', async () => {
    const { callGraph, measured } = createSetting([{ status: 429, headers: { 'retry-after': '600' } }]);
    await errorOf(callGraph(GET));
    await errorOf(callGraph(GET));
    expect(measured).toEqual([throttled('429'), failed('graphThrottled')]);
  });

  test('a call without an answer, and one that Graph refuses', async () => {
    const { callGraph, measured } = createSetting([
      { status: 403 },
      ...Array.from({ length: 4 }, () => new Error('reset')),
    ]);
    await errorOf(callGraph(GET));
    await errorOf(callGraph(GET));
    expect(measured).toEqual([failed('graphForbidden'), failed('graphUnavailable')]);
  });
});
