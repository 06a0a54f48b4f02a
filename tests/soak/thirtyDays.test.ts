import { createSeededRandom } from '../../local/graphSimulator/seededRandom';
import type { WatchKey } from '../../shared/watches/watches';
import { startFlow, WORK_QUEUES, type Flow } from '../support/startFlow';
import { createCustomers, deleteOldRows, JOB_LISTED_MINUTES, printSome, takeSome } from './customers';
import { createJudge } from './judge';
import { decideOnSome, holdHours, storeSoakRules } from './heldJobs';
import { changeTrouble, createSchedule } from './trouble';
import { createVariantDraw } from './variants';

const HOUR_MS = 60 * 60_000;
/** A message that is deferred because its tenant uses its fair share is redelivered after five seconds at most. */
const DEFERRED_MS = 6_000;
/** Times in an hour. Messages that are still waiting then were deferred for minutes. */
const MOST_ROUNDS = 10;
/** Shares of notifications, and of subscriptions in an hour, that Graph loses without an error. */
const NOTIFICATIONS_LOST = 0.1;
const SUBSCRIPTIONS_LOST = 0.01;
/** Set and printed by scripts/test.mjs. */
const seed = Number(process.env['SOAK_SEED'] ?? 1);
const days = Number(process.env['SOAK_DAYS'] ?? 30);
/** Only for a run that hangs: a day takes some 15 seconds on two cores, and several times that beside other work. */
const LIMIT_MS = (2 + 1.5 * days) * 60_000;

/**
 * Days in steps of an hour, on a clock that is moved only while no function runs: a renewal run and a sweep each hour,
 * 100 watches of three customers, two of which have rules, and a Graph that loses, repeats, throttles and fails. Thirty days, or SOAK_DAYS. Six
 * days have each kind of trouble and each variant once.
 */
describe(`${days} days by the hour (SOAK_SEED=${seed})`, () => {
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
    'every job has its event once, no watch stays without a subscription, no task stays open, and every Retry-After is respected',
    async () => {
      const { control } = flow;
      const random = createSeededRandom(seed);
      const schedule = createSchedule(days, random);
      const drawVariants = createVariantDraw(random);
      const { customers, watches } = await createCustomers(flow);
      // The last customer has no rules.
      const ruled = customers.slice(0, -1);
      for (const customer of ruled) await storeSoakRules(flow, customer);
      const judge = createJudge(watches, (printerId) => holdHours(ruled, printerId));
      const startedAt = flow.clock.now();
      let printed = 0;
      let spentMs = 0;
      for (const [index, hour] of schedule.entries()) {
        flow.cloud.clock?.move(HOUR_MS - spentMs);
        spentMs = 0;
        if (index % 24 === 0) {
          const variants = drawVariants();
          await control.setVariants(variants);
          report(`day ${index / 24 + 1}: ${JSON.stringify(variants)}`);
          await deleteOldRows(flow, customers, flow.clock.now());
        }
        await changeTrouble(flow, schedule[index - 1], hour, random);
        printed += await printSome(control, customers, index % 24, random);
        const listed = await control.listedJobs();
        await takeSome(control, listed, random);
        await decideOnSome(flow, ruled, { openTasks: await control.openTasks(), listed }, judge.events, random);
        if (hour.app === 'up') {
          await flow.start(['renewSubscriptions', 'sweepJobs']);
          await flow.untilQuiet();
          // Both list tasks: side by side, a call may be on its way while its twin is answered with 429.
          await flow.start('recoverJobs');
          await flow.untilQuiet();
          spentMs = await redeliverDeferred();
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
      expect(await withoutOneSubscription(watches)).toEqual([]);
      // Otherwise the run has tested nothing.
      expect(printed).toBeGreaterThan(10 * days);
      expect([...judge.events].filter((id) => id.endsWith('/end')).length).toBeGreaterThan(0);
      expect(await lostByGraph()).toBeGreaterThan(0);
      const created = (await control.subscriptions()).filter(({ createdAt }) => createdAt > startedAt + HOUR_MS);
      expect(created.length).toBeGreaterThan(50);
    },
    LIMIT_MS,
  );

  /**
   * Moves the clock by seconds for as long as that lets messages be processed. Otherwise a message that was deferred for
   * seconds would wait until the next hour.
   *
   * @returns milliseconds by which the clock was moved
   */
  async function redeliverDeferred(): Promise<number> {
    let waiting = await countWaiting();
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      if (waiting === 0) return round * DEFERRED_MS;
      flow.cloud.clock?.move(DEFERRED_MS);
      await flow.untilQuiet();
      const before = waiting;
      waiting = await countWaiting();
      if (waiting === before) return (round + 1) * DEFERRED_MS;
    }
    return MOST_ROUNDS * DEFERRED_MS;
  }

  async function countWaiting(): Promise<number> {
    const lengths = await Promise.all(WORK_QUEUES.map((queue) => flow.queues.length(queue)));
    return lengths.reduce((sum, length) => sum + length, 0);
  }

  /** Watches that do not have exactly one subscription, the one on their row. */
  async function withoutOneSubscription(watches: readonly WatchKey[]): Promise<string[]> {
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

/** Prints the app's log lines about the failures, and about its last runs. */
function explain({ cloud }: Flow, failures: readonly string[]): void {
  // The tenant id is in too many lines.
  const ids = failures.flatMap((failure) => failure.match(/[0-9a-f]{8}-[0-9a-f-]{27}/g)?.slice(-1) ?? []);
  const lines = cloud.hosts.flatMap((host) => host.lines());
  const about = lines.filter((line) => ids.some((id) => line.includes(id))).slice(-60);
  const runs = lines.filter((line) => /jobs\.swept|subscriptions\.reconciled/.test(line)).slice(-8);
  for (const line of [...about, ...runs]) report(line);
}

function report(line: string): void {
  process.stderr.write(`soak: ${line}\n`);
}
