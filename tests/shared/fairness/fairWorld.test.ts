import { createFairWorld } from '../../support/createFairWorld';

/** A bound on a run that does not end. Virtual time costs real time where many messages pass. */
jest.setTimeout(60_000);

/** Two calls to Graph that answer after 300 ms, and storage. */
const QUICK_MS = 700;
/** host.json: batchSize and newBatchThreshold. */
const PLACES = 24;

const waits = (done: readonly { sentAt: number; endedAt: number }[]) =>
  done.map(({ sentAt, endedAt }) => endedAt - sentAt).sort((a, b) => a - b);
const p95 = (sorted: readonly number[]) => sorted[Math.floor(sorted.length * 0.95)] ?? 0;

describe('one tenant alone', () => {
  it('uses all places, and its burst takes no longer than with all places from the start', async () => {
    const world = createFairWorld(() => QUICK_MS);
    await world.print('a', 1_000);
    await world.untilDone(1_000);
    expect(world.mostOf('a')).toBeGreaterThanOrEqual(PLACES);
    expect(world.clock.now()).toBeLessThan(1.15 * (1_000 / PLACES) * QUICK_MS);
  });

  it.each([200, 1_000])('costs a bounded number of queue operations a message in a burst of %d', async (count) => {
    const world = createFairWorld(() => QUICK_MS);
    await world.print('a', count);
    world.resetOperations();
    await world.untilDone(count);
    // A receive for some messages together, and a delete. Polls of the idle trigger are in it: ten a second.
    const idlePolls = world.clock.now() / 100;
    expect((world.operations() - idlePolls) / count).toBeLessThan(2.3);
  });

  it('is deferred at most 0.3 times a job', async () => {
    const world = createFairWorld(() => QUICK_MS);
    await world.print('a', 200);
    const sends = () => world.triggered.operations() + world.waiting.operations();
    const before = sends();
    await world.untilDone(200);
    const idlePolls = world.clock.now() / 100;
    // Each deferral is a send and a delete more.
    expect((sends() - before - idlePolls) / 200).toBeLessThan(1 + 1.3);
  });
});

it('one tenant alone uses 18 places when its jobs take 12 s, four calls that Graph answers after 3 s', async () => {
  const world = createFairWorld(() => 12_000);
  await world.print('a', 1);
  await world.runFor(20_000);
  const startedAt = world.clock.now();
  await world.print('a', 240);
  await world.untilDone(241);
  expect(world.clock.now() - startedAt).toBeLessThan(1.3 * (240 / 18) * 12_000);
});

describe('a job of another tenant', () => {
  it.each([1_000, 3_000])('comes through at once beside %d waiting messages', async (backlog) => {
    const world = createFairWorld(() => QUICK_MS);
    await world.print('a', backlog);
    for (let n = 0; n < 20; n += 1) {
      await world.runFor(500);
      await world.print('b', 1);
    }
    await world.untilDone(20, 'b');
    expect(world.doneOf('a').length).toBeLessThan(backlog);
    // Alone it takes 100 ms for the poll and 700 ms for the job.
    expect(p95(waits(world.doneOf('b')))).toBeLessThan(2 * 800);
  });

  it('comes through at once beside a tenant that hangs, which keeps at most its six places', async () => {
    const world = createFairWorld((tenantId) => (tenantId === 'hangs' ? 45_000 : QUICK_MS));
    await world.print('hangs', 500);
    for (let n = 0; n < 20; n += 1) {
      await world.runFor(500);
      await world.print('b', 1);
    }
    await world.untilDone(20, 'b');
    expect(world.mostOf('hangs')).toBeLessThanOrEqual(6);
    expect(p95(waits(world.doneOf('b')))).toBeLessThan(2 * 800);
  });

  it('comes through at once beside a tenant that Graph does not answer, which keeps one place', async () => {
    const world = createFairWorld((tenantId) => (tenantId === 'silent' ? 45_000 : QUICK_MS));
    world.silent.add('silent');
    await world.print('silent', 500);
    await world.print('b', 1);
    await world.untilDone(1, 'b');
    expect(world.mostOf('silent')).toBe(1);
    expect(world.doneOf('b')[0]?.endedAt).toBeLessThan(2 * 800);
  });

  it('comes through beside one that began to hang while it used all places', async () => {
    let hangs = false;
    const world = createFairWorld((tenantId) => (tenantId === 'a' && hangs ? 45_000 : QUICK_MS));
    await world.print('a', 500);
    await world.untilDone(100);
    hangs = true;
    await world.runFor(1_000);
    for (let n = 0; n < 10; n += 1) {
      await world.print('b', 1);
      await world.runFor(500);
    }
    await world.untilDone(10, 'b');
    expect(p95(waits(world.doneOf('b')))).toBeLessThan(2 * 800);
  });
});

