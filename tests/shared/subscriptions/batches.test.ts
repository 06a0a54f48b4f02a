import { ReceiverError } from '../../../shared/errors';
import type { GraphCall } from '../../../shared/graph/client';
import { reconcileAll } from '../../../shared/subscriptions/reconcileAll';
import { withoutSubscription } from '../../../shared/watches/watches';
import { graphError } from '../../support/createFakeGraph';
import {
  createSubscriptionWorld,
  fetchable,
  MINUTE,
  OTHER_TENANT,
  putServed,
  TENANT,
  type SubscriptionWorld,
} from '../../support/createSubscriptionWorld';

/** An active tenant with `count` watches, each served by a subscription of its own. */
async function withServed(count: number, tenantId = TENANT, world = createSubscriptionWorld()) {
  await world.addTenant(tenantId);
  for (let n = 0; n < count; n += 1) {
    const id = `printer-${n}`;
    await putServed(world, { tenantId, id, subscriptionId: `${tenantId}-${n}` });
  }
  return world;
}

/** Answers every call of `method` with an error instead; `count` of them. */
function failing(world: SubscriptionWorld, error: Error, matches: (call: GraphCall) => boolean) {
  const { callBatch, callGraph } = world.deps;
  let asked = 0;
  world.deps.callGraph = (call) => {
    if (!matches(call)) return callGraph(call);
    asked += 1;
    return Promise.reject(error);
  };
  world.deps.callBatch = async (tenantId, parts) => {
    const calls = parts.map((part) => ({ tenantId, ...part }));
    if (!calls.some(matches)) return callBatch(tenantId, parts);
    asked += 1;
    return parts.map(() => ({ error }));
  };
  return { asked: () => asked };
}

