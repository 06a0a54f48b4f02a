import { GraphError } from '../../../shared/graph/errors';
import type { GraphCall } from '../../../shared/graph/client';
import { reconcileAll } from '../../../shared/subscriptions/reconcileAll';
import { graphError } from '../../support/createFakeGraph';
import { createSubscriptionWorld, fetchable, MINUTE, putServed, watchOf } from '../../support/createSubscriptionWorld';

/** Watches that are all due, the last one in the order of the table the first to end. */
async function createLargeTenant(count: number) {
  const world = createSubscriptionWorld();
  await world.addTenant();
  for (let n = 0; n < count; n += 1) {
    const expirationDateTime = new Date(world.clock.now() + (70 * 60 - n) * MINUTE).toISOString();
    await putServed(world, { id: idOf(n), subscriptionId: `s-${n}`, expirationDateTime });
  }
  world.clock.advance(60 * MINUTE);
  /** The first batch is renewed, all later ones are told to wait. */
  const throttleAfter = (batches: number) => {
    const { callBatch } = world.graph;
    let sent = 0;
    world.deps.callBatch = (tenantId, parts) => {
      sent += 1;
      if (sent <= batches) return callBatch(tenantId, parts);
      return Promise.resolve(parts.map(() => ({ error: graphError('throttled', 120_000) })));
    };
  };
  const failCreates = (error: Error) => {
    const { callGraph } = world.graph;
    world.deps.callGraph = (call: GraphCall) => (call.method === 'POST' ? Promise.reject(error) : callGraph(call));
  };
  return { ...world, throttleAfter, failCreates };
}

const idOf = (n: number) => `printer-${String(n).padStart(3, '0')}`;
const renewedNow = '2026-11-22T01:00:00.000Z';

describe('a tenant that Graph throttles in every run', () => {
  it('has the soonest expiry renewed first, and an unreadable expiry before it', async () => {
    const world = await createLargeTenant(100);
    const unknown = await world.read(fetchable(undefined, idOf(3)));
    await world.watches.save(watchOf({ ...unknown.watch, expirationDateTime: '' }), unknown.etag);
    world.throttleAfter(1);
    expect((await reconcileAll(world.deps)).counts.renewed).toBe(20);
    const renewed: string[] = [];
    for await (const row of world.watches.list()) {
      if (row.watch.renewedAt === renewedNow) renewed.push(row.watch.id);
    }
    expect(renewed).toEqual([3, ...Array.from({ length: 19 }, (_, n) => 81 + n)].map(idOf));
  });

  it('gets a subscription for a watch without one: it receives nothing now, the others have hours left', async () => {
    const world = await createLargeTenant(100);
    await world.put({ id: 'new' });
    world.throttleAfter(0);
    const { counts } = await reconcileAll(world.deps);
    expect(counts).toMatchObject({ created: 1, renewed: 0 });
    expect((await world.read(fetchable(undefined, 'new'))).watch.subscriptionId).toBe('subscription-1');
  });

  it('gets a lost subscription recreated by the run after the one that found it', async () => {
    const world = await createLargeTenant(100);
    world.graph.subscriptions.delete('s-99');
    world.throttleAfter(1);
    const found = await reconcileAll(world.deps);
    expect(found.counts).toMatchObject({ created: 0, renewed: 19 });
    world.clock.advance(10 * MINUTE);
    world.throttleAfter(0);
    const next = await reconcileAll(world.deps);
    expect(next.counts.created).toBe(1);
    expect(next.toSweep).toEqual([fetchable(undefined, idOf(99))]);
  });
});

describe('a tenant that Graph throttles while watches wait for new subscriptions of another URL', () => {
  const OLD_URL = 'https://before.example/api/notifications';
  const createWithReplacements = async (count: number) => {
    const world = await createLargeTenant(100);
    for (let n = 0; n < count; n += 1) {
      await putServed(world, { id: `old-${n}`, subscriptionId: `old-${n}`, notificationUrl: OLD_URL });
    }
    return world;
  };

  it('gets four replacements in each run, before the batches', async () => {
    const world = await createWithReplacements(10);
    world.throttleAfter(0);
    expect((await reconcileAll(world.deps)).counts).toMatchObject({ replaced: 4, renewed: 0 });
    world.clock.advance(10 * MINUTE);
    expect((await reconcileAll(world.deps)).counts).toMatchObject({ replaced: 4, renewed: 0 });
  });

  it('has no batch in progress between a DELETE and its POST: a 429 would delay the POST', async () => {
    const world = await createWithReplacements(10);
    let batches = 0;
    const { callBatch } = world.graph;
    world.deps.callBatch = async (tenantId, parts) => {
      batches += 1;
      // Longer than any replacement here takes.
      for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
      const results = await callBatch(tenantId, parts);
      batches -= 1;
      return results;
    };
    const beside: string[] = [];
    const { callGraph } = world.graph;
    world.deps.callGraph = (call: GraphCall) => {
      if (batches > 0) beside.push(call.method);
      return callGraph(call);
    };
    expect((await reconcileAll(world.deps)).counts).toMatchObject({ replaced: 10, renewed: 100 });
    expect(beside).toEqual([]);
  });

  it('counts no failure for a watch whose POST was kept back by a pause', async () => {
    const world = await createLargeTenant(1);
    await world.put({ id: 'new', failures: 3 });
    world.failCreates(new GraphError('graphThrottled', 'POST was not sent', { retryAfterMs: 20_000 }));
    await reconcileAll(world.deps);
    expect((await world.read(fetchable(undefined, 'new'))).watch).toMatchObject({
      failures: 3,
      lastError: expect.stringContaining('POST was not sent') as string,
      nextTryAt: new Date(world.clock.now() + 20_000).toISOString(),
    });
  });
});

describe('a tenant whose new subscriptions fail', () => {
  it.each([graphError('rejected'), graphError('unavailable')])('still gets its renewals: %s', async (error) => {
    const world = await createLargeTenant(200);
    for (let n = 0; n < 50; n += 1) await world.put({ id: `new-${n}` });
    world.failCreates(error);
    const { counts } = await reconcileAll(world.deps);
    expect(counts.renewed).toBe(200);
    expect(counts.failed).toBeGreaterThanOrEqual(4);
    expect(counts.failed).toBeLessThanOrEqual(7);
    expect(counts.postponed).toBe(50 - counts.failed);
  });
});
