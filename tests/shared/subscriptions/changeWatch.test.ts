import { addWatch, removeWatch, renewWatch, revokeWatch } from '../../../shared/subscriptions/manage';
import { isRevoked, verifyClientState, watchTag } from '../../../shared/watches/clientState';
import { reconcileWatch } from '../../../shared/subscriptions/reconcileWatch';
import { graphError } from '../../support/createFakeGraph';
import {
  createSubscriptionWorld,
  fetchable,
  MINUTE,
  putServed,
  CLIENT_ID,
  TENANT,
  type SubscriptionWorld,
} from '../../support/createSubscriptionWorld';
import { HOLD_MS } from '../../../shared/watches/hold';

describe('revokeWatch', () => {
  it('raises the generation first, then replaces, so that the old clientState is refused', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    await putServed(world);
    let meanwhile: unknown;
    world.graph.next('DELETE', () => {
      meanwhile = world.read().then(({ watch }) => watch.generation);
      return undefined;
    });
    world.graph.subscriptions.clear();
    expect(await revokeWatch(world.deps, fetchable())).toMatchObject({ outcome: 'replaced', sweep: true });
    expect(await meanwhile).toBe(1);
    expect((await world.read()).watch).toMatchObject({ generation: 1, keyId: 'k1' });
    const clientState = world.graph.subscriptions.get('subscription-1')?.['clientState'];
    const ring = world.deps.config.clientStateKeys;
    expect(verifyClientState(ring, { tenantId: TENANT, clientId: CLIENT_ID }, clientState)).toMatchObject({
      state: { generation: 1 },
    });
  });

  it('notes the revocation for the webhook, so that it refuses the old clientState and no newer one', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    const { watch } = await putServed(world);
    await world.watches.clientStates.noteKeys(['k1']);
    await revokeWatch(world.deps, fetchable());
    const record = await world.watches.clientStates.read();
    const isDenied = (generation: number) => record && isRevoked(record, TENANT, { tag: watchTag(watch), generation });
    expect([watch.generation, watch.generation + 1].map(isDenied)).toEqual([true, false]);
  });

  it('stays revoked when Graph does not answer: the timer retries', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    await putServed(world);
    world.graph.nextError('DELETE', graphError('unavailable'));
    expect(await revokeWatch(world.deps, fetchable())).toMatchObject({ outcome: 'failed' });
    world.clock.advance(MINUTE);
    expect(await reconcileWatch(world.deps, await world.read())).toMatchObject({ outcome: 'replaced' });
    expect((await world.read()).watch.generation).toBe(1);
  });

  it('discards the subscription of a create in progress', async () => {
    const world = createSubscriptionWorld();
    const stored = await world.put();
    let revoked: Promise<unknown> | undefined;
    const { callGraph } = world.deps;
    world.deps.callGraph = async (call) => {
      const answer = await callGraph(call);
      if (call.method === 'POST') revoked ??= revokeWatch(world.deps, fetchable());
      await revoked;
      return answer;
    };
    expect(await reconcileWatch(world.deps, stored)).toMatchObject({ outcome: 'busy' });
    expect(await revoked).toMatchObject({ outcome: 'nothing' });
    expect(world.graph.subscriptions.size).toBe(0);
    world.clock.advance(HOLD_MS);
    expect(await reconcileWatch(world.deps, await world.read())).toMatchObject({ outcome: 'created' });
    expect((await world.read()).watch.generation).toBe(1);
  });

  it('returns undefined for a watch that does not exist', async () => {
    const world = createSubscriptionWorld();
    expect(await revokeWatch(world.deps, fetchable())).toBeUndefined();
  });
});

