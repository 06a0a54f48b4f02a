import { reconcileAll } from '../../../shared/subscriptions/reconcileAll';
import { graphError } from '../../support/createFakeGraph';
import {
  createSubscriptionWorld,
  MINUTE,
  PUBLIC_BASE_URL,
  putServed,
  TENANT,
} from '../../support/createSubscriptionWorld';

const DAY = 24 * 60 * MINUTE;
const resource = 'print/printers/p/jobs';

/** A served watch and, beside it, a subscription with our URL that no row has. */
async function withOrphan() {
  const world = createSubscriptionWorld();
  await world.addTenant();
  await putServed(world);
  const leave = (id: string, base = PUBLIC_BASE_URL) =>
    world.graph.put({
      id,
      tenantId: TENANT,
      resource,
      changeType: 'updated',
      notificationUrl: `${base}/notifications`,
    });
  leave('orphan');
  leave('foreign', 'https://other.example/api');
  const listings = () => world.graph.said().filter((said) => said === 'GET /subscriptions').length;
  const left = () => [...world.graph.subscriptions.keys()].sort();
  return { ...world, leave, listings, left };
}

describe('orphans', () => {
  it('are deleted when two daily listings showed them. Other subscriptions stay', async () => {
    const world = await withOrphan();
    await reconcileAll(world.deps);
    expect(world.listings()).toBe(0);
    world.clock.advance(DAY);
    expect((await reconcileAll(world.deps)).orphansDeleted).toBe(0);
    expect(await world.tenants.get(TENANT)).toMatchObject({
      listedAt: '2026-11-23T00:00:00.000Z',
      orphans: 'orphan',
    });
    world.clock.advance(DAY - MINUTE);
    await reconcileAll(world.deps);
    expect(world.listings()).toBe(1);
    world.leave('new');
    world.clock.advance(MINUTE);
    expect((await reconcileAll(world.deps)).orphansDeleted).toBe(1);
    expect(world.left()).toEqual(['foreign', 'new', 'subscription-0']);
    expect((await world.tenants.get(TENANT))?.orphans).toBe('new');
    expect(world.logger.events).toContainEqual(
      expect.objectContaining({ event: 'subscriptions.orphans', found: 2, deleted: 1 }),
    );
  });

  it('are listed for a paused tenant only if watches of definitions are maintained', async () => {
    const world = await withOrphan();
    await world.tenants.update(TENANT, (tenant) => ({ ...tenant, status: 'paused' }));
    world.clock.advance(DAY);
    await reconcileAll(world.deps);
    expect(world.listings()).toBe(0);
    await putServed(world, { kind: 'jobStarted', id: 'd', subscriptionId: 'd' });
    await reconcileAll(world.deps);
    expect(world.listings()).toBe(1);
  });

  it('are no longer orphans once a row names them', async () => {
    const world = await withOrphan();
    world.clock.advance(DAY);
    await reconcileAll(world.deps);
    await putServed(world, { id: 'p', subscriptionId: 'orphan' });
    world.clock.advance(DAY);
    expect((await reconcileAll(world.deps)).orphansDeleted).toBe(0);
    expect((await world.tenants.get(TENANT))?.orphans).toBeUndefined();
  });

  it('are deleted a day later when DELETE fails', async () => {
    const world = await withOrphan();
    world.clock.advance(DAY);
    await reconcileAll(world.deps);
    world.clock.advance(DAY);
    world.graph.nextError('DELETE', graphError('unavailable'));
    expect((await reconcileAll(world.deps)).orphansDeleted).toBe(0);
    world.clock.advance(DAY);
    expect((await reconcileAll(world.deps)).orphansDeleted).toBe(1);
  });

  it('wait for the next run when the listing fails', async () => {
    const world = await withOrphan();
    world.clock.advance(DAY);
    world.graph.nextError('GET', graphError('unavailable'));
    await reconcileAll(world.deps);
    expect((await world.tenants.get(TENANT))?.listedAt).toBeUndefined();
    await reconcileAll(world.deps);
    expect((await world.tenants.get(TENANT))?.orphans).toBe('orphan');
  });

  it('mark a tenant without watches as refused when their listing is forbidden', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    world.clock.advance(DAY);
    world.graph.nextError('GET', graphError('forbidden'));
    expect((await reconcileAll(world.deps)).tenantsRefused).toBe(1);
    expect((await world.tenants.get(TENANT))?.lastError).toBe(graphError('forbidden').message);
  });

  it('are listed for 20 tenants a run: Graph takes 40 listings in 20 s (concepts/throttling-limits.md)', async () => {
    const world = createSubscriptionWorld();
    for (let n = 0; n < 25; n += 1) await world.addTenant(`tenant-${n}`);
    world.clock.advance(DAY);
    await reconcileAll(world.deps);
    expect(world.graph.calls).toHaveLength(20);
    await reconcileAll(world.deps);
    expect(world.graph.calls).toHaveLength(25);
  });
});