describe('reconcileAll in batches', () => {
  it('sends PATCH and DELETE in batches of 20, each for one tenant', async () => {
    const world = await withServed(45);
    await withServed(3, OTHER_TENANT, world);
    const removed = await world.read(fetchable(TENANT, 'printer-7'));
    await world.watches.save({ ...removed.watch, wanted: false }, removed.etag);
    world.clock.advance(60 * MINUTE);
    const { counts } = await reconcileAll(world.deps);
    expect(counts).toMatchObject({ renewed: 47, removed: 1 });
    expect(world.graph.batches.sort((a, b) => b - a)).toEqual([20, 20, 5, 3]);
    expect(world.graph.subscriptions.size).toBe(47);
  });

  it.each([
    ['two batches of one tenant', [TENANT], 2],
    ['four batches of all tenants', [TENANT, OTHER_TENANT, 'tenant-3'], 4],
  ])('has at most %s in progress', async (_name, tenants, bound) => {
    const world = createSubscriptionWorld();
    for (const tenantId of tenants) await withServed(100, tenantId, world);
    world.clock.advance(60 * MINUTE);
    const { callBatch } = world.deps;
    let underWay = 0;
    let most = 0;
    world.deps.callBatch = async (...batch) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise(setImmediate);
      underWay -= 1;
      return callBatch(...batch);
    };
    expect((await reconcileAll(world.deps)).counts.renewed).toBe(100 * tenants.length);
    expect(most).toBe(bound);
  });

  it('recreates a lost subscription with a call of its own, and requests a sweep', async () => {
    const world = await withServed(3);
    world.graph.subscriptions.delete(`${TENANT}-1`);
    world.clock.advance(60 * MINUTE);
    const { counts, toSweep } = await reconcileAll(world.deps);
    expect(counts).toMatchObject({ renewed: 2, created: 1 });
    expect(toSweep).toEqual([fetchable(TENANT, 'printer-1')]);
    expect(world.graph.batches).toEqual([3]);
  });

  it('writes the refusal of one part onto its row and renews the others', async () => {
    const world = await withServed(3);
    world.clock.advance(60 * MINUTE);
    world.graph.nextError('PATCH', graphError('unavailable'));
    const { counts, failures } = await reconcileAll(world.deps);
    expect(counts).toMatchObject({ renewed: 2, failed: 1 });
    expect(failures).toMatchObject([{ error: graphError('unavailable').message }]);
  });

  it('counts no failure when a pause kept the calls back', async () => {
    const world = await withServed(25);
    world.clock.advance(60 * MINUTE);
    const notSent = Object.assign(graphError('throttled', 60_000), { status: undefined });
    failing(world, notSent, () => true);
    const { counts, failures } = await reconcileAll(world.deps);
    expect(counts.postponed).toBe(25);
    expect(failures).toEqual([]);
    expect((await world.read(fetchable(TENANT, 'printer-3'))).watch.failures).toBe(0);
  });

  it('postpones the rest when Graph is unavailable', async () => {
    const world = await withServed(200);
    world.clock.advance(60 * MINUTE);
    const { asked } = failing(world, graphError('unavailable'), () => true);
    const { counts } = await reconcileAll(world.deps);
    // Those that were under way when the first came back.
    expect(asked()).toBeLessThanOrEqual(4);
    expect(counts.failed).toBe(asked() * 20);
    expect(counts.postponed).toBe(200 - counts.failed);
  });

  it('removes the unwanted watches of a paused customer and nothing else', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant(TENANT, 'paused');
    await putServed(world, { id: 'a', subscriptionId: 'a', wanted: false });
    await putServed(world, { id: 'b', subscriptionId: 'b' });
    world.clock.advance(60 * MINUTE);
    expect(await reconcileAll(world.deps)).toMatchObject({
      counts: { removed: 1, renewed: 0 },
      tenantsSkipped: 1,
    });
    expect([...world.graph.subscriptions.keys()]).toEqual(['b']);
  });

  it('maintains the JobStarted watches of a paused customer: its triggers keep holding jobs', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant(TENANT, 'paused');
    await world.addTenant(OTHER_TENANT, 'removed');
    const kind = 'jobStarted' as const;
    await putServed(world, { kind, id: 'a', subscriptionId: 'a' });
    await putServed(world, { kind, id: 'b', subscriptionId: 'b', keyId: 'retired' });
    await putServed(world, { kind, id: 'c', subscriptionId: 'c', tenantId: OTHER_TENANT });
    await putServed(world, { id: 'd', subscriptionId: 'd' });
    world.clock.advance(60 * MINUTE);
    expect(await reconcileAll(world.deps)).toMatchObject({
      counts: { renewed: 1, replaced: 1, nothing: 0 },
      tenantsSkipped: 2,
    });
    const { watch } = await world.read({ tenantId: TENANT, kind, id: 'a' });
    expect(watch.renewedAt).toBe('2026-11-22T01:00:00.000Z');
  });

  it('removes a row that never had a subscription beside others in one batch', async () => {
    const world = await withServed(2);
    await world.put({ id: 'never', wanted: false });
    world.clock.advance(60 * MINUTE);
    expect((await reconcileAll(world.deps)).counts).toMatchObject({ renewed: 2, removed: 1 });
    expect(world.graph.batches).toEqual([2]);
  });

  it('saves the renewals of a batch in one call, except for rows that have changed', async () => {
    const world = await withServed(3);
    world.clock.advance(60 * MINUTE);
    const healthy = { ...world.watches };
    const written: number[] = [];
    world.watches.saveEach = async (changes) => {
      written.push(changes.length);
      const { watch, etag } = await world.read(fetchable(TENANT, 'printer-1'));
      await world.watches.save({ ...watch, failures: 4 }, etag);
      return healthy.saveEach(changes);
    };
    expect((await reconcileAll(world.deps)).counts).toMatchObject({ renewed: 2, busy: 1 });
    expect(written).toEqual([3]);
    expect((await world.read(fetchable(TENANT, 'printer-1'))).watch.failures).toBe(4);
  });

  it('reports storage that fails while a batch is saved', async () => {
    const world = await withServed(2);
    world.clock.advance(60 * MINUTE);
    world.watches.saveEach = () => Promise.reject(new Error('down'));
    expect((await reconcileAll(world.deps)).counts).toMatchObject({ renewed: 0, error: 2 });
  });
});

describe('replacing all watches', () => {
  it('replaces each of them and requests their sweep', async () => {
    const world = await withServed(6);
    world.deps.config.publicBaseUrl = 'https://new.example/api';
    const { counts, toSweep } = await reconcileAll(world.deps);
    expect(counts.replaced).toBe(6);
    expect(toSweep).toHaveLength(6);
    for (const { notificationUrl } of world.graph.subscriptions.values()) {
      expect(notificationUrl).toBe('https://new.example/api/notifications');
    }
  });

  it('stops when the first replacement fails: a wrong PUBLIC_BASE_URL costs one watch a run', async () => {
    const world = await withServed(6);
    await withServed(6, OTHER_TENANT, world);
    world.deps.config.publicBaseUrl = 'https://wrong.example/api';
    failing(world, graphError('unavailable'), ({ method }) => method === 'POST');
    const { counts } = await reconcileAll(world.deps);
    expect(counts.failed + counts.postponed).toBe(12);
    // One of each tenant side by side.
    expect(counts.failed).toBeLessThanOrEqual(2);
    expect(world.graph.subscriptions.size).toBeGreaterThanOrEqual(10);
  });
});

