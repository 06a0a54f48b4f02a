import { keyCheckOf } from '../../../shared/watches/clientState';
import { testKey } from '../../support/testKey';
import { reconcileWatch } from '../../../shared/subscriptions/reconcileWatch';
import { graphError } from '../../support/createFakeGraph';
import {
  createSubscriptionWorld,
  fetchable,
  MINUTE,
  PRINTER,
  PUBLIC_BASE_URL,
  putServed,
  START,
  TENANT,
  watchOf,
} from '../../support/createSubscriptionWorld';
import { HOLD_MS } from '../../../shared/watches/hold';

const REMOVAL = { keyIds: 'k1', removedAt: '2026-11-22T00:00:00.000Z' };

const RESOURCE = `print/printers/${PRINTER}/jobs`;
/** 4,200 minutes after START, and an hour later than that. */
const EXPIRY = '2026-11-24T22:00:00.000Z';
const EXPIRY_AN_HOUR_LATER = '2026-11-24T23:00:00.000Z';

describe('reconcileWatch: create', () => {
  it('creates the subscription of a new watch and stores what Graph granted', async () => {
    const world = createSubscriptionWorld();
    const result = await reconcileWatch(world.deps, await world.put());
    expect(result.outcome).toBe('created');
    expect((await world.read()).watch).toEqual({
      ...fetchable(),
      since: START,
      wanted: true,
      generation: 0,
      failures: 0,
      status: 'active',
      keyId: 'k1',
      keyCheck: keyCheckOf({ keyId: 'k1', key: testKey(7) }),
      notificationUrl: `${PUBLIC_BASE_URL}/notifications`,
      resource: RESOURCE,
      changeType: 'updated',
      subscriptionId: 'subscription-1',
      expirationDateTime: EXPIRY,
      renewedAt: START,
    });
    expect(result.watch).toEqual((await world.read()).watch);
    expect(world.logger.events).toEqual([
      {
        level: 'info',
        event: 'subscription.created',
        tenantId: TENANT,
        watch: `jobFetchable_${PRINTER}`,
        expires: EXPIRY,
      },
    ]);
  });

  it('holds the row before it calls Graph, so that no other run creates a second subscription', async () => {
    const world = createSubscriptionWorld();
    const stored = await world.put();
    const meanwhile: number[] = [];
    world.graph.next('POST', () => {
      const asked = world.read().then(({ watch }) => watch.heldMs ?? 0);
      void asked.then((heldMs) => meanwhile.push(heldMs));
      return { id: 's', expirationDateTime: EXPIRY };
    });
    const other = world.read();
    await reconcileWatch(world.deps, stored);
    // Four calls of 45 s each (GRAPH_CALL_LIMIT_MS) fit in.
    expect(meanwhile).toEqual([expect.any(Number)]);
    expect(meanwhile[0]).toBeGreaterThan(180_000);
    expect((await world.read()).watch.heldMs).toBeUndefined();
    // The other one read the row before: it loses by its ETag.
    expect(await reconcileWatch(world.deps, await other)).toMatchObject({ outcome: 'busy' });
    expect(world.graph.said()).toEqual(['POST /subscriptions']);
  });

  it('does nothing while another run creates', async () => {
    const world = createSubscriptionWorld();
    const stored = await world.put();
    let second: unknown;
    world.graph.next('POST', () => {
      second = world.read().then((read) => reconcileWatch(world.deps, read, { retryNow: true }));
      return { id: 's', expirationDateTime: EXPIRY };
    });
    await reconcileWatch(world.deps, stored);
    expect(await second).toMatchObject({ outcome: 'nothing' });
    expect(world.graph.calls).toHaveLength(1);
  });

  it('repeats the create of a run that died, after the hold, and resolves the 409', async () => {
    const world = createSubscriptionWorld();
    world.graph.put({
      id: 'orphan',
      tenantId: TENANT,
      resource: RESOURCE,
      changeType: 'updated',
      notificationUrl: `${PUBLIC_BASE_URL}/notifications`,
    });
    const stored = await world.put({ heldMs: HOLD_MS });
    expect(await reconcileWatch(world.deps, stored)).toMatchObject({ outcome: 'nothing' });
    world.clock.advance(4 * MINUTE);
    expect(await reconcileWatch(world.deps, await world.read())).toMatchObject({ outcome: 'nothing' });
    // The margin of 15 s.
    world.clock.advance(15_000);
    expect(await reconcileWatch(world.deps, await world.read())).toMatchObject({ outcome: 'created' });
    expect([...world.graph.subscriptions.keys()]).toEqual(['subscription-1']);
  });

  it('writes a refusal onto the row, with the reason and the next attempt', async () => {
    const world = createSubscriptionWorld();
    world.graph.nextError('POST', graphError('forbidden'));
    const result = await reconcileWatch(world.deps, await world.put());
    expect(result.outcome).toBe('failed');
    expect(result.trouble).toBe('forbidden');
    expect((await world.read()).watch).toEqual({
      ...fetchable(),
      since: START,
      wanted: true,
      generation: 0,
      failures: 1,
      status: 'createFailed',
      lastError: graphError('forbidden').message,
      // What was asked for: an answer that is lost may have made it.
      keyId: 'k1',
      keyCheck: keyCheckOf({ keyId: 'k1', key: testKey(7) }),
      notificationUrl: 'https://receiver.example/api/notifications',
      resource: `print/printers/${PRINTER}/jobs`,
      changeType: 'updated',
      // Half a minute and half of the other half: the first failure waits a minute at most.
      nextTryAt: '2026-11-22T00:00:45.000Z',
    });
    expect(world.logger.events).toMatchObject([
      { level: 'warn', event: 'subscription.failed', code: 'graphForbidden', failures: 1 },
    ]);
  });

  it('counts failures in a row, and resets the count after a success', async () => {
    const world = createSubscriptionWorld();
    let stored = await world.put();
    for (let failures = 1; failures <= 3; failures += 1) {
      world.graph.nextError('POST', graphError('unavailable'));
      await reconcileWatch(world.deps, stored);
      stored = await world.read();
      expect(stored.watch.failures).toBe(failures);
      world.clock.advance(60 * MINUTE);
    }
    await reconcileWatch(world.deps, stored);
    const { watch } = await world.read();
    expect(watch.failures).toBe(0);
    expect(watch.lastError).toBeUndefined();
    expect(watch.nextTryAt).toBeUndefined();
  });

  it('waits for Retry-After, and reports that the tenant is throttled', async () => {
    const world = createSubscriptionWorld();
    world.graph.nextError('POST', graphError('throttled', 3_600_000 * 2));
    const result = await reconcileWatch(world.deps, await world.put());
    expect(result).toMatchObject({ outcome: 'failed', trouble: 'throttled' });
    expect((await world.read()).watch.nextTryAt).toBe('2026-11-22T02:00:00.000Z');
  });

  it.each([
    [new TypeError('holds a secret'), 'Unexpected TypeError'],
    ['a text with a secret', 'Unexpected error'],
  ])('keeps messages of unknown errors off the row: %p', async (error, words) => {
    const world = createSubscriptionWorld();
    world.graph.next('POST', () => {
      throw error as Error;
    });
    await reconcileWatch(world.deps, await world.put());
    const { lastError } = (await world.read()).watch;
    expect(lastError).toContain(words);
    expect(lastError).not.toContain('secret');
    expect(JSON.stringify(world.logger.events)).not.toContain('secret');
  });
});

