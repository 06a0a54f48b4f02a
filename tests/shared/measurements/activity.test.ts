import { createActivityMemory, readActivity } from '../../../shared/measurements/activity';
import { createLedger } from '../../../shared/jobs/ledger';
import type { JobReference } from '../../../shared/jobs/message';
import { createFakeClock } from '../../support/createFakeClock';
import { createMemoryTable } from '../../support/memoryTable';
import { DEFINITION, MINUTE, PRINTER, TENANT } from '../../support/createSubscriptionWorld';

const HOUR = 60 * MINUTE;
const NOON = Date.parse('2026-11-24T12:00:00Z');

function createActivityWorld() {
  const clock = createFakeClock(NOON);
  const ledger = createLedger(createMemoryTable(clock));
  const memory = createActivityMemory(clock);
  const listings: [from: number, before: number][] = [];
  const listSeen: typeof ledger.listSeen = (tenantId, range, onUnreadable) => {
    listings.push([(range.from - NOON) / HOUR, (range.before - NOON) / HOUR]);
    return ledger.listSeen(tenantId, range, onUnreadable);
  };
  return {
    clock,
    listings,
    read: () => readActivity({ ledger: { listSeen }, memory, now: clock.now() }, TENANT),
    setTo: (fromNoon: number) => clock.advance(NOON + fromNoon - clock.now()),
    /** A job event that was first seen so many milliseconds from noon. */
    async add(fromNoon: number, reference: JobReference) {
      this.setTo(fromNoon);
      await ledger.insert(reference, {
        ...{ status: 'done', phase: 'start', attempts: 1, foundBy: 'graph' },
        firstSeenAt: new Date(clock.now()).toISOString(),
      });
    },
  };
}
let made = 0;
const started = (place: { printerId?: string; jobId?: string } = { printerId: PRINTER, jobId: String(made) }) => {
  made += 1;
  return { kind: 'jobStarted' as const, tenantId: TENANT, definitionId: DEFINITION, taskId: `t${made}`, ...place };
};
const fetchable = (jobId: string, printerId = PRINTER) => ({
  kind: 'jobFetchable' as const,
  ...{ tenantId: TENANT, printerId, jobId },
});
const STARTED = `jobStarted_${DEFINITION}`;
const FETCHABLE = `jobFetchable_${PRINTER}`;

it('counts the jobs of each watch by hour, from the time that the table gave each row', async () => {
  const world = createActivityWorld();
  const WEEK = 7 * 24 * HOUR;
  await world.add(-2 * WEEK - 2 * HOUR, started());
  await world.add(-WEEK - 2 * HOUR, started());
  await world.add(-WEEK - 2 * HOUR + MINUTE, started());
  await world.add(-90 * MINUTE, fetchable('1'));
  world.setTo(6 * MINUTE);
  const { last, jobsOf } = await world.read();
  expect(last * HOUR).toBe(NOON - HOUR);
  const of = (hours: number, watch: string) => jobsOf((NOON + hours * HOUR) / HOUR, watch);
  expect([of(-2 * 168 - 2, STARTED), of(-168 - 2, STARTED), of(-2, STARTED)]).toEqual([1, 2, 0]);
  expect([of(-2, FETCHABLE), of(-3, FETCHABLE)]).toEqual([1, 0]);
});

it('a job since the last complete hour makes its watch busy', async () => {
  const world = createActivityWorld();
  await world.add(10 * MINUTE, started());
  world.setTo(59 * MINUTE);
  expect([...(await world.read()).busy]).toEqual([STARTED]);
});

it('the end of a job is no sign of its watch', async () => {
  const world = createActivityWorld();
  await world.add(10 * MINUTE, { ...fetchable('1'), kind: 'jobEnded' });
  const { busy, byPrinter } = await world.read();
  expect([busy.size, byPrinter.size]).toEqual([0, 0]);
});

it('reads complete hours once, and then what is new alone', async () => {
  const world = createActivityWorld();
  world.setTo(20 * MINUTE);
  await world.read();
  // Three days of 24 hours, and the time since noon.
  expect(world.listings).toEqual([
    [-360, -336],
    [-192, -168],
    [-24, 0],
    [0, expect.closeTo(25 / 60) as number],
  ]);
  world.clock.advance(5 * MINUTE);
  await world.read();
  expect(world.listings.slice(4)).toEqual([[0, expect.closeTo(30 / 60) as number]]);
  world.clock.advance(HOUR);
  await world.read();
  expect(world.listings.slice(5)).toEqual([
    [-336, -335],
    [-168, -167],
    [0, 1],
    [1, expect.closeTo(90 / 60) as number],
  ]);
});

describe('jobs of a printer in ten minutes', () => {
  it('are those of the last ten minutes, also across an hour and a day', async () => {
    const world = createActivityWorld();
    const midnight = 12 * HOUR;
    for (const minutes of [-11, -9, -1, 0]) await world.add(midnight + minutes * MINUTE, started());
    world.setTo(midnight);
    expect([...(await world.read()).byPrinter]).toEqual([[PRINTER, 3]]);
  });

  it('count a job with two events once, at its creation', async () => {
    const world = createActivityWorld();
    const other = '55555555-5555-5555-5555-555555555555';
    await world.add(0, started({ printerId: PRINTER, jobId: '1' }));
    await world.add(0, started({ printerId: PRINTER, jobId: '2' }));
    for (const jobId of ['1', '2', '3', '4']) await world.add(MINUTE, fetchable(jobId));
    await world.add(MINUTE, fetchable('1', other));
    const { byPrinter } = await world.read();
    expect(Object.fromEntries(byPrinter)).toEqual({ [PRINTER]: 2, [other]: 1 });
  });

  it('leave out a job whose printer is not known', async () => {
    const world = createActivityWorld();
    await world.add(0, started({}));
    expect((await world.read()).byPrinter.size).toBe(0);
  });
});
