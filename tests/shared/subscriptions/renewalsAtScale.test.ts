import { notMeasured } from '../../../shared/telemetry/catalogue';
import { createGraphBatch } from '../../../shared/graph/batch';
import { createGraphClient } from '../../../shared/graph/client';
import { createSilence, createThrottle } from '../../../shared/graph/throttle';
import type { HttpAnswer } from '../../../shared/graph/http';
import { reconcileAll } from '../../../shared/subscriptions/reconcileAll';
import { createSubscriptionWorld, MINUTE, putServed } from '../../support/createSubscriptionWorld';

const WATCHES = 1_000;
const TENANTS = ['tenant-0', 'tenant-1', 'tenant-2'];

/** A generator of numbers from 0 inclusive to 1 exclusive, the same ones each time. */
function createSeeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

/** A thousand due renewals over the real client, on a clock that only sleeps and the test move. */
async function createThousand(refuse: () => boolean, { tenants = TENANTS, retryAfterS = 1 } = {}) {
  const world = createSubscriptionWorld();
  for (const tenantId of tenants) await world.addTenant(tenantId);
  for (let n = 0; n < WATCHES; n += 1) {
    const tenantId = tenants[n % tenants.length] ?? '';
    await putServed(world, { tenantId, id: `p-${n}`, subscriptionId: `s-${n}` });
  }
  const throttle = createThrottle(world.clock);
  const earliest = new Map<string, number>();
  const seen = { requests: 0, tooEarly: 0 };
  const answer = (body: unknown): HttpAnswer => ({ status: 200, headers: {}, body: JSON.stringify(body) });
  const callGraph = createGraphClient({
    baseUrl: 'https://graph.microsoft.com/v1.0',
    sendHttp: async ({ method, body = '' }) => {
      await Promise.resolve();
      seen.requests += 1;
      if (method === 'GET') return answer({ value: [] });
      const { requests } = JSON.parse(body) as { requests: { id: string; url: string; body: object }[] };
      const responses = requests.map(({ id, url, body: asked }) => {
        if (world.clock.now() < (earliest.get(url) ?? 0)) seen.tooEarly += 1;
        if (!refuse()) return { id, status: 200, body: { id: url.split('/')[2], ...asked } };
        earliest.set(url, world.clock.now() + retryAfterS * 1_000);
        return { id, status: 429, headers: { 'Retry-After': String(retryAfterS) } };
      });
      const status = responses.some((response) => response.status === 429) ? 424 : 200;
      return { ...answer({ responses }), status };
    },
    tokens: { get: () => Promise.resolve('token'), refused: () => undefined },
    silence: createSilence(world.clock),
    throttle,
    clock: world.clock,
    random: () => 0.5,
    measure: notMeasured,
  });
  const { clock } = world;
  const callBatch = createGraphBatch({ callGraph, throttle, clock, random: () => 0.5, measure: notMeasured });
  return { ...world, seen, deps: { ...world.deps, callGraph, callBatch } };
}

it('takes at most 60 requests for 1,000 due renewals over 3 tenants, the daily listings included', async () => {
  const world = await createThousand(() => false);
  world.clock.advance(24 * 60 * MINUTE);
  expect((await reconcileAll(world.deps)).counts.renewed).toBe(WATCHES);
  // 17 batches a tenant and one listing.
  expect(world.seen.requests).toBe(54);
});

it('lets no subscription expire while 30 % of the parts get 429, and waits for every Retry-After', async () => {
  const random = createSeeded(4711);
  const world = await createThousand(() => random() < 0.3);
  for (let run = 0; run < 18; run += 1) {
    world.clock.advance(10 * MINUTE);
    await reconcileAll(world.deps);
  }
  const renewedAgo: number[] = [];
  for await (const { watch } of world.watches.list()) {
    renewedAgo.push(world.clock.now() - Date.parse(watch.renewedAt ?? ''));
  }
  expect(renewedAgo).toHaveLength(WATCHES);
  // Far under the 70 hours that Graph granted: each was renewed about hourly.
  expect(Math.max(...renewedAgo)).toBeLessThan(150 * MINUTE);
  expect(world.seen.tooEarly).toBe(0);
});

it('lets no subscription expire of a tenant that gets a Retry-After of two minutes in nearly every run, ten hours before all would expire', async () => {
  const random = createSeeded(4711);
  // Two batches of 20 in three have such a part, and a wait of two minutes ends the run of its tenant.
  const world = await createThousand(() => random() < 0.05, { tenants: ['tenant-0'], retryAfterS: 120 });
  world.clock.advance(60 * 60 * MINUTE);
  const runs = (12 * 60) / 10;
  let renewed = 0;
  for (let run = 0; run < runs; run += 1) {
    world.clock.advance(10 * MINUTE);
    renewed += (await reconcileAll(world.deps)).counts.renewed;
  }
  const left: number[] = [];
  for await (const { watch } of world.watches.list()) {
    left.push(Date.parse(watch.expirationDateTime ?? '') - world.clock.now());
  }
  expect(left).toHaveLength(WATCHES);
  // 70 hours are granted each time: who has more than half of it left is far from its end.
  expect(Math.min(...left)).toBeGreaterThan(35 * 60 * MINUTE);
  expect(world.seen.tooEarly).toBe(0);
  // Not because there was room for all: six runs an hour did not renew a thousand.
  expect(renewed / runs).toBeLessThan(WATCHES / 6);
});