describe('reconcileWatch: a row that changes while Graph creates', () => {
  it('saves the subscription when the watch is still wanted', async () => {
    const world = createSubscriptionWorld();
    const stored = await world.put();
    const since = '2026-11-22T00:03:00.000Z';
    await meanwhile(world, (watch) => ({ ...watch, failures: 7, since }));
    expect(await reconcileWatch(world.deps, stored)).toMatchObject({ outcome: 'created' });
    expect((await world.read()).watch).toMatchObject({
      subscriptionId: 'subscription-1',
      failures: 0,
      since,
    });
    expect(world.graph.subscriptions.size).toBe(1);
  });

  it('keeps the start that resuming the tenant gave the row: jobs of the pause are not replayed', async () => {
    const world = createSubscriptionWorld();
    const stored = await world.put();
    const since = '2026-11-23T00:00:00.000Z';
    await meanwhile(world, (watch) => ({ ...watch, since }));
    expect(await reconcileWatch(world.deps, stored)).toMatchObject({ outcome: 'created' });
    expect((await world.read()).watch).toMatchObject({ subscriptionId: 'subscription-1', since });
  });

  it.each([
    ['not wanted any more', { wanted: false }],
    ['replaced meanwhile', { generation: 1 }],
    ['served by another', { subscriptionId: 'other' }],
  ])('deletes the new subscription when the watch is %s', async (_name, change) => {
    const world = createSubscriptionWorld();
    const stored = await world.put();
    await meanwhile(world, (watch) => ({ ...watch, ...change }));
    expect(await reconcileWatch(world.deps, stored)).toMatchObject({ outcome: 'busy' });
    expect(world.graph.subscriptions.size).toBe(0);
    expect((await world.read()).watch).toMatchObject(change);
  });

  it('deletes the new subscription when the row is gone', async () => {
    const world = createSubscriptionWorld();
    const stored = await world.put();
    await meanwhile(world, undefined);
    expect(await reconcileWatch(world.deps, stored)).toMatchObject({ outcome: 'busy' });
    expect(world.graph.subscriptions.size).toBe(0);
  });

  it('deletes the new subscription when the row changes once more', async () => {
    const world = createSubscriptionWorld();
    const stored = await world.put();
    const replace = world.watchTable.replace.bind(world.watchTable);
    world.watchTable.replace = (row, etag) =>
      row['subscriptionId'] === undefined ? replace(row, etag) : Promise.resolve(undefined);
    expect(await reconcileWatch(world.deps, stored)).toMatchObject({ outcome: 'busy' });
    expect(world.graph.subscriptions.size).toBe(0);
  });

  it('recognizes its own save when the answer was lost and the client repeated it', async () => {
    const world = createSubscriptionWorld();
    const stored = await world.put();
    const replace = world.watchTable.replace.bind(world.watchTable);
    world.watchTable.replace = async (row, etag) => {
      const saved = await replace(row, etag);
      return row['subscriptionId'] === undefined ? saved : undefined;
    };
    expect(await reconcileWatch(world.deps, stored)).toMatchObject({ outcome: 'created' });
    expect(world.graph.subscriptions.size).toBe(1);
  });

  /** Changes or removes the row just when Graph has answered the POST. */
  async function meanwhile(
    world: ReturnType<typeof createSubscriptionWorld>,
    change: ((watch: Awaited<ReturnType<typeof world.read>>['watch']) => object) | undefined,
  ): Promise<void> {
    const { callGraph } = world.deps;
    await Promise.resolve();
    world.deps.callGraph = async (call) => {
      const answer = await callGraph(call);
      if (call.method === 'POST') {
        const { watch, etag } = await world.read();
        if (change) await world.watches.save(watchOf({ ...watch, ...change(watch) }), etag);
        else await world.watches.remove({ watch, etag }, REMOVAL);
      }
      return answer;
    };
  }
});

