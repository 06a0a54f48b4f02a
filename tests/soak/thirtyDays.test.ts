import { createSeededRandom } from '../../local/graphSimulator/seededRandom';
import type { WatchKey } from '../../shared/watches/watches';
import { startFlow, WORK_QUEUES, type Flow } from '../support/startFlow';
import { changeTrouble } from './changeTrouble';
import { createCustomers, JOB_LISTED_MINUTES } from './createCustomers';
import { createJudge } from './createJudge';
import { forgetOldRows } from './forgetOldRows';
import { createSchedule } from './schedule';
import { printSome, takeSome } from './usePrinters';
import { variantsOfDay } from './variantsOfDay';

const HOUR_MS = 60 * 60_000;
/** What is put back because its tenant had all its places taken comes again after some seconds, five at most. */
const PUT_BACK_MS = 6_000;
/** So many times in an hour: what then still waits was put back for minutes. */
const MOST_ROUNDS = 10;
/** Shares of notifications, and of subscriptions in an hour, that Graph loses without a word. */
const NOTIFICATIONS_LOST = 0.1;
const SUBSCRIPTIONS_LOST = 0.01;
/** A bound on what hangs: it takes some seven minutes on two cores, and is meant to stay under eight. */
const LIMIT_MS = 12 * 60_000;
/** scripts/test.mjs gives one, and prints it. */
const seed = Number(process.env['SOAK_SEED'] ?? 1);

/**
 * Thirty days in steps of an hour, on a clock that is moved only while no function runs: a renewal run and a sweep each
 * hour, 100 watches of three customers, and Graph as it can be.
 */
describe(`thirty days by the hour (SOAK_SEED=${seed})`, () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow({ clock: true, seed });
    await flow.control.setVariants({
      throttlingClock: 'date',
      jobKeptMinutes: JOB_LISTED_MINUTES,
      subscriptionLossPerHour: SUBSCRIPTIONS_LOST,
    });
    await flow.control.setDelivery({ lossRate: NOTIFICATIONS_LOST, duplicateRate: 0.05, reorder: true });
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  it(
    'every job has its event once, no subscription stays away, no task stays open, and no Retry-After is cut short',
    async () => {
      const { control } = flow;
      const random = createSeededRandom(seed);
      const schedule = createSchedule(random);
      const { customers, watches } = await createCustomers(flow);
      const judge = createJudge(watches);
      const startedAt = flow.clock.now();
      let printed = 0;
      let spentMs = 0;
      for (const [index, hour] of schedule.entries()) {
        flow.cloud.clock?.move(HOUR_MS - spentMs);
        spentMs = 0;
        if (index % 24 === 0) {
          const variants = variantsOfDay(random);
          await control.setVariants(variants);
          report(`day ${index / 24 + 1}: ${JSON.stringify(variants)}`);
          await forgetOldRows(flow, customers, flow.clock.now());
        }
        await changeTrouble(flow, schedule[index - 1], hour, random);
        printed += await printSome(control, customers, index % 24, random);
        const listed = await control.listedJobs();
        await takeSome(control, listed, random);
        if (hour.app === 'up') {
          await flow.start(['renewSubscriptions', 'sweepJobs']);
          await flow.untilQuiet();
          spentMs = await letPutBackComeAgain();
        }
        judge.takeEvents(await flow.takeEvents());
        const [openTasks, subscriptions] = await Promise.all([control.openTasks(), control.subscriptions()]);
        judge.endOfHour({ hour, listed, openTasks, subscriptions });
        if (judge.failures.length > 0) explain(flow, judge.failures);
        expect(judge.failures).toEqual([]);
        if (index % 24 === 23) {
          report(`so far ${printed} jobs, ${judge.events.size} events, ${Math.round(process.uptime())} s`);
        }
      }

      expect(await control.violations()).toEqual([]);
      for (const queue of WORK_QUEUES.map((name) => `${name}-poison`))
        expect([queue, await flow.queues.length(queue)]).toEqual([queue, 0]);
      expect(await notServedByOne(watches)).toEqual([]);
      // Otherwise nothing of this was put to the test.
      expect(printed).toBeGreaterThan(300);
      expect(await lostByGraph()).toBeGreaterThan(0);
      const made = (await control.subscriptions()).filter(({ createdAt }) => createdAt > startedAt + HOUR_MS);
      expect(made.length).toBeGreaterThan(50);
    },
    LIMIT_MS,
  );

  /**
   * Moves the clock by seconds while that lets some message be done: otherwise the seconds for which a message was put
   * back would last until the next hour, and again until the one after it.
   *
   * @returns milliseconds by which the clock was moved
   */
  async function letPutBackComeAgain(): Promise<number> {
    let waiting = await countWaiting();
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      if (waiting === 0) return round * PUT_BACK_MS;
      flow.cloud.clock?.move(PUT_BACK_MS);
      await flow.untilQuiet();
      const before = waiting;
      waiting = await countWaiting();
      if (waiting === before) return (round + 1) * PUT_BACK_MS;
    }
    return MOST_ROUNDS * PUT_BACK_MS;
  }

  async function countWaiting(): Promise<number> {
    const lengths = await Promise.all(WORK_QUEUES.map((queue) => flow.queues.length(queue)));
    return lengths.reduce((sum, length) => sum + length, 0);
  }

  /** Watches that have another number of subscriptions than one, or one that is not on their row. */
  async function notServedByOne(watches: readonly WatchKey[]): Promise<string[]> {
    const live = await flow.control.subscriptions();
    const rows = await flow.services.watches();
    const wrong: string[] = [];
    for (const key of watches) {
      const ids = live.filter((one) => one.tenantId === key.tenantId && one.resource.includes(key.id));
      const row = await rows.get(key);
      if (ids.length !== 1 || ids[0]?.id !== row?.watch.subscriptionId) wrong.push(`${key.kind}_${key.id}`);
    }
    return wrong;
  }

  async function lostByGraph(): Promise<number> {
    let lost = 0;
    for await (const tenant of (await flow.services.tenants()).list()) lost += tenant.lostByGraph ?? 0;
    return lost;
  }
});

/** The app's own words about what failed, and about its last runs. */
function explain({ cloud }: Flow, failures: readonly string[]): void {
  // The tenant is in too many lines to tell anything.
  const ids = failures.flatMap((failure) => failure.match(/[0-9a-f]{8}-[0-9a-f-]{27}/g)?.slice(-1) ?? []);
  const lines = cloud.hosts.flatMap((host) => host.lines());
  const about = lines.filter((line) => ids.some((id) => line.includes(id))).slice(-60);
  const runs = lines.filter((line) => /jobs\.swept|subscriptions\.reconciled/.test(line)).slice(-8);
  for (const line of [...about, ...runs]) report(line);
}

function report(line: string): void {
  process.stderr.write(`soak: ${line}\n`);
}
