import fc from 'fast-check';
import { createSweepMemory } from '../../../shared/sweep/sweepMemory';
import { sweepAll } from '../../../shared/sweep/sweepAll';
import { graphError } from '../../support/createFakeGraph';
import { DEFINITION, TENANT } from '../../support/createSubscriptionWorld';
import { createSweepWorld } from '../../support/createSweepWorld';

const MINUTE = 60_000;
const DAY_MINUTES = 24 * 60;
const TASKS = `/print/taskDefinitions/${DEFINITION}/tasks`;
const jobsOf = (printer: string) => `/print/printers/${printer}/jobs`;

/** A customer with one definition and quiet printers, watched for two days, and the timer of one process. */
async function createFleet(printers: number, fields: { quietPrinterMinutes?: number } = {}) {
  const world = createSweepWorld();
  await world.addTenant();
  await world.tenants.update(TENANT, (row) => ({ ...row, ...fields }));
  world.putDefinition();
  await world.put({ kind: 'jobStarted', id: DEFINITION });
  const ids = Array.from({ length: printers }, (_, n) => `printer-${n}`);
  for (const id of ids) {
    world.putPrinter(id);
    await world.put({ kind: 'jobFetchable', id });
  }
  world.clock.advance(2 * DAY_MINUTES * MINUTE);
  let { deps } = world;
  const tick = async () => {
    const { tenants } = await sweepAll(deps, { dueOnly: true, runMs: 8 * MINUTE });
    return tenants;
  };
  return {
    ...world,
    ids,
    tick,
    /** One run a minute. */
    async minutes(count: number) {
      for (let n = 0; n < count; n += 1) {
        await tick();
        world.clock.advance(MINUTE);
      }
    },
    /** What Graph was asked since the last look. */
    asked: () => world.calls.splice(0).map(({ path }) => path),
    restart: () => (deps = { ...deps, memory: createSweepMemory(world.clock) }),
  };
}

const times = (paths: readonly string[], path: string) => paths.filter((one) => one === path).length;

it('lists everything once after a start, then each definition once in ten minutes and each quiet printer once an hour', async () => {
  const fleet = await createFleet(45);
  await fleet.minutes(1);
  const first = fleet.asked();
  for (const id of fleet.ids) expect(times(first, jobsOf(id))).toBe(1);
  await fleet.minutes(60);
  fleet.asked();
  await fleet.minutes(120);
  const asked = fleet.asked();
  expect(times(asked, TASKS)).toBe(12);
  for (const id of fleet.ids) expect(times(asked, jobsOf(id))).toBe(2);
  expect(asked).toHaveLength(12 * 2 + 45 * 2);
});

it('lists each printer that printed within a day once in any ten minutes', async () => {
  const fleet = await createFleet(30);
  for (const id of fleet.ids) fleet.putJob('1', 60, { isFetchable: false }, id);
  await fleet.minutes(3);
  fleet.asked();
  await fleet.minutes(7);
  for (let round = 0; round < 3; round += 1) {
    fleet.asked();
    await fleet.minutes(10);
    const asked = fleet.asked();
    for (const id of fleet.ids) expect(times(asked, jobsOf(id))).toBe(1);
    expect(times(asked, TASKS)).toBe(1);
  }
});

it('reads printers 20 in a request, after the definitions have shown that Graph answers', async () => {
  const fleet = await createFleet(50);
  await fleet.tick();
  expect(fleet.batches).toEqual([20, 20, 10]);
});

it.each([10, 30, 60])(
  'finds a lost job of a quiet printer within %d minutes, as the customer has chosen',
  async (bound) => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 14 }), fc.nat({ max: 130 }), async (printer, after) => {
        const fleet = await createFleet(15, { quietPrinterMinutes: bound });
        await fleet.minutes(after + 1);
        fleet.putJob('lost', 0, {}, `printer-${printer}`);
        let waited = 0;
        while (fleet.found().length === 0) {
          await fleet.minutes(1);
          waited += 1;
          expect(waited).toBeLessThanOrEqual(bound);
        }
      }),
      { numRuns: 15 },
    );
  },
);

it('finds a lost task within ten minutes, however quiet the printers are', async () => {
  const fleet = await createFleet(5);
  for (let n = 0; n < 12; n += 1) {
    await fleet.minutes(13);
    fleet.putTask(`lost-${n}`);
    await fleet.minutes(10);
    expect(fleet.found()).toContain(`jobStarted_${DEFINITION}_lost-${n}`);
  }
});