describe('reconcileWatch: a subscription that is past its own expiry', () => {
  it('is created again, without a PATCH, and its watch is swept', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    const stored = await putServed(world);
    world.graph.subscriptions.clear();
    // It ended at 2026-11-24T22:00. The clock of Graph may be 15 minutes behind.
    world.clock.advance(Date.parse('2026-11-24T22:15:00.000Z') - world.clock.now());
    expect(await reconcileWatch(world.deps, stored)).toMatchObject({ outcome: 'created', sweep: true });
    expect(world.graph.said()).toEqual(['POST /subscriptions']);
    expect((await world.read()).watch).toMatchObject({ subscriptionId: 'subscription-1', status: 'active' });
  });

  it('is adopted where Graph still has it', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    const stored = await putServed(world);
    world.clock.advance(Date.parse('2026-11-24T23:00:00.000Z') - world.clock.now());
    expect(await reconcileWatch(world.deps, stored)).toMatchObject({ outcome: 'renewed' });
    expect((await world.read()).watch.subscriptionId).toBe('subscription-0');
  });
});

describe('reconcileWatch: renew', () => {
  it('extends by one PATCH and one write, an hour after the last', async () => {
    const world = createSubscriptionWorld();
    const stored = await putServed(world, { failures: 0 });
    expect(await reconcileWatch(world.deps, stored)).toMatchObject({ outcome: 'nothing' });
    world.clock.advance(60 * MINUTE);
    expect(await reconcileWatch(world.deps, stored)).toMatchObject({ outcome: 'renewed' });
    expect(world.graph.said()).toEqual(['PATCH /subscriptions/subscription-0']);
    const { watch } = await world.read();
    expect(watch).toEqual({
      ...stored.watch,
      expirationDateTime: EXPIRY_AN_HOUR_LATER,
      renewedAt: '2026-11-22T01:00:00.000Z',
    });
  });

  it('keeps the subscription on the row when a PATCH fails', async () => {
    const world = createSubscriptionWorld();
    const stored = await putServed(world);
    world.graph.nextError('PATCH', graphError('unavailable'));
    const result = await reconcileWatch(world.deps, stored, { asked: true });
    expect(result.outcome).toBe('failed');
    expect((await world.read()).watch).toMatchObject({
      subscriptionId: 'subscription-0',
      expirationDateTime: EXPIRY,
      failures: 1,
    });
  });

  it('recreates after a 404 (api/subscription-update.md)', async () => {
    const world = createSubscriptionWorld();
    const stored = await putServed(world);
    world.graph.subscriptions.clear();
    const result = await reconcileWatch(world.deps, stored, { asked: true });
    expect(result.outcome).toBe('created');
    expect(world.graph.said()).toEqual(['PATCH /subscriptions/subscription-0', 'POST /subscriptions']);
    expect((await world.read()).watch).toMatchObject({ subscriptionId: 'subscription-1', failures: 0 });
  });

  it('is busy when the row has changed', async () => {
    const world = createSubscriptionWorld();
    const stored = await putServed(world);
    await world.watches.save({ ...stored.watch, failures: 4 }, stored.etag);
    expect(await reconcileWatch(world.deps, stored, { asked: true })).toMatchObject({ outcome: 'busy' });
    expect((await world.read()).watch.failures).toBe(4);
  });
});

describe('reconcileWatch: remove', () => {
  it('clears the deleted subscription from the row when the watch became wanted again', async () => {
    const world = createSubscriptionWorld();
    const stored = await putServed(world, { wanted: false });
    const { callGraph } = world.deps;
    world.deps.callGraph = async (call) => {
      const answer = await callGraph(call);
      const { watch, etag } = await world.read();
      await world.watches.save({ ...watch, wanted: true }, etag);
      return answer;
    };
    expect(await reconcileWatch(world.deps, stored)).toMatchObject({ outcome: 'busy' });
    const again = await world.read();
    expect(again.watch).toMatchObject({ wanted: true });
    expect(again.watch).not.toHaveProperty('subscriptionId');
    world.deps.callGraph = callGraph;
    expect(await reconcileWatch(world.deps, again)).toMatchObject({ outcome: 'created' });
  });
});
