import { bringBack, queueOf } from '../../../shared/fairness/bringBack';
import { createCarrier } from '../../../shared/fairness/carryWaiting';
import { tenantOf } from '../../../shared/fairness/fairQueue';
import { createPlaces } from '../../../shared/fairness/places';
import { createTurns } from '../../../shared/fairness/turns';
import { createCapturedLogger } from '../../support/createCapturedLogger';
import { createVirtualTime } from '../../support/createVirtualTime';
import { createVirtualQueue } from '../../support/virtualQueue';

const textOf = (tenantId: string, n = 0) => JSON.stringify({ event: { tenantId, n } });

function open(work: (text: string) => Promise<void> = () => Promise.resolve()) {
  const clock = createVirtualTime();
  const waiting = createVirtualQueue(clock);
  const triggered = createVirtualQueue(clock);
  const silence = { isSilent: () => false };
  const places = createPlaces({ silence, clock });
  const logger = createCapturedLogger();
  const worked: string[] = [];
  const shared = {
    waiting,
    places,
    turns: createTurns({ silence, clock }),
    clock,
    sendBack: (text: string) => triggered.send(text),
    postpone: (text: string, delayMs: number) => waiting.send(text, { delaySeconds: delayMs / 1_000 }),
  };
  const deps = {
    logger,
    work: async (text: string) => {
      await work(text);
      worked.push(text);
      return true;
    },
  };
  const carry = async (changes: Partial<typeof shared> = {}) => {
    let isOver = false;
    void createCarrier({ ...shared, ...changes })
      .carry(deps)
      .finally(() => (isOver = true));
    await clock.runUntil(() => isOver);
  };
  return { clock, waiting, triggered, places, logger, worked, shared, deps, carry };
}

it('works on all that waits, removes it, gives its places back and ends', async () => {
  const world = open();
  for (let n = 0; n < 100; n += 1) await world.waiting.send(textOf(`t${n % 7}`, n));
  await world.carry();
  expect(new Set(world.worked).size).toBe(100);
  expect([world.waiting.length(), world.triggered.length(), world.places.free()]).toEqual([0, 0, 24]);
});

it('finds what is sent while it works, and a second call joins the run in progress', async () => {
  const world = open(() => world.clock.sleep(100));
  const carrier = createCarrier(world.shared);
  await world.waiting.send(textOf('a'));
  let ended = 0;
  void carrier.carry(world.deps).finally(() => (ended += 1));
  await world.clock.runUntil(() => world.worked.length === 1);
  await world.waiting.send(textOf('b'));
  await carrier.carry(world.deps);
  expect(ended).toBe(0);
  await world.clock.runUntil(() => ended === 1);
  expect(world.worked).toHaveLength(2);
});

it('takes turns among the tenants in hand', async () => {
  const world = open(() => world.clock.sleep(1_000));
  for (let n = 0; n < 20; n += 1) await world.waiting.send(textOf('a', n));
  for (let n = 0; n < 4; n += 1) await world.waiting.send(textOf('b', n));
  await world.carry();
  const order = world.worked.map((text) => text.includes('"b"'));
  // Six places each until a message of each has ended.
  expect(order.slice(0, 10).filter(Boolean)).toHaveLength(4);
});

it('a message whose work fails goes to the triggered queue, whose tries the host counts, before it is removed', async () => {
  const world = open(() => Promise.reject(new Error('unexpected')));
  await world.waiting.send(textOf('a'));
  await world.carry();
  expect([world.waiting.length(), world.triggered.length()]).toEqual([0, 1]);
  expect(world.logger.events).toMatchObject([{ event: 'waiting.sentBack' }]);
});

it('a message that can go nowhere stays and returns when its lease ends', async () => {
  const world = open(() => Promise.reject(new Error('unexpected')));
  await world.waiting.send(textOf('a'));
  await world.carry({ sendBack: () => Promise.reject(new Error('queue down')) });
  expect(world.waiting.length()).toBe(1);
  expect(world.logger.events.at(-1)).toMatchObject({ event: 'waiting.notSettled' });
  expect(await world.waiting.take(1)).toEqual([]);
  await world.clock.runUntil(() => true);
});

