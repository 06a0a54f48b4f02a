import { InvocationContext } from '@azure/functions';
import { fairQueueHandler } from '../../functions/fairQueueHandler';
import { createCarrier } from '../../shared/fairness/carryWaiting';
import { createHostPlaces, type HostPlaces } from '../../shared/fairness/hostPlaces';
import { MOST_OF_A_TENANT_IN_HOST } from '../../shared/fairness/limits';
import { createPlaces } from '../../shared/fairness/places';
import { createTurns } from '../../shared/fairness/turns';
import { withMore } from '../../shared/fairness/fairQueue';
import { createMessageSigner } from '../../shared/storage/signedMessages';
import { createSubscriptionWorld, PRINTER, TENANT } from '../support/createSubscriptionWorld';
import { createFakeClock } from '../support/createFakeClock';
import { createMemoryQueue } from '../support/memoryQueue';
import { testKey } from '../support/testKey';
import { createVirtualQueue } from '../support/virtualQueue';

const mockServices = {
  admission: jest.fn(),
  subscriptions: jest.fn(),
  places: jest.fn(),
  carrier: jest.fn(),
  queue: jest.fn(),
  waiting: jest.fn(),
};
jest.mock('../../shared/services', () => ({ getServices: () => mockServices }));

const QUEUE = 'subscription-events';
const signer = createMessageSigner([{ keyId: 'k1', key: testKey(1) }], QUEUE);
const text = signer.sign(
  JSON.stringify({
    event: {
      v: 1,
      kind: 'renew',
      tenantId: TENANT,
      rowKey: `jobFetchable_${PRINTER}`,
      receivedAt: '',
      traceparent: '',
    },
  }),
);
const parse = (value: string) => JSON.parse(value) as unknown;

let lines: Record<string, unknown>[];
const open = () => {
  lines = [];
  const clock = createFakeClock();
  const silence = { isSilent: () => false };
  const places = createPlaces({ silence, clock });
  const waiting = createVirtualQueue(clock);
  const [held, poison, sentBack] = [createMemoryQueue(), createMemoryQueue(), createMemoryQueue()];
  const { logger: _logger, ...deps } = createSubscriptionWorld().deps;
  mockServices.subscriptions.mockResolvedValue(deps);
  const hostPlaces = createHostPlaces({ places, clock });
  mockServices.places.mockResolvedValue({ places, hostPlaces });
  mockServices.queue.mockResolvedValue(createMemoryQueue());
  mockServices.waiting.mockResolvedValue({ send: (value: string) => waiting.send(signer.sign(value)) });
  mockServices.admission.mockResolvedValue({ name: QUEUE, signer, waiting: held, poison });
  mockServices.carrier.mockResolvedValue(
    createCarrier({
      ...{ waiting, places, clock, turns: createTurns({ silence, clock }) },
      sendBack: (value) => sentBack.send(value),
      postpone: (value) => waiting.send(value),
    }),
  );
  const logHandler = (_level: string, ...words: unknown[]) =>
    void lines.push(JSON.parse(words.join(' ')) as Record<string, unknown>);
  const context = new InvocationContext({ functionName: 'f', logHandler });
  const handle = (value: string) => fairQueueHandler(QUEUE)(parse(value), context);
  const handled = () => lines.filter(({ event }) => event === 'subscriptionEvent.dropped').length;
  return { places, hostPlaces, waiting, poison, sentBack, handle, handled };
};

/** The places of one tenant in invocations of the host. */
const takeAll = (hostPlaces: HostPlaces) =>
  Promise.all(Array.from({ length: MOST_OF_A_TENANT_IN_HOST }, () => hostPlaces.enter(TENANT)));

it('a message gives its place back, also when it ends before it needs one', async () => {
  const world = open();
  for (const value of [text, signer.sign(JSON.stringify({ event: { v: 1, kind: 'other', tenantId: TENANT } }))]) {
    await world.handle(value);
    expect(world.places.free()).toBe(24);
  }
});

it('a message alone does not look into the waiting queue', async () => {
  const world = open();
  await world.waiting.send(text);
  const before = world.waiting.operations();
  await world.handle(text);
  expect([world.handled(), world.waiting.operations()]).toEqual([1, before]);
});

it('a message that says that more waits works on the waiting queue too', async () => {
  const world = open();
  for (let n = 0; n < 3; n += 1) await world.waiting.send(text);
  await world.handle(withMore(text));
  expect([world.handled(), world.waiting.length(), world.sentBack.sent.length]).toEqual([4, 0, 0]);
});

it('a hint without a place of its tenant waits without a trigger, and is worked on once there is a place', async () => {
  const world = open();
  const taken = await takeAll(world.hostPlaces);
  await world.handle(text);
  expect(lines).toContainEqual(expect.objectContaining({ event: 'subscriptionEvent.deferred', cause: 'places' }));
  // The run ends after four minutes with a message that continues.
  expect([world.handled(), world.waiting.length(), world.sentBack.sent.length]).toEqual([0, 0, 1]);
  for (const place of taken) place?.leave(TENANT);
  await world.handle(withMore(text));
  expect(world.handled()).toBeGreaterThanOrEqual(1);
});

it('a message of the waiting queue without a mac of ours goes to the poison queue', async () => {
  const world = open();
  await world.waiting.send(JSON.stringify({ event: { kind: 'renew', tenantId: TENANT } }));
  await world.handle(withMore(text));
  expect([world.poison.sent.length, world.waiting.length(), world.handled()]).toEqual([1, 0, 1]);
});
