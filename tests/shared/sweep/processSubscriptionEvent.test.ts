import { ReceiverError } from '../../../shared/errors';
import { createPlaces } from '../../../shared/fairness/places';
import { processSubscriptionEvent, type SubscriptionEventDeps } from '../../../shared/sweep/processSubscriptionEvent';
import { watchTag } from '../../../shared/watches/clientState';
import { createMemoryQueue } from '../../support/memoryQueue';
import {
  createSubscriptionWorld,
  DEFINITION,
  MINUTE,
  PRINTER,
  putServed,
  START,
  TENANT,
  type SubscriptionWorld,
} from '../../support/createSubscriptionWorld';
import { createSweepWorld } from '../../support/createSweepWorld';

function createDeps(changes: Partial<SubscriptionEventDeps> = {}) {
  const world = createSubscriptionWorld();
  const [events, waiting, poison] = [createMemoryQueue(), createMemoryQueue(), createMemoryQueue()];
  const deps: SubscriptionEventDeps = {
    subscriptions: world.deps,
    sweep: () => Promise.reject(new Error('no sweep was expected')),
    places: createPlaces({ silence: { isSilent: () => false }, clock: world.clock }),
    queues: { events, waiting, poison },
    logger: world.logger,
    ...changes,
  };
  return { world, deps, events, waiting, poison };
}

const renewal = (receivedAt = START) => ({
  event: { v: 1, kind: 'renew', tenantId: TENANT, receivedAt, traceparent: '', rowKey: `jobFetchable_${PRINTER}` },
});

describe('the place of the tenant', () => {
  it('is entered before anything is read, and left at the end', async () => {
    const entered: string[] = [];
    const places = { enter: (id: string) => entered.push(id) > 0, leave: (id: string) => void entered.push(`-${id}`) };
    const { world, deps } = createDeps({ places });
    await world.addTenant();
    await putServed(world);
    world.clock.advance(11 * MINUTE);
    await processSubscriptionEvent(deps, renewal('2026-11-22T00:11:00.000Z'));
    expect(world.graph.said()).toEqual(['PATCH /subscriptions/subscription-0']);
    expect(entered).toEqual([TENANT, `-${TENANT}`]);
  });

  it('moves a message without one to the waiting queue', async () => {
    const places = { enter: () => false, leave: () => undefined };
    const { deps, waiting, events, world } = createDeps({ places });
    expect(await processSubscriptionEvent(deps, renewal())).toBe('waiting');
    expect(waiting.sent).toMatchObject([{ text: JSON.stringify(renewal()) }]);
    expect(events.sent).toEqual([]);
    expect(world.graph.calls).toEqual([]);
  });

  it('is left after a failure too', async () => {
    const { deps } = createDeps();
    const watches = { ...deps.subscriptions.watches, get: () => Promise.reject(new TypeError('a defect')) };
    const broken = { ...deps, subscriptions: { ...deps.subscriptions, watches } };
    for (let n = 0; n < 10; n += 1) await expect(processSubscriptionEvent(broken, renewal())).rejects.toThrow('defect');
    await expect(processSubscriptionEvent(deps, renewal())).resolves.toBe('settled');
  });
});

describe('a body that the webhook refused unread', () => {
  const sweepAll = { event: { v: 1, kind: 'sweepAll', receivedAt: START, traceparent: '' } };

  it('has all watches swept, whatever places are used, and jobs that are found are an error', async () => {
    const places = { enter: () => false, leave: () => undefined };
    const sweepWorld = createSweepWorld();
    await sweepWorld.addTenant();
    sweepWorld.putDefinition();
    const { world, deps } = createDeps({ places, sweep: () => Promise.resolve(sweepWorld.deps) });
    await processSubscriptionEvent(deps, sweepAll);
    sweepWorld.putTask('t1');
    await processSubscriptionEvent(deps, sweepAll);
    expect(sweepWorld.found()).toEqual([`jobStarted_${DEFINITION}_t1`]);
    expect(world.logger.events).toMatchObject([
      { level: 'info', event: 'jobs.sweptOnRequest', swept: 1, enqueued: 0 },
      { level: 'error', event: 'jobs.sweptOnRequest', swept: 1, enqueued: 1 },
    ]);
    expect((await sweepWorld.tenants.get(TENANT))?.troubleAt).toBe(START);
  });

  it('waits while tables are unavailable', async () => {
    const sweep = () => Promise.reject(new ReceiverError('storageUnavailable', 'out'));
    const { deps, events } = createDeps({ sweep });
    await processSubscriptionEvent(deps, sweepAll);
    expect(events.sent).toMatchObject([{ text: JSON.stringify(sweepAll) }]);
  });
});

describe('a watch whose notifications were lost', () => {
  it('is swept at once, and is a sign of trouble for the other printers of its customer, noted once in ten minutes', async () => {
    const sweepWorld = createSweepWorld();
    const { world, deps } = createDeps({ sweep: () => Promise.resolve(sweepWorld.deps) });
    for (const each of [world, sweepWorld]) {
      await each.addTenant();
      await each.put({ id: PRINTER, sweepWanted: START });
    }
    sweepWorld.putPrinter();
    sweepWorld.putJob('1', 0);
    const event = { v: 1, kind: 'sweep', tenantId: TENANT, receivedAt: START, traceparent: '' };
    const message = { event: { ...event, rowKey: `jobFetchable_${PRINTER}` } };
    const troubleAt = async () => (await sweepWorld.tenants.get(TENANT))?.troubleAt;
    await processSubscriptionEvent(deps, message);
    expect(sweepWorld.found()).toEqual([`jobFetchable_${PRINTER}_1`]);
    expect(await troubleAt()).toBe(START);
    sweepWorld.clock.advance(9 * MINUTE);
    await processSubscriptionEvent(deps, message);
    expect(await troubleAt()).toBe(START);
    sweepWorld.clock.advance(MINUTE);
    await processSubscriptionEvent(deps, message);
    expect(await troubleAt()).toBe('2026-11-22T00:10:00.000Z');
  });
});

