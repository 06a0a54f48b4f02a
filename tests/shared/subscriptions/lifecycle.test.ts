import { createHash } from 'node:crypto';
import { handleLifecycleEvent } from '../../../shared/subscriptions/lifecycle';
import { revokeWatch } from '../../../shared/subscriptions/manage';
import { reconcileAll } from '../../../shared/subscriptions/reconcileAll';
import {
  parseSubscriptionMessage,
  type LifecycleMessage,
  type TenantMessage,
  type WatchMessage,
} from '../../../shared/subscriptions/message';
import { HOLD_MS } from '../../../shared/watches/hold';
import { graphError } from '../../support/createFakeGraph';
import {
  createSubscriptionWorld,
  DEFINITION,
  fetchable,
  MINUTE,
  OTHER_TENANT,
  PRINTER,
  putServed,
  TENANT,
  type SubscriptionWorld,
  type WatchFields,
} from '../../support/createSubscriptionWorld';

/** As docs/decisions/0002 spells it. */
const TAG = createHash('sha256').update(`jobFetchable:${PRINTER}`).digest('base64url').slice(0, 22);
const base = { tenantId: TENANT, traceparent: '' };

function event(world: SubscriptionWorld, fields: Partial<LifecycleMessage> = {}): LifecycleMessage {
  return {
    kind: 'lifecycle',
    ...base,
    receivedAt: new Date(world.clock.now()).toISOString(),
    tag: TAG,
    lifecycleEvent: 'reauthorizationRequired',
    generation: 0,
    ...fields,
  };
}

function renewal(world: SubscriptionWorld, rowKey = `jobFetchable_${PRINTER}`): WatchMessage {
  return { kind: 'renew', ...base, receivedAt: new Date(world.clock.now()).toISOString(), rowKey };
}

/** The one message that waits in the queue, taken from it. */
function takeWaiting({ events }: SubscriptionWorld): TenantMessage {
  expect(events.sent).toHaveLength(1);
  const parsed = parseSubscriptionMessage(JSON.parse(events.sent.pop()?.text ?? ''));
  if (!('message' in parsed) || parsed.message.kind === 'sweepAll') throw new Error('nothing waits');
  return parsed.message;
}

/** A served watch of an active tenant, and `minutes` gone by since its last PATCH. */
async function worldAfter(minutes: number, fields: WatchFields = {}): Promise<SubscriptionWorld> {
  const world = createSubscriptionWorld();
  await world.addTenant();
  await putServed(world, fields);
  world.clock.advance(minutes * MINUTE);
  return world;
}