describe('what cannot be replaced now', () => {
  const isCreate = ({ method }: GraphCall) => method === 'POST';

  it('is renewed when due, so nothing expires while PUBLIC_BASE_URL is wrong', async () => {
    const world = await withServed(6);
    world.deps.config.publicBaseUrl = 'https://wrong.example/api';
    failing(world, graphError('rejected'), isCreate);
    world.clock.advance(60 * MINUTE);
    const { counts } = await reconcileAll(world.deps);
    expect(counts).toMatchObject({ failed: 1, renewed: 5 });
    const kept = await world.read(fetchable(TENANT, 'printer-5'));
    expect(kept.watch).toMatchObject({
      renewedAt: '2026-11-22T01:00:00.000Z',
      notificationUrl: 'https://receiver.example/api/notifications',
    });
  });

  it('is not replaced in other tenants either once Graph has rejected one', async () => {
    const world = createSubscriptionWorld();
    const tenants = Array.from({ length: 8 }, (_, n) => `tenant-${n}`);
    for (const tenantId of tenants) await withServed(1, tenantId, world);
    world.deps.config.publicBaseUrl = 'https://wrong.example/api';
    failing(world, graphError('rejected'), isCreate);
    const { counts } = await reconcileAll(world.deps);
    // Four tenants are looked after side by side: each of them may risk one before the first rejection is known.
    expect(counts.failed).toBeLessThanOrEqual(4);
    expect(world.graph.subscriptions.size).toBe(8 - counts.failed);
  });

  it('is recreated when Graph has lost it', async () => {
    const world = await withServed(3);
    const lost = [...world.graph.subscriptions.keys()].at(-1) ?? '';
    world.graph.subscriptions.delete(lost);
    world.deps.config.publicBaseUrl = 'https://new.example/api';
    let creates = 0;
    failing(world, graphError('rejected'), (call) => isCreate(call) && (creates += 1) === 1);
    world.clock.advance(60 * MINUTE);
    // The first to be replaced is rejected, so the others are kept; Graph has lost one of them.
    const { counts } = await reconcileAll(world.deps);
    expect(counts).toMatchObject({ failed: 1, renewed: 1, created: 1 });
  });

  it('affects no other tenant when Graph is unavailable for one only', async () => {
    const world = await withServed(3);
    await withServed(3, OTHER_TENANT, world);
    world.deps.config.publicBaseUrl = 'https://new.example/api';
    failing(world, graphError('unavailable'), (call) => isCreate(call) && call.tenantId === TENANT);
    const { counts } = await reconcileAll(world.deps);
    expect(counts).toMatchObject({ replaced: 3, failed: 1 });
  });
});

describe('creates that Graph rejects', () => {
  it('stop after four in a row: each may take 20 s of validation', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    for (let n = 0; n < 12; n += 1) await world.put({ id: `printer-${n}` });
    failing(world, graphError('rejected'), ({ method }) => method === 'POST');
    const { counts } = await reconcileAll(world.deps);
    // Four are under way at a time.
    expect(counts.failed).toBeGreaterThanOrEqual(4);
    expect(counts.failed).toBeLessThanOrEqual(7);
    expect(counts.failed + counts.postponed).toBe(12);
  });
});

