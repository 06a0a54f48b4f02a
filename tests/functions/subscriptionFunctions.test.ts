import { createHash } from 'node:crypto';
import { app, InvocationContext, type StorageQueueFunctionOptions, type TimerFunctionOptions } from '@azure/functions';
import { createMemoryQueue } from '../support/memoryQueue';
import { createSubscriptionWorld, MINUTE, putServed, TENANT, PRINTER } from '../support/createSubscriptionWorld';
import { HOLD_MS } from '../../shared/watches/hold';

jest.mock('@azure/functions', () => ({
  ...jest.requireActual<object>('@azure/functions'),
  app: { timer: jest.fn(), storageQueue: jest.fn() },
}));
const mockServices = {
  subscriptions: jest.fn(),
  queue: jest.fn(),
  waiting: jest.fn(),
  sweep: jest.fn(),
  admission: jest.fn(),
  places: jest.fn(),
};
jest.mock('../../shared/services', () => ({ getServices: () => mockServices }));

function createContext() {
  const lines: string[] = [];
  const logHandler = (_level: string, ...words: unknown[]) => void lines.push(words.join(' '));
  return { lines, context: new InvocationContext({ functionName: 'f', logHandler }) };
}

function createFunctionWorld() {
  const world = createSubscriptionWorld();
  const queues = new Map<string, ReturnType<typeof createMemoryQueue>>();
  const queue = (name: string) => {
    const found = queues.get(name) ?? createMemoryQueue();
    queues.set(name, found);
    return found;
  };
  const { logger: _logger, ...deps } = world.deps;
  mockServices.subscriptions.mockResolvedValue(deps);
  mockServices.admission.mockImplementation((name: string) =>
    Promise.resolve({
      name,
      signer: { check: () => 'valid' },
      waiting: queue('print-notifications-waiting'),
      poison: queue(`${name}-poison`),
    }),
  );
  const place = { enter: () => true, leave: () => undefined };
  mockServices.places.mockResolvedValue({ hostPlaces: { enter: () => Promise.resolve(place) } });
  mockServices.waiting.mockImplementation(() => Promise.resolve(queue('print-notifications-waiting')));
  mockServices.queue.mockImplementation((name: string) => Promise.resolve(queue(name)));
  return { ...world, queue };
}

describe('renewSubscriptions', () => {
  it('runs every 10 minutes and reconciles all watches', async () => {
    await import('../../functions/renewSubscriptions');
    const [name, options] = jest.mocked(app.timer).mock.calls[0] as [string, TimerFunctionOptions];
    expect(name).toBe('renewSubscriptions');
    expect(options.schedule).toBe('0 */10 * * * *');
    const world = createFunctionWorld();
    await world.addTenant();
    await world.put();
    const { lines, context } = createContext();
    await options.handler({} as never, context);
    expect(world.graph.said()).toEqual(['POST /subscriptions']);
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
      event: 'subscriptions.reconciled',
      created: 1,
      failed: 0,
    });
  });
});

const mockSweep = jest.fn().mockResolvedValue({ enqueued: 0, failed: 0 });
jest.mock('../../shared/sweep/sweepWatches', () => ({
  sweepWatches: (_deps: unknown, ...rest: unknown[]) => mockSweep(...rest) as unknown,
}));