describe('a sign of trouble has every quiet printer looked at within ten minutes', () => {
  const quietFleet = async () => {
    const fleet = await createFleet(25);
    await fleet.minutes(75);
    fleet.asked();
    await fleet.minutes(10);
    // They are quiet: not even half of them was looked at.
    expect(fleet.asked().filter((path) => path.endsWith('/jobs')).length).toBeLessThan(12);
    return fleet;
  };
  const allOnce = (fleet: Awaited<ReturnType<typeof createFleet>>) => {
    const asked = fleet.asked();
    return fleet.ids.every((id) => times(asked, jobsOf(id)) === 1);
  };

  it('a restart', async () => {
    const fleet = await quietFleet();
    fleet.restart();
    await fleet.minutes(10);
    expect(allOnce(fleet)).toBe(true);
  });

  it('an outage of the timer', async () => {
    const fleet = await quietFleet();
    fleet.clock.advance(15 * MINUTE);
    await fleet.minutes(1);
    expect(allOnce(fleet)).toBe(true);
  });

  it('a customer that Graph throttles, for an hour', async () => {
    const fleet = await quietFleet();
    fleet.refuse(/jobs$/, graphError('throttled'), 1);
    await fleet.minutes(11);
    expect((await fleet.tenants.get(TENANT))?.troubleAt).toBeDefined();
    for (let round = 0; round < 4; round += 1) {
      fleet.asked();
      await fleet.minutes(10);
      expect(allOnce(fleet)).toBe(true);
    }
  });

  it('a request of the webhook, at once', async () => {
    const fleet = await quietFleet();
    await sweepAll(fleet.deps, { isTrouble: true });
    expect(allOnce(fleet)).toBe(true);
    await fleet.minutes(1);
    fleet.asked();
    await fleet.minutes(10);
    expect(allOnce(fleet)).toBe(true);
  });
});

it('lists no watched printer for its trigger alone', async () => {
  const fleet = await createFleet(20);
  for (const id of fleet.ids) fleet.putTask(`task-${id}`, { state: 'completed', printer: id, job: '1' });
  await fleet.minutes(1);
  fleet.asked();
  await fleet.minutes(DAY_MINUTES);
  const asked = fleet.asked();
  for (const id of fleet.ids) expect(times(asked, jobsOf(id))).toBe(24);
});

it('keeps what later runs have covered when a long run ends', async () => {
  const fleet = await createFleet(5);
  const sweptAt = async () => (await fleet.tenants.get(TENANT))?.sweptAt;
  // The timer runs five minutes after the long run has begun, and before it ends.
  const long = {
    ...fleet.deps,
    callBatch: async (...batch: Parameters<typeof fleet.deps.callBatch>) => {
      fleet.clock.advance(5 * MINUTE);
      await fleet.tick();
      return fleet.deps.callBatch(...batch);
    },
  };
  const later = new Date(fleet.clock.now() + 5 * MINUTE).toISOString();
  await sweepAll(long);
  expect(await sweptAt()).toBe(later);
});

it('repeats the minutes of a run that Graph throttled with the next run', async () => {
  const fleet = await createFleet(30);
  for (const id of fleet.ids) fleet.putJob('1', 60, { isFetchable: false }, id);
  await fleet.minutes(10);
  fleet.asked();
  fleet.refuse(/./, graphError('throttled'));
  await fleet.minutes(3);
  fleet.clearRefusals();
  fleet.asked();
  await fleet.minutes(7);
  const asked = fleet.asked();
  for (const id of fleet.ids) expect(times(asked, jobsOf(id))).toBe(1);
});

it('counts the jobs that Graph lost over all printers, although each run sees a tenth of them', async () => {
  const fleet = await createFleet(12);
  for (const id of fleet.ids) {
    fleet.putJob('1', 60, {}, id);
    await fleet.putRow(
      { kind: 'jobFetchable', tenantId: TENANT, printerId: id, jobId: '1' },
      { foundBy: 'sweep', firstSeenAt: new Date(fleet.clock.now() - 60 * MINUTE).toISOString() },
    );
  }
  await fleet.minutes(25);
  expect((await fleet.tenants.get(TENANT))?.lostByGraph).toBe(12);
});

describe('a printer that cannot be listed', () => {
  it('fails alone in its batch, and counts as busy', async () => {
    const fleet = await createFleet(30);
    fleet.refuse(/printer-7\/jobs/, graphError('notFound'));
    const [result] = await fleet.tick();
    expect(result).toMatchObject({ outcome: 'swept', failures: [{ of: 'jobFetchable_printer-7' }] });
    fleet.clock.advance(MINUTE);
    fleet.asked();
    await fleet.minutes(10);
    expect(times(fleet.asked(), jobsOf('printer-7'))).toBe(1);
  });

  it('and does not answer, costs its batch a call for each printer, and not their listing', async () => {
    const fleet = await createFleet(10);
    const outage = graphError('unavailable');
    const callBatch = (_tenantId: string, parts: readonly unknown[]) =>
      Promise.resolve(parts.map(() => ({ error: outage })));
    fleet.refuse(/printer-7\/jobs/, outage);
    const { tenants } = await sweepAll({ ...fleet.deps, callBatch }, { dueOnly: true });
    expect(tenants).toMatchObject([{ outcome: 'swept', listings: 12, failures: [{ of: 'jobFetchable_printer-7' }] }]);
  });
});
