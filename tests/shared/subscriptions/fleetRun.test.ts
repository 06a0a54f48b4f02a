import fc from 'fast-check';
import { createGraphBatch } from '../../../shared/graph/batch';
import { createGraphClient } from '../../../shared/graph/client';
import { createSilence, createThrottle } from '../../../shared/graph/throttle';
import { reconcileAll } from '../../../shared/subscriptions/reconcileAll';
import { notMeasured } from '../../../shared/telemetry/catalogue';
import { createSubscriptionWorld, MINUTE, putServed, START } from '../../support/createSubscriptionWorld';
import { createVirtualTime } from '../../support/createVirtualTime';

const BATCH_MS = 500;
const THROTTLED = 'tenant-throttled';

interface Fleet {
  healthy: number;
  watchesOfEach: number;
  /** Watches of the throttled tenant, and what Graph asks of each of its calls. */
  throttled: { watches: number; retryAfterS: number } | undefined;
}

/** Tenants whose watches are all due, on a clock whose time passes when all work waits for it. Graph needs half a second. */
async function createFleet({ healthy, watchesOfEach, throttled }: Fleet) {
  const world = createSubscriptionWorld();
  const clock = createVirtualTime(Date.parse(START) + 60 * MINUTE);
  const tenants = Array.from({ length: healthy }, (_, n) => ({ tenantId: `tenant-${n}`, watches: watchesOfEach }));
  if (throttled) tenants.push({ tenantId: THROTTLED, watches: throttled.watches });
  for (const { tenantId, watches } of tenants) {
    await world.addTenant(tenantId);
    for (let n = 0; n < watches; n += 1) await putServed(world, { tenantId, id: `p-${n}`, subscriptionId: `s-${n}` });
  }
  const throttle = createThrottle(clock);
  const sent: { tenantId: string; endedAt: number; parts: number }[] = [];
  const shared = { throttle, clock, random: () => 0.5, measure: notMeasured };
  const callGraph = createGraphClient({
    ...shared,
    baseUrl: 'https://graph.microsoft.com/v1.0',
    sendHttp: async ({ headers, body = '' }) => {
      const tenantId = headers['Authorization']?.replace('Bearer ', '') ?? '';
      const { requests } = JSON.parse(body) as { requests: { id: string; url: string; body: object }[] };
      await clock.sleep(BATCH_MS);
      const refused = { status: 429, headers: { 'Retry-After': String(throttled?.retryAfterS) } };
      const isRefused = tenantId === THROTTLED;
      if (!isRefused) sent.push({ tenantId, endedAt: clock.now(), parts: requests.length });
      const responses = requests.map(({ id, url, body: asked }) =>
        isRefused ? { id, ...refused } : { id, status: 200, body: { id: url.split('/')[2], ...asked } },
      );
      return { status: isRefused ? 424 : 200, headers: {}, body: JSON.stringify({ responses }) };
    },
    tokens: { get: (tenantId) => Promise.resolve(tenantId), refused: () => undefined },
    silence: createSilence(clock),
  });
  const callBatch = createGraphBatch({ ...shared, callGraph });
  const deps = { ...world.deps, clock, callGraph, callBatch };
  return {
    ...{ clock, sent, watches: world.watches },
    /** One run, with the milliseconds from its start to the last renewal. */
    async run(options: { limitMs?: number } = {}) {
      const startedAt = clock.now();
      let isOver = false;
      const running = reconcileAll(deps, options).finally(() => (isOver = true));
      await clock.runUntil(() => isOver);
      const { counts } = await running;
      return {
        counts,
        tookMs: clock.now() - startedAt,
        lastMs: Math.max(0, ...sent.map((one) => one.endedAt)) - startedAt,
      };
    },
  };
}

it('a throttled tenant, whatever its Retry-After and size, leaves the others half of the places: they take no more than twice the time', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 3, max: 8 }),
      fc.integer({ min: 20, max: 60 }),
      fc.record({ watches: fc.integer({ min: 1, max: 120 }), retryAfterS: fc.constantFrom(0, 1, 2, 4, 5, 30, 600) }),
      async (healthy, watchesOfEach, throttled) => {
        const alone = await (await createFleet({ healthy, watchesOfEach, throttled: undefined })).run();
        const beside = await (await createFleet({ healthy, watchesOfEach, throttled })).run();
        expect(beside.counts.renewed).toBe(healthy * watchesOfEach);
        // A batch more: the last one of a tenant may start a moment later.
        expect(beside.lastMs).toBeLessThanOrEqual(alone.lastMs * 2 + BATCH_MS);
      },
    ),
    { numRuns: 12, seed: 16 },
  );
}, 30_000);

it('continues where it stopped: a run that its limit ends early postpones the rest, and the next runs renew that alone', async () => {
  const fleet = await createFleet({ healthy: 6, watchesOfEach: 500, throttled: undefined });
  let renewed = 0;
  let runs = 0;
  while (renewed < 3_000) {
    const { counts, tookMs } = await fleet.run({ limitMs: 10_000 });
    expect(counts.renewed + counts.postponed + counts.nothing).toBe(3_000);
    expect(counts.nothing).toBe(renewed);
    // What was sent before the limit is awaited and saved.
    expect(tookMs).toBeLessThan(10_000 + 20_000 + BATCH_MS);
    expect(counts.renewed).toBeGreaterThan(0);
    renewed += counts.renewed;
    runs += 1;
  }
  expect(runs).toBeGreaterThan(1);
  // No watch was renewed twice.
  expect(fleet.sent.reduce((sum, { parts }) => sum + parts, 0)).toBe(3_000);
});
