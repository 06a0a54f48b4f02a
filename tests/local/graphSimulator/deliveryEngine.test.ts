import { createDeliveryEngine } from '../../../local/graphSimulator/delivery/engine';
import type { DeliveryItem } from '../../../local/graphSimulator/delivery/options';
import { deliveryOptionsSchema, retryDelayMs } from '../../../local/graphSimulator/delivery/options';
import type { DeliveryOptions } from '../../../local/graphSimulator/delivery/options';
import type { PostToReceiver, ReceiverAnswer } from '../../../local/graphSimulator/delivery/receiver';
import { createSeededRandom } from '../../../local/graphSimulator/seededRandom';

const accepted: ReceiverAnswer = { status: 202, contentType: '', body: '' };
const item = (jobId: string, url = 'http://receiver/a'): DeliveryItem => ({
  subscriptionId: 's',
  tenantId: 't',
  appId: 'a',
  url,
  jobId,
  body: { jobId },
});

function setUp(changes: Partial<DeliveryOptions> = {}, answers: ReceiverAnswer[] = [], seed = 1) {
  const posts: { url: string; body: string; timeoutMs: number; jobs: string[] }[] = [];
  const clock = { now: 1_000_000 };
  const post: PostToReceiver = (url, body, { timeoutMs }) => {
    const jobs = (JSON.parse(body) as { value: { jobId: string }[] }).value.map(({ jobId }) => jobId);
    posts.push({ url, body, timeoutMs, jobs });
    return Promise.resolve(answers.shift() ?? accepted);
  };
  const options = { ...deliveryOptionsSchema.parse({}), batchWindowMs: 2, retryScale: 0.002, ...changes };
  const engine = createDeliveryEngine({
    options,
    random: createSeededRandom(seed),
    now: () => clock.now,
    post,
    tokensFor: () => Promise.resolve(undefined),
  });
  engines.push(engine);
  return { engine, posts, clock };
}

const engines: ReturnType<typeof createDeliveryEngine>[] = [];
afterEach(() => {
  for (const engine of engines.splice(0)) engine.reset();
});
const numbered = (count: number) => Array.from({ length: count }, (_, index) => item(String(index)));