describe('handleLifecycleEvent (concepts/change-notifications-lifecycle-events.md)', () => {
  it('resolves reauthorizationRequired by PATCH, never by /reauthorize', async () => {
    const world = await worldAfter(11);
    expect(await handleLifecycleEvent(world.deps, event(world))).toMatchObject({
      outcome: 'handled',
      result: { outcome: 'renewed' },
    });
    expect(world.graph.said()).toEqual(['PATCH /subscriptions/subscription-0']);
    expect((await world.read()).watch.renewedAt).toBe('2026-11-22T00:11:00.000Z');
  });

  it('only renews a subscription that should be replaced: with a mistyped PUBLIC_BASE_URL an event must not delete it', async () => {
    const world = await worldAfter(11);
    world.deps.config.publicBaseUrl = 'https://wrong.example/api';
    expect(await handleLifecycleEvent(world.deps, event(world))).toMatchObject({
      outcome: 'handled',
      result: { outcome: 'renewed' },
    });
    expect(world.graph.said()).toEqual(['PATCH /subscriptions/subscription-0']);
  });

  it('postpones the PATCH to the end of the 10 minutes after the last one', async () => {
    const world = await worldAfter(4);
    const message = event(world);
    expect(await handleLifecycleEvent(world.deps, message)).toMatchObject({
      outcome: 'postponed',
      postponeSeconds: 360,
    });
    expect(world.graph.calls).toHaveLength(0);
    world.clock.advance(360_000);
    expect(await handleLifecycleEvent(world.deps, message)).toMatchObject({ outcome: 'handled' });
    expect(world.graph.said()).toEqual(['PATCH /subscriptions/subscription-0']);
  });

  it('looks once more for duplicates that were received shortly before the PATCH, because clocks are apart', async () => {
    const world = await worldAfter(11);
    const removed = event(world, { lifecycleEvent: 'subscriptionRemoved' });
    const outcomes: string[] = [];
    for (let repeat = 0; repeat < 4; repeat += 1) {
      world.clock.advance(1_000);
      outcomes.push((await handleLifecycleEvent(world.deps, removed)).outcome);
    }
    expect(outcomes).toEqual(['handled', 'postponed', 'dropped', 'dropped']);
    expect(world.graph.calls).toHaveLength(1);
  });

  it('drops an event when a PATCH was surely sent after it, so late duplicates cost none', async () => {
    const world = await worldAfter(4);
    const messages = [event(world), event(world), event(world)];
    world.clock.advance(16 * MINUTE);
    const outcomes: string[] = [];
    for (const message of messages) {
      outcomes.push((await handleLifecycleEvent(world.deps, message)).outcome);
      world.clock.advance(20 * MINUTE);
    }
    expect(outcomes).toEqual(['handled', 'dropped', 'dropped']);
    expect(world.graph.calls).toHaveLength(1);
  });

  it('checks subscriptionRemoved by PATCH at once; its 404 recreates', async () => {
    const world = await worldAfter(1);
    world.graph.subscriptions.clear();
    const message = event(world, { lifecycleEvent: 'subscriptionRemoved' });
    expect(await handleLifecycleEvent(world.deps, message)).toMatchObject({ result: { outcome: 'created' } });
    expect(world.graph.said()).toEqual(['PATCH /subscriptions/subscription-0', 'POST /subscriptions']);
  });

  it('creates where there is no subscription yet', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    await world.put();
    expect(await handleLifecycleEvent(world.deps, event(world))).toMatchObject({
      result: { outcome: 'created' },
    });
  });

  it('writes a refusal onto the row for the timer to retry', async () => {
    const world = await worldAfter(11);
    world.graph.nextError('PATCH', graphError('unavailable'));
    expect(await handleLifecycleEvent(world.deps, event(world))).toMatchObject({
      result: { outcome: 'failed' },
    });
  });

  it.each([
    ['of the watch', { lastError: 'x', nextTryAt: '2026-11-22T00:12:00.000Z' }],
    ['that Graph asked for', { lastError: 'x', nextTryAt: '', retryAfterUntil: '2026-11-22T00:24:00.000Z' }],
  ])('leaves a watch in a back-off %s to the timer, which PATCHes it then', async (_name, fields) => {
    const world = await worldAfter(11, fields);
    for (const message of [event(world), event(world, { lifecycleEvent: 'subscriptionRemoved' }), renewal(world)]) {
      expect(await handleLifecycleEvent(world.deps, message)).toEqual({ outcome: 'dropped', reason: 'retriedByTimer' });
    }
    world.clock.advance(49 * 60 * MINUTE);
    await reconcileAll(world.deps);
    expect(world.graph.said()).toContain('PATCH /subscriptions/subscription-0');
  });

  it('waits for the run that holds the watch to create its subscription', async () => {
    const world = await worldAfter(3, { heldMs: HOLD_MS });
    expect(await handleLifecycleEvent(world.deps, event(world))).toMatchObject({
      outcome: 'postponed',
      postponeSeconds: 75,
    });
  });

  it.each([
    ['somethingNew', 'somethingNew'],
    ['<script> with a secret', 'unreadable'],
  ])('logs and drops the event %s', async (lifecycleEvent, logged) => {
    const world = await worldAfter(11);
    expect(await handleLifecycleEvent(world.deps, event(world, { lifecycleEvent }))).toEqual({
      outcome: 'dropped',
      reason: 'eventNotActedOn',
    });
    expect(world.graph.calls).toHaveLength(0);
    expect(world.logger.events).toEqual([
      {
        level: 'info',
        event: 'subscriptionEvent.dropped',
        tenantId: TENANT,
        reason: 'eventNotActedOn',
        lifecycleEvent: logged,
      },
    ]);
  });

  it('asks for a sweep after missed (resync fully), without a call', async () => {
    const world = await worldAfter(1);
    expect(await handleLifecycleEvent(world.deps, event(world, { lifecycleEvent: 'missed' }))).toEqual({
      outcome: 'missed',
      sweep: {
        key: { tenantId: TENANT, kind: 'jobFetchable', id: PRINTER },
        again: { ...event(world, { lifecycleEvent: 'missed' }), noted: true },
      },
    });
    expect(world.graph.calls).toHaveLength(0);
  });

  it('drops missed when every watch was due since (functionTimeout: 30 minutes, quiet printers: 60, clocks: 15)', async () => {
    const world = await worldAfter(1);
    const message = event(world, { lifecycleEvent: 'missed' });
    const swept = (minutes: number) => {
      const sweptAt = new Date(Date.parse(message.receivedAt) + minutes * MINUTE + 1).toISOString();
      return world.tenants.update(TENANT, (tenant) => ({ ...tenant, sweptAt }));
    };
    // It may have begun before the message: what was missed may not have been there yet.
    world.clock.advance(104 * MINUTE);
    await swept(104);
    expect(await handleLifecycleEvent(world.deps, message)).toMatchObject({ outcome: 'missed' });
    world.clock.advance(MINUTE);
    await swept(105);
    expect(await handleLifecycleEvent(world.deps, message)).toEqual({
      outcome: 'dropped',
      reason: 'sweptSince',
    });
    world.clock.advance(10 * MINUTE);
    expect(await handleLifecycleEvent(world.deps, { ...message, receivedAt: '' })).toMatchObject({
      outcome: 'missed',
    });
  });

  it('sweeps a watch once in ten minutes, however many `missed` arrive, and loses none of them', async () => {
    const world = await worldAfter(1);
    const missed = () => handleLifecycleEvent(world.deps, event(world, { lifecycleEvent: 'missed' }));
    expect(await missed()).toMatchObject({ outcome: 'missed' });
    world.clock.advance(MINUTE);
    expect(await missed()).toMatchObject({ outcome: 'postponed', postponeSeconds: 540 });
    expect(world.events.sent).toMatchObject([{ delaySeconds: 540 }]);
    for (let minute = 2; minute < 10; minute += 1) {
      expect(await missed()).toEqual({ outcome: 'dropped', reason: 'merged' });
      world.clock.advance(MINUTE);
    }
    world.clock.advance(MINUTE);
    // Another instance must not send it away for what came with it.
    expect(await handleLifecycleEvent(world.deps, takeWaiting(world))).toMatchObject({ outcome: 'missed' });
    expect(world.graph.calls).toHaveLength(0);
  });

  it('drops what was received long before the last sweep of its watch', async () => {
    const world = await worldAfter(1);
    const message = event(world, { lifecycleEvent: 'missed' });
    world.clock.advance(15 * MINUTE + 1);
    expect(await handleLifecycleEvent(world.deps, event(world, { lifecycleEvent: 'missed' }))).toMatchObject({
      outcome: 'missed',
    });
    expect(await handleLifecycleEvent(world.deps, message)).toEqual({ outcome: 'dropped', reason: 'sweptSince' });
  });

  describe.each([-10, 10])('received by an instance whose clock is %i minutes off', (minutes) => {
    const receivedAt = (world: SubscriptionWorld) => new Date(world.clock.now() + minutes * MINUTE).toISOString();

    it('subscriptionRemoved just after a PATCH is acted on, at the latest ten minutes after it', async () => {
      const world = await worldAfter(1);
      world.graph.subscriptions.clear();
      const message = event(world, { lifecycleEvent: 'subscriptionRemoved', receivedAt: receivedAt(world) });
      let result = await handleLifecycleEvent(world.deps, message);
      if (result.outcome === 'postponed') {
        expect(result.postponeSeconds).toBe(540);
        world.clock.advance(9 * MINUTE);
        result = await handleLifecycleEvent(world.deps, takeWaiting(world));
      }
      expect(result).toMatchObject({
        outcome: 'handled',
        result: { outcome: 'created' },
        sweep: { key: { id: PRINTER } },
      });
    });

    it('missed just after a sweep is followed by a sweep, at the latest ten minutes after it', async () => {
      const world = await worldAfter(1);
      const missed = () => event(world, { lifecycleEvent: 'missed', receivedAt: receivedAt(world) });
      expect(await handleLifecycleEvent(world.deps, missed())).toMatchObject({ outcome: 'missed' });
      world.clock.advance(MINUTE);
      const waiting = await handleLifecycleEvent(world.deps, missed());
      expect(waiting).toMatchObject({ outcome: 'postponed', postponeSeconds: 540 });
      world.clock.advance(9 * MINUTE);
      expect(await handleLifecycleEvent(world.deps, takeWaiting(world))).toMatchObject({ outcome: 'missed' });
    });
  });

  it('believes no time that lies further ahead than clocks are apart: it would wait for years', async () => {
    const years = '2029-01-01T00:00:00.000Z';
    const world = await worldAfter(11, {
      missedSweptAt: years,
      sweepNotedUntil: years,
      renewalNotedUntil: years,
      removalHintedAt: years,
    });
    expect(await handleLifecycleEvent(world.deps, event(world, { lifecycleEvent: 'missed' }))).toMatchObject({
      outcome: 'missed',
    });
    expect(await handleLifecycleEvent(world.deps, event(world))).toMatchObject({ outcome: 'handled' });
  });

  it('keeps one message of those that wait for the next PATCH', async () => {
    const world = await worldAfter(4);
    expect(await handleLifecycleEvent(world.deps, event(world))).toMatchObject({ outcome: 'postponed' });
    for (let repeat = 0; repeat < 100; repeat += 1) {
      expect(await handleLifecycleEvent(world.deps, event(world))).toEqual({ outcome: 'dropped', reason: 'merged' });
    }
    world.clock.advance(6 * MINUTE);
    expect(await handleLifecycleEvent(world.deps, takeWaiting(world))).toMatchObject({ outcome: 'handled' });
    expect(world.graph.said()).toEqual(['PATCH /subscriptions/subscription-0']);
  });

  describe.each([
    ['missed', { missedSweptAt: '2026-11-22T00:03:00.000Z' }],
    ['reauthorizationRequired', {}],
  ])('%s that has to wait', (lifecycleEvent, fields) => {
    it('is not lost when the queue does not take it: the host redelivers it, and then it waits', async () => {
      const world = await worldAfter(4, fields);
      const message = event(world, { lifecycleEvent });
      world.events.failNext(1);
      await expect(handleLifecycleEvent(world.deps, message)).rejects.toMatchObject({ code: 'queueUnavailable' });
      expect(await handleLifecycleEvent(world.deps, message)).toMatchObject({ outcome: 'postponed' });
      expect(takeWaiting(world)).toEqual({ ...message, noted: true });
    });

    it('waits once more when the process died before the note was written', async () => {
      const world = await worldAfter(4, fields);
      const message = event(world, { lifecycleEvent });
      const update = () => Promise.reject(new Error('died'));
      const dying = { ...world.deps, watches: { ...world.watches, update } };
      await expect(handleLifecycleEvent(dying, message)).rejects.toThrow('died');
      expect(takeWaiting(world)).toEqual({ ...message, noted: true });
      expect(await handleLifecycleEvent(world.deps, message)).toMatchObject({ outcome: 'postponed' });
    });
  });

  describe.each([
    ['missed', { missedSweptAt: '2026-11-22T00:03:00.000Z' }],
    ['reauthorizationRequired', {}],
  ])('%s with a clientState that is then revoked', (lifecycleEvent, fields) => {
    // Anyone who has the leaked clientState could hide the hints of Graph behind it.
    it('stands for no hint of the new clientState', async () => {
      const world = await worldAfter(4, fields);
      await handleLifecycleEvent(world.deps, event(world, { lifecycleEvent }));
      const old = takeWaiting(world);
      await revokeWatch(world.deps, fetchable());
      world.events.sent.splice(0);
      const genuine = event(world, { lifecycleEvent, generation: 1 });
      expect(await handleLifecycleEvent(world.deps, genuine)).toMatchObject({ outcome: 'postponed' });
      expect(takeWaiting(world)).toEqual({ ...genuine, noted: true });
      expect(await handleLifecycleEvent(world.deps, old)).toMatchObject({ reason: 'generationOld' });
    });

    it('writes no note when it was revoked while it was handled', async () => {
      const world = await worldAfter(4, fields);
      const send: typeof world.events.send = async (...sent) => {
        await world.events.send(...sent);
        await world.watches.update(fetchable(), (row) => ({ ...row, generation: 1 }));
      };
      await handleLifecycleEvent({ ...world.deps, events: { send } }, event(world, { lifecycleEvent }));
      const { watch } = await world.read();
      expect([watch.sweepNotedUntil, watch.renewalNotedUntil]).toEqual([undefined, undefined]);
    });
  });

  it('makes one PATCH in ten minutes for any number of `subscriptionRemoved`, and one more for those that follow it', async () => {
    const world = await worldAfter(1);
    for (let repeat = 0; repeat < 100; repeat += 1) {
      await handleLifecycleEvent(world.deps, event(world, { lifecycleEvent: 'subscriptionRemoved' }));
      world.clock.advance(3_000);
    }
    expect(world.graph.said()).toEqual(['PATCH /subscriptions/subscription-0']);
    expect(world.events.sent).toMatchObject([{ delaySeconds: 597 }]);
    // Graph has removed it in the meantime.
    world.graph.subscriptions.clear();
    world.clock.advance(300_000);
    expect(await handleLifecycleEvent(world.deps, takeWaiting(world))).toMatchObject({
      result: { outcome: 'created' },
    });
  });

  it('acts at once on `subscriptionRemoved` ten minutes after the last one, whenever the timer has renewed', async () => {
    const world = await worldAfter(1, { removalHintedAt: '2026-11-21T23:51:00.000Z' });
    const removed = event(world, { lifecycleEvent: 'subscriptionRemoved' });
    expect(await handleLifecycleEvent(world.deps, removed)).toMatchObject({ outcome: 'handled' });
    expect((await world.read()).watch.removalHintedAt).toBe('2026-11-22T00:01:00.000Z');
  });

  it('acts at once on `subscriptionRemoved` right after the PATCH of a `reauthorizationRequired`', async () => {
    const world = await worldAfter(11);
    for (const lifecycleEvent of ['reauthorizationRequired', 'subscriptionRemoved']) {
      world.clock.advance(1_000);
      expect(await handleLifecycleEvent(world.deps, event(world, { lifecycleEvent }))).toMatchObject({
        outcome: 'handled',
      });
    }
  });

  it('keeps the hints of two watches apart', async () => {
    const world = await worldAfter(1);
    await putServed(world, { id: 'other', subscriptionId: 'subscription-1' });
    const other = createHash('sha256').update('jobFetchable:other').digest('base64url').slice(0, 22);
    for (const tag of [TAG, other]) {
      expect(await handleLifecycleEvent(world.deps, event(world, { lifecycleEvent: 'missed', tag }))).toMatchObject({
        outcome: 'missed',
      });
    }
  });

  it('requests a sweep when the PATCH finds the subscription lost, not when it exists', async () => {
    const lost = await worldAfter(11);
    lost.graph.subscriptions.clear();
    const removed = { lifecycleEvent: 'subscriptionRemoved' };
    expect(await handleLifecycleEvent(lost.deps, event(lost, removed))).toMatchObject({
      outcome: 'handled',
      sweep: { key: { tenantId: TENANT, kind: 'jobFetchable', id: PRINTER }, again: { lifecycleEvent: 'missed' } },
    });
    const there = await worldAfter(11);
    expect(await handleLifecycleEvent(there.deps, event(there, removed))).not.toHaveProperty('sweep');
  });

  it('leaves a tenant that refused access to the timer, which probes it', async () => {
    const world = await worldAfter(11);
    await world.tenants.update(TENANT, (tenant) => ({ ...tenant, nextTryAt: '2026-11-22T00:12:00.000Z' }));
    for (const message of [event(world), renewal(world)]) {
      expect(await handleLifecycleEvent(world.deps, message)).toEqual({ outcome: 'dropped', reason: 'retriedByTimer' });
    }
  });

  it('refuses a generation older than the one on the row, and accepts that one', async () => {
    const world = await worldAfter(11, { generation: 2 });
    expect(await handleLifecycleEvent(world.deps, event(world, { generation: 1 }))).toMatchObject({
      reason: 'generationOld',
    });
    expect(await handleLifecycleEvent(world.deps, event(world, { generation: 2 }))).toMatchObject({
      outcome: 'handled',
    });
  });

  it('finds the watch by its tag among the rows of its tenant only, never by the subscription id', async () => {
    const world = await worldAfter(11);
    await world.addTenant(OTHER_TENANT);
    const message = event(world, { tenantId: OTHER_TENANT, subscriptionId: 'subscription-0' });
    expect(await handleLifecycleEvent(world.deps, message)).toMatchObject({ reason: 'watchUnknown' });
    const unknownTag = event(world, { tag: 'x'.repeat(22), subscriptionId: 'subscription-0' });
    expect(await handleLifecycleEvent(world.deps, unknownTag)).toMatchObject({ reason: 'watchUnknown' });
    expect(world.graph.calls).toHaveLength(0);
  });

  it('finds the watch beside unreadable rows', async () => {
    const world = await worldAfter(11);
    await world.watchTable.insert({ partitionKey: TENANT, rowKey: 'aaa' });
    expect(await handleLifecycleEvent(world.deps, event(world))).toMatchObject({ outcome: 'handled' });
    expect(world.logger.events[0]).toMatchObject({ event: 'row.unreadable', code: 'rowUnreadable' });
  });

  it('does nothing for an unwanted watch or a tenant that is not served', async () => {
    const unwanted = await worldAfter(11, { wanted: false });
    expect(await handleLifecycleEvent(unwanted.deps, event(unwanted))).toMatchObject({
      reason: 'watchUnknown',
    });
    const paused = createSubscriptionWorld();
    await paused.addTenant(TENANT, 'paused');
    await putServed(paused);
    expect(await handleLifecycleEvent(paused.deps, event(paused))).toMatchObject({
      reason: 'tenantNotActive',
    });
    const unknown = createSubscriptionWorld();
    expect(await handleLifecycleEvent(unknown.deps, event(unknown))).toMatchObject({
      reason: 'watchUnknown',
    });
  });

  it('acts for the definitions of a paused tenant, whose triggers keep holding jobs', async () => {
    const paused = createSubscriptionWorld();
    await paused.addTenant(TENANT, 'paused');
    await putServed(paused, { kind: 'jobStarted', id: DEFINITION });
    paused.clock.advance(11 * MINUTE);
    const message = renewal(paused, `jobStarted_${DEFINITION}`);
    expect(await handleLifecycleEvent(paused.deps, message)).toMatchObject({
      outcome: 'handled',
      result: { outcome: 'renewed' },
    });
  });

  it('acts on a message whose time of receipt is missing', async () => {
    const world = await worldAfter(11);
    expect(await handleLifecycleEvent(world.deps, event(world, { receivedAt: '' }))).toMatchObject({
      outcome: 'handled',
    });
  });
});