describe('a quick tenant', () => {
  const ALONE_MS = 800;

  it.each([1, 8, 16, 40])('begins to hang with %d new messages: no other tenant waits for them', async (count) => {
    let hangs = false;
    const world = createFairWorld((tenantId) => (tenantId === 'a' && hangs ? 45_000 : QUICK_MS), {
      silentAfterMs: 40_000,
    });
    await world.print('a', 1);
    await world.runFor(5_000);
    hangs = true;
    await world.print('a', count);
    // The first ones may come while two messages of a wait in place, for a second.
    expect(p95(await world.printEachHalfSecond('b', 60))).toBeLessThan(2 * ALONE_MS);
    expect(Math.max(...waits(world.doneOf('b')))).toBeLessThan(1_000 + ALONE_MS);
  });

  it.each([700, 3_000, 9_000])('prints 40 jobs a second of %d ms each: no other tenant waits', async (jobMs) => {
    const world = createFairWorld((tenantId) => (tenantId === 'a' ? jobMs : QUICK_MS));
    await world.print('a', 1);
    await world.runFor(10_000);
    const printMany = async () => {
      for (let n = 0; n < 120; n += 1) {
        await world.print('a', 20);
        await world.clock.sleep(500);
      }
    };
    void printMany();
    expect(p95(await world.printEachHalfSecond('b', 120))).toBeLessThan(2 * ALONE_MS);
  });

  it.each([200, 3_700, 8_000])('gets failures after %d ms for each call: no other tenant waits', async (tryMs) => {
    let fails = false;
    const world = createFairWorld((tenantId) => (tenantId === 'a' && fails ? tryMs : QUICK_MS), {
      failure: (tenantId) => (tenantId === 'a' && fails ? 'outage' : undefined),
    });
    await world.print('a', 1);
    await world.runFor(5_000);
    fails = true;
    await world.print('a', 1_000);
    expect(p95(await world.printEachHalfSecond('b', 240))).toBeLessThan(2 * ALONE_MS);
  });
});

it.each([1_000, 3_000])(
  'eight jobs at once of a new tenant end in two rounds beside %d of another',
  async (backlog) => {
    const world = createFairWorld(() => QUICK_MS);
    await world.print('a', backlog);
    await world.runFor(3_000);
    await world.print('b', 8);
    await world.untilDone(8, 'b');
    expect(Math.max(...waits(world.doneOf('b')))).toBeLessThan(3 * QUICK_MS);
  },
);

// Bars of the bench: 0.3 deferrals a job.
describe.each([700, 1_500])('bursts whose jobs take %d ms', (jobMs) => {
  it.each([
    [1, 1_000],
    [3, 200],
  ])('of %d tenants with %d jobs each are deferred at most 0.3 times a job', async (tenants, count) => {
    const world = createFairWorld(() => jobMs);
    const ids = Array.from({ length: tenants }, (_, n) => `t${n}`);
    for (const id of ids) await world.print(id, 1);
    await world.runFor(5_000);
    const startedAt = world.clock.now();
    for (let printed = 0; printed < count; printed += 20 / tenants) {
      for (const id of ids) await world.print(id, Math.min(count - printed, Math.round(20 / tenants)));
      await world.runFor(200);
    }
    await world.untilDone(tenants * (count + 1));
    expect(world.deferrals() / (tenants * count)).toBeLessThanOrEqual(0.3);
    expect(world.clock.now() - startedAt).toBeLessThan(1.15 * ((tenants * count) / PLACES) * jobMs + 2 * jobMs);
  });
});

describe('a tenant whose messages are deferred for some seconds each', () => {
  it.each([10_000, 30_000])(
    'throttled for %d ms, delays no other tenant and drains after its pause',
    async (pauseMs) => {
      let until = 0;
      const world = createFairWorld(() => QUICK_MS, {
        pauseMs: (tenantId, now) => (tenantId === 'a' ? Math.max(0, until - now) : 0),
      });
      await world.print('a', 1);
      await world.runFor(5_000);
      until = world.clock.now() + pauseMs;
      await world.print('a', 1_000);
      expect(p95(await world.printEachHalfSecond('b', 180))).toBeLessThan(2 * 800);
      await world.untilDone(1_001, 'a');
      // Messages after the pause have their turns 24 times a second. What is due without a worker that looks waits for the timer.
      expect(world.clock.now()).toBeLessThan(until + 2 * 60_000);
    },
  );

  // The platform counts hidden messages of the triggered queue (docs/scale.md).
  it.each(['notYet', 'outage'] as const)('%s: delays no other tenant, and adds few instances', async (reason) => {
    let fails = false;
    const world = createFairWorld((tenantId) => (tenantId === 'a' ? 400 : QUICK_MS), {
      failure: (tenantId) => (fails && tenantId === 'a' ? reason : undefined),
    });
    await world.print('a', 1);
    await world.untilDone(1);
    fails = true;
    await world.print('a', 3_000);
    expect(p95(await world.printEachHalfSecond('b', 240))).toBeLessThan(2 * 800);
    // 120 hidden ones, 16 that came at once and those in hand.
    expect(world.mostInstances()).toBeLessThanOrEqual(7);
  });
});