describe('deliveries (concepts/change-notifications-delivery-webhooks.md)', () => {
  it('put items of several tenants for one URL into one POST, up to the limit', async () => {
    const { engine, posts } = setUp();
    numbered(101).forEach((one, index) => engine.enqueue({ ...one, tenantId: index % 2 === 0 ? 't' : 'other' }));
    engine.enqueue(item('b', 'http://receiver/b'));
    expect(await engine.whenIdle(5000)).toBe(true);
    expect(posts.map(({ jobs }) => jobs.length)).toEqual([100, 1, 1]);
  });

  it('give the first attempt 3 s and retries 10 s, and repeat the very same body', async () => {
    const { engine, posts } = setUp({}, [{ status: 503, contentType: '', body: '' }, { error: 'timeout' }]);
    engine.enqueue(item('1'));
    await engine.whenIdle(5000);
    expect(posts.map(({ timeoutMs }) => timeoutMs)).toEqual([3000, 10_000, 10_000]);
    expect(new Set(posts.map(({ body }) => body)).size).toBe(1);
    expect(engine.attempts().map(({ outcome, status, attempt }) => [attempt, status, outcome])).toEqual([
      [1, 503, 'retrying'],
      [2, null, 'retrying'],
      [3, 202, 'accepted'],
    ]);
  });

  it('double the wait before each retry up to a limit, all scaled', () => {
    expect([1, 2, 3, 4, 30].map((retry) => retryDelayMs({ retryScale: 0.5 }, retry))).toEqual([
      250, 500, 1000, 2000, 300_000,
    ]);
  });

  it('give up 4 hours of Date after the first attempt', async () => {
    const failed: ReceiverAnswer = { status: 500, contentType: '', body: '' };
    const { engine, clock } = setUp({}, Array<ReceiverAnswer>(1000).fill(failed));
    engine.enqueue(item('1'));
    expect(await engine.whenIdle(30)).toBe(false);
    clock.now += 4 * 3_600_000;
    expect(await engine.whenIdle(5000)).toBe(true);
    const outcomes = engine.attempts().map(({ outcome }) => outcome);
    expect(outcomes.at(-1)).toBe('gaveUp');
    expect(new Set(outcomes.slice(0, -1))).toEqual(new Set(['retrying']));
  });

  it('can lose items, by seed alike', async () => {
    const lost = async (seed: number) => {
      const { engine } = setUp({ lossRate: 0.5 }, [], seed);
      numbered(20).forEach(engine.enqueue);
      await engine.whenIdle(5000);
      return engine
        .attempts()
        .filter(({ outcome }) => outcome === 'lost')
        .map(({ items }) => items[0]?.jobId);
    };
    const first = await lost(7);
    expect(first.length).toBeGreaterThan(2);
    expect(first.length).toBeLessThan(18);
    expect(await lost(7)).toEqual(first);
    expect(await lost(8)).not.toEqual(first);
  });

  it('can send every item exactly twice, in two POSTs', async () => {
    const { engine, posts } = setUp({ duplicateEach: true });
    numbered(3).forEach(engine.enqueue);
    await engine.whenIdle(5000);
    expect(posts.map(({ jobs }) => jobs)).toEqual([
      ['0', '1', '2'],
      ['0', '1', '2'],
    ]);
  });

  it('can send some items twice, by rate', async () => {
    const { engine, posts } = setUp({ duplicateRate: 0.5 });
    numbered(40).forEach(engine.enqueue);
    await engine.whenIdle(5000);
    const again = posts[1]?.jobs.length ?? 0;
    expect([posts.length, again > 5, again < 35]).toEqual([2, true, true]);
  });

  it('can contain an item twice in one POST', async () => {
    const { engine, posts } = setUp({ duplicateInSamePost: true });
    engine.enqueue(item('1'));
    await engine.whenIdle(5000);
    expect(posts.map(({ jobs }) => jobs)).toEqual([['1', '1']]);
  });

  it('can change the order, losing none', async () => {
    const { engine, posts } = setUp({ reorder: true });
    numbered(20).forEach(engine.enqueue);
    await engine.whenIdle(5000);
    const order = posts.flatMap(({ jobs }) => jobs).map(Number);
    expect(order).not.toEqual([...order].sort((a, b) => a - b));
    expect(new Set(order).size).toBe(20);
  });

  it('can be sent again by hand, in other POSTs', async () => {
    const { engine, posts } = setUp();
    numbered(2).forEach(engine.enqueue);
    await engine.whenIdle(5000);
    expect(engine.redeliver(({ jobId }) => jobId === '1', 2)).toBe(2);
    await engine.whenIdle(5000);
    expect(posts.map(({ jobs }) => jobs)).toEqual([['0', '1'], ['1'], ['1']]);
  });

  it('carry validation tokens when there are any', async () => {
    const bodies: string[] = [];
    const engine = createDeliveryEngine({
      options: { ...deliveryOptionsSchema.parse({}), batchWindowMs: 1 },
      random: createSeededRandom(1),
      now: () => 0,
      post: (_url, body) => {
        bodies.push(body);
        return Promise.resolve(accepted);
      },
      tokensFor: () => Promise.resolve(['token']),
    });
    engine.enqueue(item('1'));
    await engine.whenIdle(5000);
    expect(JSON.parse(bodies[0] ?? '')).toMatchObject({ validationTokens: ['token'] });
  });

  it('says when they are not done in time, and forgets all at a reset', async () => {
    const { engine, posts } = setUp({ delayMs: 60_000 });
    engine.enqueue(item('1'));
    expect(await engine.whenIdle(1)).toBe(false);
    const idle = engine.whenIdle(5000);
    engine.reset();
    expect(await idle).toBe(true);
    expect(posts).toEqual([]);
  });
});