describe('a watch whose new subscription left a time without notifications', () => {
  beforeEach(() => mockSweep.mockClear());
  const key = { tenantId: TENANT, kind: 'jobFetchable', id: PRINTER };

  // The host ends a run after 30 minutes with all its work (functionTimeout of host.json).
  it('is swept by the timer that replaced it, within the eight minutes of its run', async () => {
    await import('../../functions/renewSubscriptions');
    const [, options] = jest.mocked(app.timer).mock.calls[0] as [string, TimerFunctionOptions];
    const world = createFunctionWorld();
    await world.addTenant();
    await putServed(world, { keyId: 'retired' });
    const startedAt = world.clock.now();
    await options.handler({} as never, createContext().context);
    expect(mockSweep.mock.calls).toEqual([[[key], startedAt + 8 * MINUTE]]);
  });

  // docs/decisions/0002 spells the tag.
  const tag = createHash('sha256').update(`jobFetchable:${PRINTER}`).digest('base64url').slice(0, 22);

  it.each([
    ['that found it lost', { kind: 'renew', rowKey: `jobFetchable_${PRINTER}` }, 2],
    ['missed', { kind: 'lifecycle', lifecycleEvent: 'missed', tag, generation: 0 }, 0],
  ])('is swept by the lifecycle event %s, within eight minutes of its start', async (_name, event, calls) => {
    await import('../../functions/processLifecycleEvent');
    const [, options] = jest.mocked(app.storageQueue).mock.calls[0] as [string, StorageQueueFunctionOptions];
    const world = createFunctionWorld();
    await world.addTenant();
    await putServed(world);
    world.graph.subscriptions.clear();
    world.clock.advance(11 * MINUTE);
    const startedAt = world.clock.now();
    const { callGraph } = world.deps;
    // What the event itself asks of Graph takes a minute each: the host counts that too.
    const slow: typeof callGraph = (call) => {
      world.clock.advance(MINUTE);
      return callGraph(call);
    };
    mockServices.subscriptions.mockResolvedValue({ ...world.deps, callGraph: slow });
    const message = { v: 1, tenantId: TENANT, receivedAt: '2026-11-22T00:11:00.000Z', traceparent: '' };
    await options.handler({ event: { ...message, ...event } }, createContext().context);
    expect(world.clock.now() - startedAt).toBe(calls * MINUTE);
    expect(mockSweep.mock.calls).toEqual([[[key], startedAt + 8 * MINUTE]]);
  });
});

describe('processLifecycleEvent', () => {
  async function load() {
    await import('../../functions/processLifecycleEvent');
    const [name, options] = jest.mocked(app.storageQueue).mock.calls[0] as [string, StorageQueueFunctionOptions];
    return { name, options };
  }
  const message = (fields: object = {}) => ({
    event: {
      v: 1,
      kind: 'renew',
      tenantId: TENANT,
      rowKey: `jobFetchable_${PRINTER}`,
      receivedAt: '2026-11-22T00:00:00.000Z',
      traceparent: '',
      ...fields,
    },
  });

  it('reads subscription-events and renews the named watch', async () => {
    const { name, options } = await load();
    expect([name, options.queueName, options.connection]).toEqual([
      'processLifecycleEvent',
      'subscription-events',
      'AzureWebJobsStorage',
    ]);
    const world = createFunctionWorld();
    await world.addTenant();
    await putServed(world);
    world.clock.advance(11 * MINUTE);
    await options.handler(message({ receivedAt: '2026-11-22T00:11:00.000Z' }), createContext().context);
    expect(world.graph.said()).toEqual(['PATCH /subscriptions/subscription-0']);
    expect(world.queue('subscription-events').sent).toEqual([]);
  });

  it('requeues a postponed message with the delay', async () => {
    const { options } = await load();
    const world = createFunctionWorld();
    await world.addTenant();
    await world.put({ heldMs: HOLD_MS });
    await options.handler(message(), createContext().context);
    const [sent] = world.queue('subscription-events').sent;
    expect(sent?.delaySeconds).toBe(255);
    expect(JSON.parse(sent?.text ?? '')).toEqual(message());
  });

  it.each([
    ['an object', { event: { v: 99 } }, '{"event":{"v":99}}'],
    ['text', 'no json', 'no json'],
  ])('sends a malformed message (%s) to the poison queue and logs the reason', async (_n, entry, text) => {
    const { options } = await load();
    const world = createFunctionWorld();
    const { lines, context } = createContext();
    await options.handler(entry, context);
    expect(world.queue('subscription-events-poison').sent).toEqual([{ text, delaySeconds: 0 }]);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      event: 'subscriptionEvent.malformed',
      reason: expect.any(String) as string,
    });
  });
  beforeEach(() => {
    mockServices.subscriptions.mockReset();
  });
});
