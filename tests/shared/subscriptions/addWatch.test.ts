import { addWatch } from '../../../shared/subscriptions/manage';
import type { WatchResult } from '../../../shared/subscriptions/record';
import { graphError } from '../../support/createFakeGraph';
import {
  createSubscriptionWorld,
  fetchable,
  MINUTE,
  putServed,
  START,
  started,
} from '../../support/createSubscriptionWorld';

describe('addWatch', () => {
  it('stores the watch, starting now, and creates its subscription at once', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    expect(await addWatch(world.deps, started())).toMatchObject({
      outcome: 'watched',
      added: true,
      result: { outcome: 'created' },
    });
    expect((await world.read(started())).watch).toMatchObject({
      since: START,
      // Seconds since 2026-01-01: 325 days.
      generation: 325 * 24 * 60 * 60,
      wanted: true,
    });
  });

  it('changes nothing about an existing watch', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    await addWatch(world.deps, fetchable());
    world.clock.advance(MINUTE);
    expect(await addWatch(world.deps, fetchable())).toMatchObject({
      added: false,
      result: { outcome: 'nothing' },
    });
    expect((await world.read()).watch.since).toBe(START);
    expect(world.graph.calls.map(({ method }) => method)).toEqual(['GET', 'POST']);
  });

  it('keeps the watch when Graph refuses: the timer retries', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    world.graph.nextError('POST', graphError('forbidden'));
    expect(await addWatch(world.deps, fetchable())).toMatchObject({
      added: true,
      result: { outcome: 'failed' },
    });
    expect((await world.read()).watch.failures).toBe(1);
  });

  it('stores nothing for a tenant that is not served', async () => {
    const world = createSubscriptionWorld();
    expect(await addWatch(world.deps, fetchable())).toEqual({ outcome: 'tenantUnknown' });
    await world.addTenant(undefined, 'paused');
    expect(await addWatch(world.deps, fetchable())).toEqual({ outcome: 'tenantNotActive' });
    expect(await world.countWatches()).toBe(0);
    expect(world.graph.calls).toHaveLength(0);
  });

  it('is busy when another run removes the watch at the same moment', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    world.watchTable.get = () => Promise.resolve(undefined);
    expect(await addWatch(world.deps, fetchable())).toMatchObject({ result: { outcome: 'busy' } });
    expect(world.graph.said().filter((call) => call.includes('/subscriptions'))).toEqual([]);
  });

  it('takes back a removal in progress, starting now', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    await putServed(world, { wanted: false });
    world.clock.advance(5 * MINUTE);
    expect(await addWatch(world.deps, fetchable())).toMatchObject({
      added: false,
      result: { outcome: 'renewed' },
    });
    expect((await world.read()).watch).toMatchObject({
      wanted: true,
      since: '2026-11-22T00:05:00.000Z',
      subscriptionId: 'subscription-0',
    });
    const { etag, watch } = await world.read();
    await world.watches.save({ ...watch, wanted: false }, etag);
    world.watchTable.replace = () => Promise.resolve(undefined);
    expect(await addWatch(world.deps, fetchable())).toMatchObject({ result: { outcome: 'busy' } });
  });

  it('recreates the subscription when the removal that it takes back has already deleted it', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    await putServed(world, { wanted: false });
    world.graph.subscriptions.clear();
    const { result } = (await addWatch(world.deps, fetchable())) as { result: WatchResult };
    expect(result).toMatchObject({ outcome: 'created', sweep: true });
    expect([...world.graph.subscriptions.keys()]).toEqual([result.watch.subscriptionId]);
  });
});
