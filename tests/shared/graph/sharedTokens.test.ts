import { ReceiverError } from '../../../shared/errors';
import { GraphError } from '../../../shared/graph/errors';
import { createTokens } from '../../../shared/graph/tokens';
import { createFakeClock } from '../../support/createFakeClock';

const REFUSED = new ReceiverError('tokenRefused', 'no consent');
const BUSY = new ReceiverError('tokenUnavailable', 'busy');

/** Tokens over a sign-in host that gives tokens or the error in `host`, with the requests that it received. */
function createSetting(error?: Error) {
  const clock = createFakeClock();
  const asked: string[] = [];
  const host = { error };
  const tokens = createTokens((tenantId, { fresh }) => {
    asked.push(fresh ? `${tenantId}, fresh` : tenantId);
    return host.error ? Promise.reject(host.error) : Promise.resolve(`token of ${tenantId}`);
  }, clock);
  return { clock, asked, host, tokens };
}

describe('concurrent callers', () => {
  /** Token requests that a test answers one by one. */
  function createPending() {
    const requests: { tenantId: string; answer: (token: string) => void; fail: (error: Error) => void }[] = [];
    const tokens = createTokens(
      (tenantId) => new Promise((answer, fail) => void requests.push({ tenantId, answer, fail })),
      createFakeClock(),
    );
    return { requests, tokens };
  }

  test('of one tenant share one request, and another tenant has its own', async () => {
    const { requests, tokens } = createPending();
    const asked = [tokens.get('t1'), tokens.get('t1'), tokens.get('t2')];
    expect(requests.map(({ tenantId }) => tenantId)).toEqual(['t1', 't2']);
    requests[0]?.answer('one');
    requests[1]?.answer('two');
    await expect(Promise.all(asked)).resolves.toEqual(['one', 'one', 'two']);
  });

  test('share nothing that was answered before: the credential knows when a token expires', async () => {
    const { requests, tokens } = createPending();
    const first = tokens.get('t1');
    requests[0]?.answer('one');
    await first;
    const second = tokens.get('t1');
    requests[1]?.answer('two');
    await expect(second).resolves.toBe('two');
  });

  test('all receive a failure, and the next caller does not', async () => {
    const { requests, tokens } = createPending();
    const asked = [tokens.get('t1'), tokens.get('t1')];
    requests[0]?.fail(new Error('refused'));
    for (const one of asked) await expect(one).rejects.toThrow('refused');
    const next = tokens.get('t1');
    requests[1]?.answer('token');
    await expect(next).resolves.toBe('token');
  });

  test('do not share the request of a token that Graph has refused since', async () => {
    const { requests, tokens } = createPending();
    const first = tokens.get('t1');
    tokens.refused('t1');
    const second = tokens.get('t1');
    requests[0]?.answer('old');
    requests[1]?.answer('fresh');
    await expect(Promise.all([first, second])).resolves.toEqual(['old', 'fresh']);
  });
});