describe('a renew message of the worker', () => {
  it('renews the named watch although it is not due', async () => {
    const world = await worldAfter(11);
    expect(await handleLifecycleEvent(world.deps, renewal(world))).toMatchObject({
      result: { outcome: 'renewed' },
    });
  });

  it('is dropped when the watch was renewed within 10 minutes: many jobs may ask at once', async () => {
    const world = await worldAfter(9);
    expect(await handleLifecycleEvent(world.deps, renewal(world))).toEqual({
      outcome: 'dropped',
      reason: 'renewedSince',
    });
    expect(world.graph.calls).toHaveLength(0);
  });

  it.each([['nonsense'], ['jobFetchable_99999999-9999-9999-9999-999999999999']])(
    'is dropped for a row that is not there: %s',
    async (rowKey) => {
      const world = await worldAfter(11);
      expect(await handleLifecycleEvent(world.deps, renewal(world, rowKey))).toMatchObject({
        reason: 'watchUnknown',
      });
      expect(world.logger.events[0]).toMatchObject({ watch: rowKey === 'nonsense' ? 'unreadable' : rowKey });
    },
  );
});

describe('a sweep message', () => {
  const request = (world: SubscriptionWorld): WatchMessage => ({ ...renewal(world), kind: 'sweep' });

  it('sweeps the watch whose row wants it, also within the ten minutes after a sweep for `missed`', async () => {
    const sweepWanted = '2026-11-22T00:01:00.000Z';
    const world = await worldAfter(1, { sweepWanted, missedSweptAt: sweepWanted, generation: 4 });
    expect(await handleLifecycleEvent(world.deps, request(world))).toEqual({
      outcome: 'missed',
      sweep: { key: { tenantId: TENANT, kind: 'jobFetchable', id: PRINTER }, again: request(world) },
    });
    expect(world.graph.calls).toHaveLength(0);
  });

  it('is dropped once the row wants none', async () => {
    const world = await worldAfter(1);
    expect(await handleLifecycleEvent(world.deps, request(world))).toEqual({
      outcome: 'dropped',
      reason: 'sweptSince',
    });
  });
});