it('a text of another form goes to the triggered queue, whose worker reports it', async () => {
  const world = open();
  await world.waiting.send('garbage');
  await world.carry();
  expect([world.worked.length, world.triggered.length(), world.waiting.length()]).toEqual([0, 1, 0]);
});

it('a queue that does not answer ends the run without an error', async () => {
  const world = open();
  await world.carry({ waiting: { ...world.waiting, take: () => Promise.reject(new Error('queue down')) } });
  expect(world.logger.events).toMatchObject([{ event: 'waiting.notRead' }]);
});

it('what is held for half a minute without a place waits for its turn', async () => {
  const world = open();
  for (let n = 0; n < 6; n += 1) world.places.enter('a');
  for (let n = 0; n < 3; n += 1) await world.waiting.send(textOf('a', n));
  const carrier = createCarrier(world.shared);
  void carrier.carry(world.deps);
  await world.clock.runUntil(() => world.clock.now() >= 31_000);
  expect([world.worked.length, world.waiting.length()]).toEqual([0, 3]);
  for (let n = 0; n < 6; n += 1) world.places.leave('a', { tookMs: 700, isDone: true });
  await world.clock.runUntil(() => world.worked.length === 3);
});

it('ends after four minutes, lets go of what it holds and leaves a message that continues', async () => {
  const world = open(() => world.clock.sleep(9_000));
  let n = 0;
  const feed = async () => {
    for (;;) {
      while (world.waiting.length() < 60) await world.waiting.send(textOf('a', n++));
      await world.clock.sleep(9_000);
    }
  };
  void feed();
  await world.carry();
  expect(world.clock.now()).toBeGreaterThanOrEqual(4 * 60_000);
  expect(world.clock.now()).toBeLessThan(4 * 60_000 + 20_000);
  expect(world.triggered.length()).toBeGreaterThan(0);
  expect(world.places.free()).toBe(24);
});

describe('a tenant whose messages are known to wait behind those of another', () => {
  const openBehind = async (backlog: number) => {
    const world = open(() => world.clock.sleep(2_000));
    for (let n = 0; n < backlog; n += 1) await world.waiting.send(textOf('a', n));
    for (let n = 0; n < 3; n += 1) await world.waiting.send(textOf('b', n));
    /** Worked on, or in front of another instance. */
    let found = 0;
    const sendBack = (text: string) => {
      if (tenantOf(text) === 'b') found += 1;
      return world.triggered.send(text);
    };
    const carrier = createCarrier({ ...world.shared, sendBack });
    const ofB = () => found + world.worked.filter((text) => tenantOf(text) === 'b').length;
    return { world, carrier, ofB };
  };

  it('is found, and what was passed over is worked on afterwards', async () => {
    const { world, carrier, ofB } = await openBehind(1_000);
    void carrier.carry(world.deps, 'b');
    await world.clock.runUntil(() => ofB() === 3);
    expect(world.clock.now()).toBeLessThan(5_000);
    // Some invite another instance from the triggered queue.
    await world.clock.runUntil(() => world.worked.length + world.triggered.length() === 1_003);
    expect(new Set(world.worked).size).toBe(world.worked.length);
  });

  it('is found also when the call joins a run in progress', async () => {
    const { world, carrier, ofB } = await openBehind(1_000);
    void carrier.carry(world.deps, 'a');
    await world.clock.runUntil(() => world.clock.now() >= 3_000);
    await carrier.carry(world.deps, 'b');
    await world.clock.runUntil(() => ofB() === 3);
    expect(world.clock.now()).toBeLessThan(9_000);
  });

  it('is not looked for while it has all its places', async () => {
    const operations = async (tenantId?: string) => {
      const { world, carrier } = await openBehind(300);
      for (let n = 0; n < 6; n += 1) world.places.enter('b');
      void carrier.carry(world.deps, tenantId);
      await world.clock.runUntil(() => world.clock.now() >= 400);
      return world.waiting.operations();
    };
    expect(await operations('b')).toBe(await operations());
  });

  it('without any message left ends the look at the end of the queue', async () => {
    const world = open();
    let isOver = false;
    void createCarrier(world.shared)
      .carry(world.deps, 'b')
      .finally(() => (isOver = true));
    await world.clock.runUntil(() => isOver);
    expect(world.waiting.operations()).toBeLessThan(10);
  });
});

