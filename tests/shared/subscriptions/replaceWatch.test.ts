import { verifyClientState } from '../../../shared/watches/clientState';
import { reconcileWatch } from '../../../shared/subscriptions/reconcileWatch';
import { graphError } from '../../support/createFakeGraph';
import {
  createSubscriptionWorld,
  MINUTE,
  PRINTER,
  putServed,
  CLIENT_ID,
  TENANT,
  type SubscriptionWorld,
} from '../../support/createSubscriptionWorld';
import { testKey } from '../../support/testKey';
import { HOLD_MS } from '../../../shared/watches/hold';

const K1 = { keyId: 'k1', key: testKey(7) };
const K2 = { keyId: 'k2', key: testKey(8) };

/** A watch that k1 signed, and a ring that k2 leads; `k1` says whether it is still in there. */
async function rotated(k1: 'retired' | 'verifies'): Promise<SubscriptionWorld> {
  const world = createSubscriptionWorld();
  await putServed(world);
  const ring = k1 === 'retired' ? ([K2] as const) : ([K2, K1] as const);
  Object.assign(world.deps.config, { clientStateKeys: ring });
  return world;
}

describe('replacing a subscription', () => {
  it('is DELETE, POST with the key that signs now, save, and asks for a sweep of the watch', async () => {
    const world = await rotated('retired');
    const result = await reconcileWatch(world.deps, await world.read());
    expect(result).toMatchObject({ outcome: 'replaced', sweep: true });
    expect(world.graph.said()).toEqual(['DELETE /subscriptions/subscription-0', 'POST /subscriptions']);
    expect((await world.read()).watch).toMatchObject({
      subscriptionId: 'subscription-1',
      keyId: 'k2',
      generation: 0,
      failures: 0,
    });
    const clientState = world.graph.subscriptions.get('subscription-1')?.['clientState'];
    expect(verifyClientState([K2], { tenantId: TENANT, clientId: CLIENT_ID }, clientState)).toMatchObject({
      state: { keyId: 'k2' },
    });
    expect(world.logger.events.map(({ event }) => event)).toEqual(['subscription.replaced']);
  });

  it.each(['rejected', 'forbidden'] as const)('needs no DELETE past its own expiry: %s', async (refusal) => {
    const world = await rotated('retired');
    world.graph.subscriptions.clear();
    world.clock.advance(80 * 60 * MINUTE);
    world.graph.nextError('DELETE', graphError(refusal));
    expect(await reconcileWatch(world.deps, await world.read())).toMatchObject({ outcome: 'replaced', sweep: true });
    expect((await world.read()).watch).toMatchObject({ subscriptionId: 'subscription-1', keyId: 'k2', failures: 0 });
  });

  it.each([
    ['rejected', 60],
    ['throttled', 80 * 60],
  ] as const)('waits for the DELETE where it was %s after %i minutes', async (refusal, minutes) => {
    const world = await rotated('retired');
    world.clock.advance(minutes * MINUTE);
    world.graph.nextError('DELETE', graphError(refusal));
    expect(await reconcileWatch(world.deps, await world.read())).toMatchObject({ outcome: 'failed' });
    expect(world.graph.said()).toEqual(['DELETE /subscriptions/subscription-0']);
  });

  it('waits until the PATCH is due while the key still verifies', async () => {
    const world = await rotated('verifies');
    expect(await reconcileWatch(world.deps, await world.read())).toMatchObject({ outcome: 'nothing' });
    world.clock.advance(60 * MINUTE);
    expect(await reconcileWatch(world.deps, await world.read())).toMatchObject({ outcome: 'replaced' });
  });

  it('moves every subscription to a changed PUBLIC_BASE_URL', async () => {
    const world = createSubscriptionWorld();
    await putServed(world);
    world.deps.config.publicBaseUrl = 'https://new.example/api';
    await reconcileWatch(world.deps, await world.read());
    expect([...world.graph.subscriptions.values()]).toMatchObject([
      {
        notificationUrl: 'https://new.example/api/notifications',
        lifecycleNotificationUrl: 'https://new.example/api/lifecycle',
      },
    ]);
    expect((await world.read()).watch.notificationUrl).toBe('https://new.example/api/notifications');
  });

  it('holds the row before it calls Graph. A run that read it before is busy', async () => {
    const world = await rotated('retired');
    const [first, second] = [await world.read(), await world.read()];
    const results = await Promise.all([reconcileWatch(world.deps, first), reconcileWatch(world.deps, second)]);
    expect(results.map(({ outcome }) => outcome).sort()).toEqual(['busy', 'replaced']);
    expect(world.graph.said()).toEqual(['DELETE /subscriptions/subscription-0', 'POST /subscriptions']);
  });

  it('keeps the old subscription on the row when DELETE fails: it still serves', async () => {
    const world = await rotated('retired');
    world.graph.nextError('DELETE', graphError('unavailable'));
    const result = await reconcileWatch(world.deps, await world.read());
    expect(result).toMatchObject({ outcome: 'failed', trouble: 'unavailable' });
    expect((await world.read()).watch).toMatchObject({
      subscriptionId: 'subscription-0',
      keyId: 'k1',
      failures: 1,
      lastError: graphError('unavailable').message,
    });
  });

  it('is repeated when its run died before or after DELETE', async () => {
    for (const died of ['before', 'after']) {
      const world = await rotated('retired');
      const { watch, etag } = await world.read();
      await world.watches.save({ ...watch, heldMs: HOLD_MS }, etag);
      if (died === 'after') world.graph.subscriptions.clear();
      expect(await reconcileWatch(world.deps, await world.read())).toMatchObject({ outcome: 'nothing' });
      world.clock.advance(HOLD_MS);
      expect(await reconcileWatch(world.deps, await world.read())).toMatchObject({ outcome: 'replaced' });
      expect([...world.graph.subscriptions.keys()]).toEqual(['subscription-1']);
    }
  });

  it('continues as a create, with a sweep, when POST failed after DELETE', async () => {
    const world = await rotated('retired');
    world.graph.nextError('POST', graphError('unavailable'));
    expect(await reconcileWatch(world.deps, await world.read())).toMatchObject({ outcome: 'failed' });
    const { watch } = await world.read();
    expect(watch.subscriptionId).toBeUndefined();
    expect(watch.expirationDateTime).toBeUndefined();
    world.clock.advance(MINUTE);
    expect(await reconcileWatch(world.deps, await world.read())).toMatchObject({
      outcome: 'created',
      sweep: true,
    });
    expect((await world.read()).watch.keyId).toBe('k2');
  });
});

