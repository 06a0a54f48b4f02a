import { ReceiverError } from '../../../shared/errors';
import type { GraphCall } from '../../../shared/graph/client';
import { reconcileAll, type ReconcileProgress } from '../../../shared/subscriptions/reconcileAll';
import { graphError } from '../../support/createFakeGraph';
import {
  createSubscriptionWorld,
  fetchable,
  MINUTE,
  OTHER_TENANT,
  PRINTER,
  putServed,
  started,
  TENANT,
} from '../../support/createSubscriptionWorld';

const none = {
  nothing: 0,
  created: 0,
  renewed: 0,
  replaced: 0,
  removed: 0,
  failed: 0,
  busy: 0,
  postponed: 0,
  error: 0,
};

describe('reconcileAll', () => {
  it('creates, renews or does nothing, for each watch as its row asks', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    await world.addTenant(OTHER_TENANT);
    await putServed(world, { id: 'due', subscriptionId: 'a' });
    await putServed(world, { id: 'fresh', subscriptionId: 'b', renewedAt: '2026-11-22T00:30:00.000Z' });
    await world.put(started());
    await world.put(fetchable(OTHER_TENANT));
    world.clock.advance(60 * MINUTE);
    const progress: ReconcileProgress[] = [];
    const summary = await reconcileAll(world.deps, { onProgress: (step) => progress.push(step) });
    expect(summary).toEqual({
      counts: { ...none, created: 2, renewed: 1, nothing: 1 },
      tenantsSkipped: 0,
      tenantsRefused: 0,
      refused: [],
      orphansDeleted: 0,
      unreadable: [],
      failures: [],
      toSweep: [],
    });
    expect(progress).toHaveLength(4);
    expect(progress).toContainEqual({ tenantId: TENANT, watch: 'jobFetchable_due', outcome: 'renewed' });
    expect(progress).toContainEqual({
      tenantId: OTHER_TENANT,
      watch: `jobFetchable_${PRINTER}`,
      outcome: 'created',
    });
  });

  it('notes the key of each row for the webhook, and the one that it signs with before Graph knows it', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    await putServed(world, { id: 'old', subscriptionId: 'a', keyId: 'k0' });
    await world.put(started());
    const noted: unknown[] = [];
    world.graph.next('POST', () => {
      noted.push(world.watches.clientStates.read());
      return undefined;
    });
    await reconcileAll(world.deps);
    expect(await noted[0]).toMatchObject({ keyIds: new Set(['k0', 'k1']) });
  });

  it('continues after a failure, which is in the summary and on its row', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    await world.addTenant(OTHER_TENANT);
    await world.put({ id: 'a' });
    await world.put({ id: 'b' });
    await world.put(fetchable(OTHER_TENANT));
    world.deps.callGraph = (call) =>
      JSON.stringify(call.body).includes('print/printers/a/jobs')
        ? Promise.reject(graphError('forbidden'))
        : world.graph.callGraph(call);
    const summary = await reconcileAll(world.deps);
    expect(summary.counts).toEqual({ ...none, created: 2, failed: 1 });
    expect(summary.failures).toEqual([
      {
        tenantId: TENANT,
        watch: 'jobFetchable_a',
        error: graphError('forbidden').message,
        nextTryAt: '2026-11-22T00:00:45.000Z',
      },
    ]);
    expect((await world.read(fetchable(TENANT, 'a'))).watch.lastError).toBe(graphError('forbidden').message);
  });

  it('postpones the rest of a throttled tenant without a call, and continues with the others', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    await world.addTenant(OTHER_TENANT);
    for (let n = 0; n < 12; n += 1) await world.put({ id: `printer-${n}` });
    await world.put(fetchable(OTHER_TENANT));
    const calls: GraphCall[] = [];
    world.deps.callGraph = async (call) => {
      calls.push(call);
      await Promise.resolve();
      if (call.tenantId === TENANT) throw graphError('throttled', 60_000);
      return world.graph.callGraph(call);
    };
    const { counts } = await reconcileAll(world.deps);
    expect(counts.created).toBe(1);
    expect(counts.failed + counts.postponed).toBe(12);
    // No more than were under way when the first 429 came in.
    expect(calls.filter(({ tenantId }) => tenantId === TENANT).length).toBe(counts.failed);
    expect(counts.failed).toBeLessThanOrEqual(4);
    expect((await world.read(fetchable(TENANT, 'printer-9'))).watch.failures).toBe(0);
  });

  it.each([
    ['Graph gives no answer for it', graphError('unavailable')],
    ['Entra gives no token for it', new ReceiverError('tokenRefused', 'Entra gave no token')],
  ])('ends the turn of a tenant when %s, and counts what is left as postponed', async (_name, error) => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    await world.addTenant(OTHER_TENANT);
    for (let n = 0; n < 12; n += 1) await world.put({ id: `printer-${n}` });
    await putServed(world, { id: 'fresh' });
    await world.put(fetchable(OTHER_TENANT));
    let asked = 0;
    world.deps.callGraph = async (call) => {
      if (call.tenantId === OTHER_TENANT) return world.graph.callGraph(call);
      asked += 1;
      await new Promise(setImmediate);
      throw error;
    };
    const { counts, failures } = await reconcileAll(world.deps);
    // Up to four unanswered in a row and what was under way with the last of them; what is not due waits for nothing.
    expect(counts).toEqual({ ...none, created: 1, failed: asked, postponed: 12 - asked, nothing: 1 });
    expect(asked).toBeGreaterThanOrEqual(4);
    expect(asked).toBeLessThanOrEqual(7);
    expect(failures).toHaveLength(asked);
  });

  it('continues with a tenant when only one of its watches is refused', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    for (let n = 0; n < 12; n += 1) await world.put({ id: `printer-${n}` });
    world.graph.nextError('POST', graphError('forbidden'));
    expect((await reconcileAll(world.deps)).counts).toEqual({ ...none, created: 11, failed: 1 });
  });

  it('tries the creates of healthy watches before those that keep failing, wherever the run starts', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    for (let n = 0; n < 8; n += 1) {
      await world.put({ id: `broken-${n}`, lastError: 'x', failures: 9 });
    }
    await world.put({ id: 'healthy' });
    const { callGraph } = world.deps;
    world.deps.callGraph = (call) =>
      JSON.stringify(call.body).includes('/healthy/') ? callGraph(call) : Promise.reject(graphError('rejected'));
    world.clock.advance(60 * MINUTE);
    expect((await reconcileAll(world.deps)).counts).toMatchObject({ created: 1 });
  });

  it('does nothing for paused, removed and unknown tenants', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant(TENANT, 'paused');
    await world.addTenant(OTHER_TENANT, 'removed');
    await world.put();
    await world.put(fetchable(OTHER_TENANT));
    await world.put(fetchable('99999999-9999-9999-9999-999999999999'));
    expect(await reconcileAll(world.deps)).toMatchObject({ counts: none, tenantsSkipped: 2 });
    expect(world.graph.calls).toHaveLength(0);
  });

  it('reconciles a single tenant on request', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    await world.addTenant(OTHER_TENANT);
    await world.put();
    await world.put(fetchable(OTHER_TENANT));
    await reconcileAll(world.deps, { tenantId: OTHER_TENANT });
    expect(world.graph.calls.map(({ tenantId }) => tenantId)).toEqual([OTHER_TENANT]);
  });

  it('retries failed watches at once on request', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    await world.put({
      lastError: graphError('forbidden').message,
      failures: 9,
      nextTryAt: '2026-11-22T00:59:00.000Z',
    });
    expect((await reconcileAll(world.deps)).counts.nothing).toBe(1);
    expect((await reconcileAll(world.deps, { retryNow: true })).counts.created).toBe(1);
  });

  it('skips unreadable rows and reports them', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    await world.put();
    await world.tenantTable.insert({ partitionKey: 'tenant', rowKey: 'broken', status: 'maybe' });
    await world.watchTable.insert({ partitionKey: TENANT, rowKey: 'aaa' });
    const summary = await reconcileAll(world.deps);
    expect(summary.counts.created).toBe(1);
    expect(summary.unreadable).toHaveLength(2);
    expect(summary.unreadable.join()).toMatch(/table Tenants.*table Subscriptions/);
    expect(world.logger.events.filter(({ event }) => event === 'row.unreadable')).toHaveLength(2);
  });

  it('continues when storage fails for one watch or one tenant', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    await world.addTenant(OTHER_TENANT);
    await world.put({ id: 'a' });
    await world.put({ id: 'b' });
    const healthy = { ...world.watches };
    const down = new ReceiverError('storageUnavailable', 'down');
    world.watches.save = (watch, etag) => (watch.id === 'a' ? Promise.reject(down) : healthy.save(watch, etag));
    world.watches.listRecords = (tenantId, onUnreadable) => {
      if (tenantId === OTHER_TENANT) throw down;
      return healthy.listRecords(tenantId, onUnreadable);
    };
    const summary = await reconcileAll(world.deps);
    expect(summary.counts).toEqual({ ...none, created: 1, error: 2 });
    expect(summary.failures.map(({ tenantId, watch }) => [tenantId, watch])).toEqual(
      expect.arrayContaining([
        [TENANT, 'jobFetchable_a'],
        [OTHER_TENANT, '*'],
      ]),
    );
    expect(world.logger.events.filter(({ event }) => event === 'subscription.error')).toHaveLength(2);
  });

  it('rejects when the tenants cannot be read', async () => {
    const world = createSubscriptionWorld();
    world.tenants.list = () => {
      throw new Error('down');
    };
    await expect(reconcileAll(world.deps)).rejects.toThrow('down');
  });

  it('works on at most four tenants at once', async () => {
    const world = createSubscriptionWorld();
    const ids = Array.from({ length: 9 }, (_, n) => `tenant-${n}`);
    for (const id of ids) {
      await world.addTenant(id);
      await world.put(fetchable(id));
    }
    let underWay = 0;
    let most = 0;
    world.deps.callGraph = async (call) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise(setImmediate);
      underWay -= 1;
      return world.graph.callGraph(call);
    };
    expect((await reconcileAll(world.deps)).counts.created).toBe(9);
    expect(most).toBe(4);
  });
});
