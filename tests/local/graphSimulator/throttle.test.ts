import { createThrottle } from '../../../local/graphSimulator/graph/throttle';
import type { Throttle } from '../../../local/graphSimulator/graph/throttle';
import { startHarness } from './harness';

const one = { appId: 'app', tenantId: 'one' };
const two = { appId: 'app', tenantId: 'two' };
const clock = { now: 0 };
let throttle: Throttle;
beforeEach(() => {
  clock.now = 1_000_000;
  throttle = createThrottle(() => clock.now);
});

/** How many of `calls` calls pass. */
const passing = (calls: number, caller: typeof one, method: string, template: string): number => {
  let passed = 0;
  for (let call = 0; call < calls; call += 1) if (throttle.take(caller, method, template) === undefined) passed += 1;
  return passed;
};

describe('the published limits (concepts/throttling-limits.md)', () => {
  it.each([
    ['list', 'GET', '/subscriptions', 25, 40],
    ['get', 'GET', '/subscriptions/{subscriptionId}', 500, 2_000],
    ['create', 'POST', '/subscriptions', 500, 2_000],
    ['renew', 'PATCH', '/subscriptions/{subscriptionId}', 500, 2_000],
    ['delete', 'DELETE', '/subscriptions/{subscriptionId}', 500, 2_000],
    ['reauthorize', 'POST', '/subscriptions/{subscriptionId}/reauthorize', 1_000, 4_000],
  ])('%s subscriptions: per app and tenant, and per app, in 20 s', (_name, method, template, tenant, app) => {
    expect(passing(tenant + 5, one, method, template)).toBe(tenant);
    expect(passing(app, two, method, template)).toBe(Math.min(tenant, app - tenant));
    let all = tenant + Math.min(tenant, app - tenant);
    for (const tenantId of ['three', 'four', 'five'])
      all += passing(tenant, { appId: 'app', tenantId }, method, template);
    expect(all).toBe(app);
    expect(passing(tenant, { ...one, appId: 'another' }, method, template)).toBe(tenant);
  });

  it('count PATCH, POST and DELETE together, apart from reads', () => {
    expect(passing(300, one, 'PATCH', '/subscriptions/{subscriptionId}')).toBe(300);
    expect(passing(300, one, 'DELETE', '/subscriptions/{subscriptionId}')).toBe(200);
    expect(passing(1, one, 'GET', '/subscriptions')).toBe(1);
  });

  it('let 130,000 calls of an app pass in 10 s; no print limit is published', () => {
    expect(passing(100_000, one, 'GET', '/print/printers/{printerId}/jobs')).toBe(100_000);
    expect(passing(30_005, two, 'GET', '/print/printers/{printerId}/jobs')).toBe(30_000);
  });

  it('of signed-in users are set by a variant, because none is published for print', () => {
    const limited = createThrottle(
      () => clock.now,
      () => 50,
    );
    const user = { ...one, kind: 'user' } as const;
    const call = (caller: Parameters<Throttle['take']>[0]) =>
      limited.take(caller, 'GET', '/print/printers/{printerId}/taskTriggers');
    const waits = Array.from({ length: 60 }, () => call(user));
    expect(waits.filter((wait) => wait === undefined)).toHaveLength(50);
    expect(waits.at(-1)).toBe(10);
    expect([call({ ...one, kind: 'app' }), call({ ...two, kind: 'user' })]).toEqual([undefined, undefined]);
    clock.now += 10_000;
    expect(call(user)).toBeUndefined();
  });

  it('open again after the seconds that Retry-After names (concepts/throttling.md)', () => {
    passing(25, one, 'GET', '/subscriptions');
    const wait = throttle.take(one, 'GET', '/subscriptions') ?? 0;
    expect(wait).toBeGreaterThanOrEqual(20);
    expect(wait).toBeLessThanOrEqual(21);
    clock.now += 10_000;
    expect(throttle.take(one, 'GET', '/subscriptions')).toBeGreaterThan(9);
    clock.now += wait * 1000 - 10_000;
    expect(throttle.take(one, 'GET', '/subscriptions')).toBeUndefined();
  });

  it('start from zero after clear', () => {
    passing(25, one, 'GET', '/subscriptions');
    throttle.clear();
    expect(passing(50, one, 'GET', '/subscriptions')).toBe(25);
  });
});

describe('throttling of the simulator', () => {
  it('answers 429 with Retry-After, part by part in a $batch, by real time or by Date', async () => {
    const harness = await startHarness();
    try {
      await harness.scene();
      for (let n = 0; n < 25; n += 1) expect((await harness.graph('GET', '/subscriptions')).status).toBe(200);
      const refused = await harness.graph('GET', '/subscriptions');
      expect(refused.status).toBe(429);
      expect(refused.body).toMatchObject({ error: { code: 'TooManyRequests' } });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      const batch = await harness.graph('POST', '/$batch', {
        requests: [
          { id: '1', method: 'GET', url: '/subscriptions' },
          { id: '2', method: 'GET', url: '/subscriptions/none' },
        ],
      });
      expect(batch.status).toBe(424);
      expect(batch.body['responses']).toMatchObject([
        { id: '1', status: 429, headers: { 'Retry-After': expect.any(String) as unknown } },
        { id: '2', status: 404 },
      ]);
      harness.clock.aheadMs = 60_000;
      expect((await harness.graph('GET', '/subscriptions')).status).toBe(429);
      await harness.control.setVariants({ throttlingClock: 'date' });
      expect((await harness.graph('GET', '/subscriptions')).status).toBe(200);
      harness.clock.aheadMs = 120_000;
      expect((await harness.graph('GET', '/subscriptions')).status).toBe(200);
    } finally {
      await harness.simulator.close();
    }
  });
});