describe('a refusal of Entra', () => {
  test('answers 500 messages of its tenant with one request in 30 seconds', async () => {
    const { asked, tokens, clock } = createSetting(REFUSED);
    for (let message = 0; message < 500; message += 1) {
      await expect(tokens.get('t1')).rejects.toBe(REFUSED);
      clock.advance(59);
    }
    expect(asked).toEqual(['t1']);
    clock.advance(501);
    await expect(tokens.get('t1')).rejects.toBe(REFUSED);
    expect(asked).toEqual(['t1', 't1']);
  });

  test('concerns its tenant alone', async () => {
    const { asked, tokens } = createSetting(REFUSED);
    await expect(tokens.get('t1')).rejects.toBe(REFUSED);
    await expect(tokens.get('t2')).rejects.toBe(REFUSED);
    expect(asked).toEqual(['t1', 't2']);
  });

  test('ends 30 seconds later, so a new consent takes effect', async () => {
    const { tokens, clock, host } = createSetting(REFUSED);
    await expect(tokens.get('t1')).rejects.toBe(REFUSED);
    host.error = undefined;
    clock.advance(30_000);
    await expect(tokens.get('t1')).rejects.toBe(REFUSED);
    clock.advance(1);
    await expect(tokens.get('t1')).resolves.toBe('token of t1');
  });

  test('does not keep a caller from asking for a fresh token, which also counts for a refusal by Graph', async () => {
    const { asked, tokens, host, clock } = createSetting(REFUSED);
    await expect(tokens.get('t1')).rejects.toBe(REFUSED);
    host.error = undefined;
    await expect(tokens.get('t1', { fresh: true })).resolves.toBe('token of t1');
    tokens.refused('t1');
    await tokens.get('t1');
    clock.advance(60_001);
    await tokens.get('t1');
    expect(asked).toEqual(['t1', 't1, fresh', 't1', 't1, fresh']);
  });

  test('does not keep a fresh token from being requested, and a success ends it', async () => {
    const { asked, tokens, host, clock } = createSetting(REFUSED);
    await expect(tokens.get('t1')).rejects.toBe(REFUSED);
    tokens.refused('t1');
    await expect(tokens.get('t1')).rejects.toBe(REFUSED);
    clock.advance(60_001);
    await expect(tokens.get('t1')).rejects.toBe(REFUSED);
    host.error = undefined;
    tokens.refused('t1');
    await expect(tokens.get('t1')).resolves.toBe('token of t1');
    await expect(tokens.get('t1')).resolves.toBe('token of t1');
    expect(asked).toEqual(['t1', 't1, fresh', 't1', 't1, fresh', 't1']);
  });

  test.each([
    ['an error that may pass by itself', BUSY],
    ['a fault of ours', new TypeError('x is not a function')],
  ])('%s is not kept', async (_what, error) => {
    const { tokens, host } = createSetting(error);
    await expect(tokens.get('t1')).rejects.toBe(error);
    host.error = undefined;
    await expect(tokens.get('t1')).resolves.toBe('token of t1');
  });

  test('of the tenant least recently asked for is forgotten beyond 2,000 tenants, and only that', async () => {
    const { asked, tokens } = createSetting(REFUSED);
    const ask = (tenantId: string) => tokens.get(tenantId).catch(() => undefined);
    for (let tenant = 0; tenant < 2_000; tenant += 1) await ask(`t${tenant}`);
    await ask('t0');
    await ask('t2000');
    asked.length = 0;
    for (const tenantId of ['t0', 't2', 't1999', 't2000', 't1']) await ask(tenantId);
    expect(asked).toEqual(['t1']);
  });
});

describe('a pause that Entra asks for', () => {
  const throttledFor = (retryAfterMs: number) => new GraphError('tokenUnavailable', 'throttled', { retryAfterMs });

  test('is obeyed by all calls of its tenant, also by one that needs a fresh token, and gives them the time left', async () => {
    const { asked, tokens, clock, host } = createSetting(throttledFor(30_000));
    await expect(tokens.get('t1')).rejects.toMatchObject({ retryAfterMs: 30_000 });
    clock.advance(10_000);
    tokens.refused('t1');
    await expect(tokens.get('t1')).rejects.toMatchObject({ code: 'tokenUnavailable', retryAfterMs: 20_000 });
    expect(asked).toEqual(['t1']);
    host.error = undefined;
    await expect(tokens.get('t2')).resolves.toBe('token of t2');
    clock.advance(20_000);
    await expect(tokens.get('t1')).resolves.toBe('token of t1');
  });

  test('of 0 seconds, again and again, makes the waits grow to a minute', async () => {
    const { asked, tokens, clock } = createSetting(throttledFor(0));
    for (let second = 0; second < 600; second += 1) {
      await expect(tokens.get('t1')).rejects.toMatchObject({ code: 'tokenUnavailable' });
      clock.advance(1_000);
    }
    // At 0, 1, 3, 7, 15, 31, 63 s and every minute then.
    expect(asked).toHaveLength(15);
  });
});

describe('a token that Graph refused', () => {
  test('is replaced by a fresh one, once', async () => {
    const { asked, tokens } = createSetting();
    tokens.refused('t1');
    for (const tenantId of ['t2', 't1', 't1']) await tokens.get(tenantId);
    expect(asked).toEqual(['t2', 't1, fresh', 't1']);
  });

  test('again and again is replaced once a minute', async () => {
    const { asked, tokens, clock } = createSetting();
    tokens.refused('t1');
    await tokens.get('t1');
    tokens.refused('t1');
    await tokens.get('t1');
    clock.advance(60_001);
    await tokens.get('t1');
    expect(asked).toEqual(['t1, fresh', 't1', 't1, fresh']);
  });

  test('is remembered for a bounded number of tenants', async () => {
    const { asked, tokens } = createSetting();
    for (let index = 0; index < 2_001; index += 1) tokens.refused(`t${index}`);
    await tokens.get('t0');
    await tokens.get('t2000');
    expect(asked).toEqual(['t0', 't2000, fresh']);
  });
});