describe.each([
  ['that Graph asked for with `missed`', 'missed', () => undefined],
  [
    'of a subscription that was lost',
    'subscriptionRemoved',
    (world: SubscriptionWorld) => world.graph.subscriptions.clear(),
  ],
])('a sweep %s', (_name, lifecycleEvent, prepare) => {
  it('that fails is repeated until it succeeds', async () => {
    const sweepWorld = createSweepWorld();
    const { world, deps, events } = createDeps({ sweep: () => Promise.resolve(sweepWorld.deps) });
    for (const each of [world, sweepWorld]) await each.addTenant();
    await putServed(world);
    prepare(world);
    await sweepWorld.put({ id: PRINTER });
    sweepWorld.putPrinter();
    sweepWorld.putJob('1', 0);
    const tag = watchTag({ kind: 'jobFetchable', id: PRINTER });
    const event = { v: 1, kind: 'lifecycle', lifecycleEvent, tenantId: TENANT, tag, generation: 0 };
    let message: unknown = { event: { ...event, receivedAt: START, traceparent: '' } };
    const deliver = async (jobs = sweepWorld.deps.jobs) => {
      await processSubscriptionEvent({ ...deps, sweep: () => Promise.resolve({ ...sweepWorld.deps, jobs }) }, message);
      const [sent] = events.sent.splice(0);
      message = sent && JSON.parse(sent.text);
      world.clock.advance((sent?.delaySeconds ?? 0) * 1_000);
    };
    const send = () => Promise.reject(new ReceiverError('queueUnavailable', 'out'));
    await deliver({ send });
    expect(world.logger.events).toContainEqual(expect.objectContaining({ cause: 'sweepFailed' }));
    expect(sweepWorld.found()).toEqual([]);
    for (let round = 0; round < 5 && message !== undefined; round += 1) await deliver();
    expect(sweepWorld.found()).toEqual([`jobFetchable_${PRINTER}_1`]);
    expect(message).toBeUndefined();
  });
});

// docs/decisions/0017: messages of a customer whose row in Tenants or Subscriptions is unreadable wait.
describe.each([
  ['Tenants', { v: 1, kind: 'renew', rowKey: `jobFetchable_${PRINTER}` }],
  ['Tenants', { v: 1, kind: 'lifecycle', lifecycleEvent: 'subscriptionRemoved' }],
  ['Subscriptions', { v: 1, kind: 'renew', rowKey: `jobFetchable_${PRINTER}` }],
  ['Subscriptions', { v: 1, kind: 'lifecycle', lifecycleEvent: 'subscriptionRemoved' }],
] as const)('an unreadable row in %s', (table, event) => {
  it(`makes a message ${event.kind} wait until a person has corrected it`, async () => {
    const { world, deps, events, poison } = createDeps();
    await world.addTenant();
    await putServed(world);
    const rows = table === 'Tenants' ? world.tenantTable : world.watchTable;
    const key =
      table === 'Tenants'
        ? { partitionKey: 'tenant', rowKey: TENANT }
        : { partitionKey: TENANT, rowKey: `jobFetchable_${PRINTER}` };
    const read = () => rows.get(key.partitionKey, key.rowKey);
    const row = await read();
    const cells = { ...row?.cells, ...key };
    await rows.replace({ ...cells, status: 'nonsense' }, row?.etag ?? '');
    const tag = watchTag({ kind: 'jobFetchable', id: PRINTER });
    const base = { tenantId: TENANT, tag, generation: 0, receivedAt: START, traceparent: '' };
    await processSubscriptionEvent(deps, { event: { ...base, ...event } });
    expect(poison.sent).toEqual([]);
    expect(events.sent).toHaveLength(1);
    expect(world.logger.events).toContainEqual(
      expect.objectContaining({ event: 'subscriptionEvent.dependencyUnavailable', code: 'rowUnreadable' }),
    );
    await rows.replace(cells, (await read())?.etag ?? '');
    world.clock.advance(11 * MINUTE);
    await processSubscriptionEvent(deps, JSON.parse(events.sent[0]?.text ?? ''));
    expect(world.graph.said()).toEqual(['PATCH /subscriptions/subscription-0']);
  });
});

describe('unavailable tables', () => {
  it('are waited out in the queue: no try of the host is used, and the wait grows from 15 seconds to 10 minutes', async () => {
    const { world, deps, events, poison } = createDeps();
    await world.addTenant();
    await putServed(world);
    const get = () => Promise.reject(new ReceiverError('storageUnavailable', 'out'));
    const broken = { ...deps, subscriptions: { ...world.deps, watches: { ...world.watches, get } } };
    let message: unknown = renewal();
    const waits: number[] = [];
    for (let round = 0; round < 30; round += 1) {
      await processSubscriptionEvent(broken, message);
      const [sent] = events.sent.splice(0);
      waits.push(sent?.delaySeconds ?? 0);
      message = JSON.parse(sent?.text ?? '');
      world.clock.advance((sent?.delaySeconds ?? 0) * 1_000);
    }
    expect(poison.sent).toEqual([]);
    expect(message).toEqual(renewal());
    expect(waits[0]).toBeGreaterThanOrEqual(15);
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
    expect(waits.at(-1)).toBeLessThanOrEqual(750);
    await processSubscriptionEvent(deps, message);
    expect(world.graph.said()).toEqual(['PATCH /subscriptions/subscription-0']);
  });
});