describe('the limits of a run', () => {
  const sixTenants = Array.from({ length: 6 }, (_, n) => `tenant-${n}`);

  it('stop new work, including the listing for orphans, when the time is over', async () => {
    const world = createSubscriptionWorld();
    for (const tenantId of sixTenants) await withServed(1, tenantId, world);
    world.clock.advance(25 * 60 * MINUTE);
    const { callBatch } = world.deps;
    world.deps.callBatch = (tenantId, parts) => {
      world.clock.advance(5 * MINUTE);
      return callBatch(tenantId, parts);
    };
    const { counts } = await reconcileAll(world.deps, { limitMs: 5 * MINUTE });
    expect(counts.renewed).toBeGreaterThanOrEqual(1);
    expect(counts.renewed).toBeLessThanOrEqual(4);
    expect(counts.renewed + counts.postponed).toBe(6);
    expect(world.graph.said().filter((call) => call.startsWith('GET'))).toEqual([]);
  });

  it.each([
    [0, 'tenant-0'],
    [0.99, 'tenant-5'],
  ])('begins with another tenant each time (%d)', async (random, first) => {
    const world = createSubscriptionWorld();
    for (const tenantId of sixTenants) await withServed(1, tenantId, world);
    world.clock.advance(60 * MINUTE);
    const { callBatch } = world.deps;
    const order: string[] = [];
    world.deps.callBatch = (tenantId, parts) => {
      order.push(tenantId);
      return callBatch(tenantId, parts);
    };
    world.deps.random = () => random;
    await reconcileAll(world.deps);
    expect(order[0]).toBe(first);
    expect(order).toHaveLength(6);
  });

  it('let a tenant with many watches wait without delaying the others', async () => {
    const world = await withServed(480);
    await withServed(1, OTHER_TENANT, world);
    world.clock.advance(60 * MINUTE);
    const healthy = { ...world.clock };
    let waking: (() => void)[] = [];
    world.clock.sleep = (ms) => new Promise((resolve) => waking.push(() => void healthy.sleep(ms).then(resolve)));
    const { callBatch } = world.deps;
    let other = false;
    world.deps.callBatch = (tenantId, parts) => {
      other ||= tenantId === OTHER_TENANT;
      return callBatch(tenantId, parts);
    };
    world.deps.random = () => 0;
    const run = reconcileAll(world.deps);
    let ended = false;
    void run.then(() => (ended = true));
    for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    // No call has waited yet, and the calls of the other tenant were answered.
    expect([other, waking.length > 0]).toEqual([true, true]);
    while (!ended) {
      const now = waking;
      waking = [];
      for (const wake of now) wake();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await run).counts.renewed).toBe(481);
  });

  it('bound the writes of a tenant to 450 in 20 s: Graph allows 500 (concepts/throttling-limits.md)', async () => {
    const world = await withServed(820);
    world.clock.advance(60 * MINUTE);
    const sent: { at: number; parts: number }[] = [];
    const { callBatch } = world.deps;
    world.deps.callBatch = (tenantId, parts) => {
      sent.push({ at: world.clock.now(), parts: parts.length });
      return callBatch(tenantId, parts);
    };
    expect((await reconcileAll(world.deps)).counts.renewed).toBe(820);
    for (const { at } of sent) {
      const inWindow = sent.filter((one) => one.at > at - 20_000 && one.at <= at);
      expect(inWindow.reduce((sum, { parts }) => sum + parts, 0)).toBeLessThanOrEqual(450);
    }
  });
});