describe('removeWatch', () => {
  it('marks the row, deletes the subscription, then the row', async () => {
    const world = createSubscriptionWorld();
    await putServed(world, { lastError: 'x', nextTryAt: '2026-11-22T01:00:00.000Z', failures: 3 });
    let wanted: unknown;
    world.graph.next('DELETE', () => {
      wanted = world.read().then(({ watch }) => watch.wanted);
      return undefined;
    });
    expect(await removeWatch(world.deps, fetchable())).toMatchObject({ outcome: 'removed' });
    expect(await wanted).toBe(false);
    expect(await world.countWatches()).toBe(0);
  });

  it('retries after lost races, and is busy when they never end', async () => {
    const world = createSubscriptionWorld();
    await putServed(world);
    const replace = world.watchTable.replace.bind(world.watchTable);
    let races = 0;
    world.watchTable.replace = (row, etag) => {
      races += 1;
      return races === 1 ? Promise.resolve(undefined) : replace(row, etag);
    };
    expect(await removeWatch(world.deps, fetchable())).toMatchObject({ outcome: 'removed' });
    await putServed(world);
    world.watchTable.replace = () => Promise.resolve(undefined);
    expect(await removeWatch(world.deps, fetchable())).toMatchObject({ outcome: 'busy' });
  });

  describe.each(['before', 'after'] as const)('beside an addWatch %s its DELETE takes effect at Graph', (moment) => {
    async function removeBesideAdd(world: SubscriptionWorld) {
      await world.addTenant();
      await putServed(world);
      const { callGraph } = world.deps;
      let added: unknown;
      world.deps.callGraph = async (call) => {
        if (call.method !== 'DELETE' || added !== undefined) return callGraph(call);
        if (moment === 'before') added = await addWatch(world.deps, fetchable());
        const answer = await callGraph(call);
        if (moment === 'after') added = await addWatch(world.deps, fetchable());
        return answer;
      };
      return { removed: await removeWatch(world.deps, fetchable()), added };
    }

    it('leaves the watch with one subscription at the next run', async () => {
      const world = createSubscriptionWorld();
      const { removed } = await removeBesideAdd(world);
      expect(removed).toMatchObject({ outcome: 'busy' });
      await reconcileWatch(world.deps, await world.read());
      const { watch } = await world.read();
      expect(watch.wanted).toBe(true);
      expect([...world.graph.subscriptions.keys()]).toEqual([watch.subscriptionId]);
    });

    it('ends when the row changes under every write', async () => {
      const world = createSubscriptionWorld();
      const healthy = { ...world.watches };
      world.watches.remove = async (key, etag) => {
        const removed = await healthy.remove(key, etag);
        world.watchTable.replace = () => Promise.resolve(undefined);
        return removed;
      };
      expect((await removeBesideAdd(world)).removed).toMatchObject({ outcome: 'busy' });
    });
  });

  it('leaves the row to a create that has started since', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    const { watch } = await putServed(world);
    const { callGraph } = world.deps;
    const held = { ...watch, heldMs: HOLD_MS };
    world.deps.callGraph = async (call) => {
      const answer = await callGraph(call);
      if (call.method === 'DELETE') await world.watches.save(held, (await world.read()).etag);
      return answer;
    };
    expect(await removeWatch(world.deps, fetchable())).toMatchObject({ outcome: 'busy' });
    expect((await world.read()).watch).toEqual(held);
  });
});

describe('a pause that Graph asked for (429 with Retry-After)', () => {
  it('is stored on the row and cannot be overridden. The next success clears it', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    await putServed(world);
    world.graph.nextError('PATCH', graphError('throttled', 300_000));
    await renewWatch(world.deps, fetchable());
    expect((await world.read()).watch.retryAfterUntil).toBe('2026-11-22T00:05:00.000Z');
    world.clock.advance(4 * MINUTE);
    expect(await renewWatch(world.deps, fetchable())).toMatchObject({ outcome: 'nothing' });
    expect(await revokeWatch(world.deps, fetchable())).toMatchObject({ outcome: 'nothing' });
    expect(await removeWatch(world.deps, fetchable())).toMatchObject({ outcome: 'nothing' });
    const again = await addWatch(world.deps, fetchable());
    expect(again).toMatchObject({ outcome: 'watched', result: { outcome: 'nothing' } });
    expect(world.graph.calls).toHaveLength(1);
    world.clock.advance(MINUTE);
    expect(await renewWatch(world.deps, fetchable())).toMatchObject({ outcome: 'replaced' });
    expect((await world.read()).watch).not.toHaveProperty('retryAfterUntil');
  });

  it('is cleared by a failure without Retry-After', async () => {
    const world = createSubscriptionWorld();
    await putServed(world, { lastError: 'x', retryAfterUntil: '2026-11-22T00:00:00.000Z' });
    world.graph.nextError('PATCH', graphError('unavailable'));
    await renewWatch(world.deps, fetchable());
    expect((await world.read()).watch).not.toHaveProperty('retryAfterUntil');
  });
});

describe('renewWatch', () => {
  it('renews before the renewal is due, and during the back-off after a failure', async () => {
    const world = createSubscriptionWorld();
    await putServed(world, { lastError: 'x', nextTryAt: '2026-11-22T01:00:00.000Z' });
    expect(await renewWatch(world.deps, fetchable())).toMatchObject({ outcome: 'renewed' });
    expect(await renewWatch(world.deps, fetchable(TENANT, 'other'))).toBeUndefined();
  });
});