describe('which new subscription requests a sweep', () => {
  it('is the one that replaces a lost one, not the first of a watch: that replays no history', async () => {
    const world = createSubscriptionWorld();
    expect((await reconcileWatch(world.deps, await world.put())).sweep).toBeUndefined();
    world.graph.subscriptions.clear();
    world.clock.advance(60 * MINUTE);
    expect(await reconcileWatch(world.deps, await world.read())).toMatchObject({
      outcome: 'created',
      sweep: true,
    });
  });
});

describe('removing a watch', () => {
  it('is DELETE, then the row', async () => {
    const world = createSubscriptionWorld();
    const stored = await putServed(world, { wanted: false });
    expect(await reconcileWatch(world.deps, stored)).toMatchObject({ outcome: 'removed' });
    expect(world.graph.said()).toEqual(['DELETE /subscriptions/subscription-0']);
    expect(await world.countWatches()).toBe(0);
  });

  it('needs no call without a subscription, and counts a missing one as deleted', async () => {
    const world = createSubscriptionWorld();
    const stored = await world.put({ wanted: false });
    await reconcileWatch(world.deps, stored);
    expect(world.graph.calls).toHaveLength(0);
    const gone = await putServed(world, { wanted: false });
    world.graph.subscriptions.clear();
    expect(await reconcileWatch(world.deps, gone)).toMatchObject({ outcome: 'removed' });
    expect(await world.countWatches()).toBe(0);
  });

  it.each(['forbidden', 'rejected'] as const)(
    'keeps the row while Graph refuses, until it has expired: %s',
    async (refusal) => {
      const world = createSubscriptionWorld();
      await putServed(world, { wanted: false });
      world.graph.nextError('DELETE', graphError(refusal));
      expect(await reconcileWatch(world.deps, await world.read())).toMatchObject({ outcome: 'failed' });
      expect((await world.read()).watch.lastError).toBe(graphError(refusal).message);
      world.clock.advance(4_230 * MINUTE);
      world.graph.nextError('DELETE', graphError('unavailable'));
      expect(await reconcileWatch(world.deps, await world.read())).toMatchObject({ outcome: 'failed' });
      world.clock.advance(60 * MINUTE);
      world.graph.nextError('DELETE', graphError(refusal));
      expect(await reconcileWatch(world.deps, await world.read())).toMatchObject({ outcome: 'removed' });
    },
  );

  it('keeps a row that became wanted again', async () => {
    const world = createSubscriptionWorld();
    const stored = await putServed(world, { wanted: false });
    await world.watches.save({ ...stored.watch, wanted: true }, stored.etag);
    expect(await reconcileWatch(world.deps, stored)).toMatchObject({ outcome: 'busy' });
    expect((await world.read()).watch.id).toBe(PRINTER);
  });
});