describe('a tenant that refuses every call (its consent was withdrawn)', () => {
  const refusals = [
    graphError('unauthorized'),
    graphError('forbidden'),
    new ReceiverError('tokenRefused', 'Entra gave no token (400)'),
  ];
  it.each(refusals)('is marked as refused with the reason, and backs off: %s', async (error) => {
    const world = await withServed(3);
    await withServed(1, OTHER_TENANT, world);
    const { asked } = failing(world, error, ({ tenantId }) => tenantId === TENANT);
    world.clock.advance(60 * MINUTE);
    expect(await reconcileAll(world.deps)).toMatchObject({
      tenantsRefused: 1,
      refused: [{ tenantId: TENANT, error: error.message, nextTryAt: '2026-11-22T01:00:45.000Z' }],
      counts: { failed: 3, renewed: 1 },
    });
    expect(await world.tenants.get(TENANT)).toMatchObject({
      lastError: error.message,
      failures: 1,
      nextTryAt: '2026-11-22T01:00:45.000Z',
      status: 'active',
    });
    expect((await world.tenants.get(OTHER_TENANT))?.lastError).toBeUndefined();
    expect(asked()).toBe(1);

    expect((await reconcileAll(world.deps)).counts.postponed).toBe(3);
    expect(asked()).toBe(1);
    // From now on one watch of each kind is tried, not all.
    world.clock.advance(60 * MINUTE);
    expect((await reconcileAll(world.deps)).counts).toMatchObject({ failed: 1, postponed: 2 });
    expect(asked()).toBe(2);
    expect((await world.tenants.get(TENANT))?.failures).toBe(2);
  });

  it('is not marked when only the sign-in host fails. The rest is postponed', async () => {
    const world = await withServed(100);
    const error = new ReceiverError('tokenUnavailable', 'Entra could not be asked');
    failing(world, error, () => true);
    world.clock.advance(60 * MINUTE);
    const { counts, tenantsRefused } = await reconcileAll(world.deps);
    expect(tenantsRefused).toBe(0);
    expect(counts.postponed).toBeGreaterThan(0);
    expect(await world.tenants.get(TENANT)).not.toHaveProperty('nextTryAt');
  });

  it('is served again once a call succeeds', async () => {
    const world = await withServed(3);
    const working = { ...world.deps };
    failing(world, graphError('unauthorized'), () => true);
    world.clock.advance(60 * MINUTE);
    await reconcileAll(world.deps);
    world.clock.advance(60 * MINUTE);
    expect((await reconcileAll(working)).counts.renewed).toBe(3);
    const tenant = await world.tenants.get(TENANT);
    expect(tenant).not.toHaveProperty('lastError');
    expect(tenant).not.toHaveProperty('nextTryAt');
    expect(tenant).toMatchObject({ graphAccess: 'ok', failures: 0 });
  });

  it('recovers although its broken watches are due first: any answer that is no refusal shows that it is reached', async () => {
    const world = await withServed(8);
    const working = { ...world.deps };
    failing(world, graphError('unauthorized'), () => true);
    world.clock.advance(60 * MINUTE);
    await reconcileAll(world.deps);
    // Six watches whose printers were deleted in the meantime: Graph rejects them permanently.
    const isBroken = (path: string) => /-[0-5]$/.test(path);
    working.callGraph = (call) =>
      isBroken(call.path) ? Promise.reject(graphError('rejected')) : world.graph.callGraph(call);
    working.callBatch = async (tenantId, parts) =>
      Promise.all(
        parts.map(async (part) =>
          isBroken(part.path)
            ? { error: graphError('rejected') }
            : { answer: await world.graph.callGraph({ tenantId, ...part }) },
        ),
      );
    world.clock.advance(60 * MINUTE);
    expect((await reconcileAll(working)).counts).toMatchObject({ renewed: 2, failed: 6 });
    expect(await world.tenants.get(TENANT)).toMatchObject({ graphAccess: 'ok' });
  });

  it('is reached by another watch where the one that was renewed last is refused alone', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    const failed = { lastError: 'x', failures: 1 };
    await putServed(world, { id: 'printer-0', subscriptionId: 's-0', ...failed });
    const renewedAt = '2026-11-22T00:05:00.000Z';
    await putServed(world, { id: 'printer-1', subscriptionId: 's-1', renewedAt, ...failed });
    await world.tenants.update(TENANT, (row) => ({ ...row, graphAccess: 'refused', lastError: 'x', nextTryAt: '' }));
    failing(world, graphError('forbidden'), ({ path }) => path.endsWith('s-1'));
    world.clock.advance(60 * MINUTE);
    expect((await reconcileAll(world.deps)).counts).toMatchObject({ failed: 1, postponed: 1 });
    // The next probe, an hour later (decision 0011).
    world.clock.advance(60 * MINUTE);
    expect((await reconcileAll(world.deps)).counts).toMatchObject({ renewed: 1 });
    expect(await world.tenants.get(TENANT)).toMatchObject({ graphAccess: 'ok' });
  });

  it('is not reached by a create that Graph did not answer', async () => {
    const world = await withServed(1);
    const stored = await world.read(fetchable(TENANT, 'printer-0'));
    await world.watches.save({ ...withoutSubscription(stored.watch), failures: 0 }, stored.etag);
    await world.tenants.update(TENANT, (row) => ({ ...row, graphAccess: 'refused', lastError: 'x', nextTryAt: '' }));
    failing(world, graphError('unavailable'), () => true);
    world.clock.advance(60 * MINUTE);
    // On request there is no probe before the creates.
    await reconcileAll(world.deps, { retryNow: true });
    expect(await world.tenants.get(TENANT)).toMatchObject({ graphAccess: 'refused' });
  });

  it('is tried at once on request', async () => {
    const world = await withServed(3);
    const working = { ...world.deps };
    failing(world, graphError('unauthorized'), () => true);
    world.clock.advance(60 * MINUTE);
    await reconcileAll(world.deps);
    expect((await reconcileAll(working, { retryNow: true })).counts.renewed).toBe(3);
    expect((await world.tenants.get(TENANT))?.lastError).toBeUndefined();
  });

  it('is not marked while any call succeeds: one permission may be missing', async () => {
    const world = await withServed(3);
    failing(world, graphError('forbidden'), ({ method }) => method === 'POST');
    await world.put({ id: 'new' });
    world.clock.advance(60 * MINUTE);
    expect((await reconcileAll(world.deps)).counts).toMatchObject({ renewed: 3, failed: 1 });
    expect((await world.tenants.get(TENANT))?.lastError).toBeUndefined();
  });
});