/** Keeps `count` messages of the tenant in the waiting queue. */
async function feed({ waiting, clock }: ReturnType<typeof open>, tenantId: string, count: number) {
  for (let n = 0; ; n += 1) {
    while (waiting.length() < count) await waiting.send(textOf(tenantId, n));
    await clock.sleep(500);
  }
}

// functionTimeout of host.json ends the process after 30 minutes.
it.each([100, 1_000, 3_000])('ends after four minutes also while a call comes every %d ms', async (everyMs) => {
  const world = open(() => world.clock.sleep(2_300));
  const carrier = createCarrier(world.shared);
  void feed(world, 'a', 60);
  let endedAt = 0;
  void carrier.carry(world.deps).finally(() => (endedAt = world.clock.now()));
  void (async () => {
    for (;;) {
      await world.clock.sleep(everyMs);
      void carrier.carry(world.deps);
    }
  })();
  await world.clock.runUntil(() => endedAt > 0 || world.clock.now() > 30 * 60_000);
  expect(endedAt).toBeGreaterThan(0);
  expect(endedAt).toBeLessThan(5 * 60_000);
});

it('while the slow work of a run ends, the next call works on what waits', async () => {
  const ended: number[] = [];
  const world = open(async (text) => {
    await world.clock.sleep(tenantOf(text) === 'slow' ? 90_000 : 700);
    if (tenantOf(text) === 'b') ended.push(world.clock.now());
  });
  const carrier = createCarrier(world.shared);
  const every = async (ms: number, step: () => void) => {
    for (;;) {
      step();
      await world.clock.sleep(ms);
    }
  };
  void every(500, () => void world.waiting.send(textOf('b')));
  void every(20_000, () => void world.waiting.send(textOf('slow')));
  void every(1_000, () => void carrier.carry(world.deps));
  await world.clock.runUntil(() => world.clock.now() > 10 * 60_000);
  const gaps = ended.map((at, n) => at - (ended[n - 1] ?? at));
  expect(Math.max(...gaps)).toBeLessThan(5_000);
});

it('a run that cannot read the queue any more lets go of what it holds, and ends after its work', async () => {
  const world = open(() => world.clock.sleep(3_000));
  await world.waiting.send(textOf('a'));
  let reads = 0;
  const take: typeof world.waiting.take = (...args) =>
    (reads += 1) > 1 ? Promise.reject(new Error('queue down')) : world.waiting.take(...args);
  for (let n = 0; n < 10; n += 1) await world.waiting.send(textOf('a', n));
  await world.carry({ waiting: { ...world.waiting, take } });
  // A new tenant has six places. The others are visible at once.
  expect([world.worked.length, (await world.waiting.take(1)).length]).toEqual([6, 5]);
});

describe('the timer', () => {
  it('moves one batch to the triggered queue, each message sent before it is removed', async () => {
    const { waiting, triggered } = open();
    for (let n = 0; n < 40; n += 1) await waiting.send(textOf('a', n));
    expect(await bringBack({ waiting, sendBack: (text) => triggered.send(text) })).toBe(32);
    expect([waiting.length(), triggered.length()]).toEqual([8, 32]);
  });

  it('loses nothing when the triggered queue refuses', async () => {
    const { waiting } = open();
    await waiting.send(textOf('a'));
    await expect(bringBack({ waiting, sendBack: () => Promise.reject(new Error('down')) })).rejects.toThrow('down');
    expect(waiting.length()).toBe(1);
  });

  it.each([
    ['{"event":{"kind":"jobStarted"}}', 'print-notifications'],
    ['{"event":{"kind":"jobFetchable"}}', 'print-notifications'],
    ['{"event":{"kind":"lifecycle"}}', 'subscription-events'],
    ['{"event":{"kind":"renew"}}', 'subscription-events'],
    ['garbage', 'print-notifications'],
  ])('%s belongs to %s', (text, queue) => {
    expect(queueOf(text)).toBe(queue);
  });
});