describe('a burst of more than its allowance beside the backlog of another tenant', () => {
  const burst = async (backlog: number) => {
    const world = createFairWorld(() => QUICK_MS);
    await world.print('a', 1);
    await world.print('b', 1);
    await world.runFor(5_000);
    await world.print('a', backlog);
    await world.runFor(500);
    world.resetOperations();
    const startedAt = world.clock.now();
    await world.print('b', 50);
    await world.untilDone(51, 'b');
    const idlePolls = (world.clock.now() - startedAt) / 100;
    return { world, longestMs: waits(world.doneOf('b')).at(-1) ?? 0, operations: world.operations() - idlePolls };
  };

  it.each([1_000, 3_000])(
    'of %d messages takes its share of the places, and not its turn behind them',
    async (backlog) => {
      const alone = await burst(0);
      const beside = await burst(backlog);
      // Half of the places, once the run has found it. In one order it takes 30 s and 85 s.
      expect(beside.longestMs).toBeLessThan(2 * alone.longestMs + 1_500);
      expect(beside.world.doneOf('a').length).toBeLessThan(backlog / 2);
    },
  );

  it('is not held up by a backlog of long jobs that Graph answers', async () => {
    const world = createFairWorld((tenantId) => (tenantId === 'a' ? 20_000 : QUICK_MS));
    await world.print('a', 1);
    await world.print('b', 1);
    await world.runFor(25_000);
    await world.print('a', 1_000);
    await world.runFor(5_000);
    await world.print('b', 50);
    await world.untilDone(51, 'b');
    expect(p95(waits(world.doneOf('b')))).toBeLessThan(10_000);
  });

  it('costs the backlog a part of a receive for each message that is passed over', async () => {
    const { operations, world } = await burst(3_000);
    const worked = world.doneOf('a').length + world.doneOf('b').length;
    // Each message that is worked on costs at most 5: send, receive, a longer lease, a deferral.
    expect(operations).toBeLessThan(5 * worked + 3 * (3_000 / 32));
  });

  it('slows the other tenant by no more than its own jobs', async () => {
    const { world } = await burst(1_000);
    await world.untilDone(1_001, 'a');
    expect(world.clock.now()).toBeLessThan(5_500 + 1.15 * (1_050 / PLACES) * QUICK_MS);
  });
});

it('bursts of several tenants together take as long as one burst of their jobs', async () => {
  const world = createFairWorld(() => QUICK_MS);
  for (const tenantId of ['a', 'b', 'c']) await world.print(tenantId, 200);
  await world.untilDone(600);
  expect(world.clock.now()).toBeLessThan(1.15 * (600 / PLACES) * QUICK_MS);
});

it('messages that lie in the triggered queue from before are worked on in all places', async () => {
  const world = createFairWorld(() => QUICK_MS);
  await world.printTriggered('a', 500);
  await world.untilDone(500);
  expect(world.doneOf('a')).toHaveLength(500);
  expect(world.clock.now()).toBeLessThan(1.3 * (500 / PLACES) * QUICK_MS);
});

it('two hosts take half the time of one', async () => {
  const time = async (hosts: number) => {
    const world = createFairWorld(() => QUICK_MS, { hosts });
    await world.print('a', 1_500);
    await world.untilDone(1_500);
    return world.clock.now();
  };
  expect((await time(1)) / (await time(2))).toBeGreaterThanOrEqual(1.8);
});

it('a thousand messages of a tenant that hangs are looked at a bounded number of times', async () => {
  const world = createFairWorld(() => 45_000);
  await world.print('hangs', 1_000);
  world.resetOperations();
  await world.runFor(60_000);
  const idlePolls = 60_000 / 100;
  expect((world.operations() - idlePolls) / 1_000).toBeLessThan(5);
});
