import { createSeededRandom } from '../../local/graphSimulator/seededRandom';
import { listLedgerRows } from '../../shared/jobs/listLedgerRows';
import { startFlow, type Flow } from '../support/startFlow';
import { createCustomers, JOB_LISTED_MINUTES, RETENTION_DAYS, type SoakCustomer } from './createCustomers';
import { createJudge } from './createJudge';
import { createSchedule, type Hour } from './schedule';
import { variantsOfDay } from './variantsOfDay';

const HOUR_MS = 60 * 60_000;
const MOST_JOBS_AN_HOUR = 6;
/** Shares of notifications and of subscriptions that Graph loses without a word. */
const NOTIFICATIONS_LOST = 0.1;
const SUBSCRIPTIONS_LOST_AN_HOUR = 0.01;

/** Overrides host.json (documentation page functions-host-json): an idle queue is looked at more often, for time is short. */
const QUICK_POLLING = { AzureFunctionsJobHost__extensions__queues__maxPollingInterval: '00:00:00.100' };

const seed = Number(process.env['SOAK_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** Thirty days, an hour a step: each step is one run of the renewal and one of the sweep, on a clock that is moved. */
it(`thirty days by the hour, with losses, faults and outages (SOAK_SEED=${seed})`, async () => {
  const random = createSeededRandom(seed);
  const schedule = createSchedule(random);
  const flow = await startFlow({ clock: true, seed, settings: QUICK_POLLING });
  const took = new Map<string, number>();
  const timed = async (name: string, work: Promise<unknown>) => {
    const t = performance.now();
    await work;
    took.set(name, (took.get(name) ?? 0) + performance.now() - t);
  };
  try {
    await flow.control.setVariants({
      throttlingClock: 'date',
      jobKeptMinutes: JOB_LISTED_MINUTES,
      subscriptionLossPerHour: SUBSCRIPTIONS_LOST_AN_HOUR,
    });
    await flow.control.setDelivery({ lossRate: NOTIFICATIONS_LOST, duplicateRate: 0.05, reorder: true });
    const { customers, watches } = await createCustomers(flow);
    const judge = createJudge(watches);
    let printed = 0;
    const started = performance.now();
    for (const [index, hour] of schedule.entries()) {
      const s = performance.now();
      flow.cloud.clock?.move(HOUR_MS);
      if (index % 24 === 0) {
        await flow.control.setVariants(variantsOfDay(random));
        await forgetOldRows(flow, customers);
      }
      await changeTrouble(flow, schedule[index - 1], hour, random);
      printed += await printSome(flow, customers, random);
      const listed = await flow.control.listedJobs();
      if (hour.app === 'up') {
        await timed('renew', flow.runNow(['renewSubscriptions', 'sweepJobs']));
      }
      await timed(
        'take',
        flow.takeEvents().then((e) => judge.takeEvents(e)),
      );
      judge.endOfHour({
        hour,
        listed,
        openTasks: await flow.control.openTasks(),
        subscriptions: await flow.control.subscriptions(),
      });
      const ms = performance.now() - s;
      took.set(JSON.stringify(hour), (took.get(JSON.stringify(hour)) ?? 0) + ms);
      if (index % 24 === 23)
        process.stderr.write(
          `day ${(index + 1) / 24}: ${((performance.now() - started) / 1000).toFixed(0)} s, ${printed} jobs, ${judge.events.size} events; ${[...took].map(([n, v]) => `${n} ${Math.round(v)}`).join(', ')}\n`,
        );
      expect(judge.failures).toEqual([]);
    }
    expect(await flow.control.violations()).toEqual([]);
    expect(await flow.queues.length('print-notifications-poison')).toBe(0);
    expect(await flow.queues.length('subscription-events-poison')).toBe(0);
    expect(printed).toBeGreaterThan(1_000);
  } finally {
    await flow.stop();
  }
}, 600_000);

async function changeTrouble(
  { cloud, control }: Flow,
  before: Hour | undefined,
  hour: Hour,
  random: () => number,
): Promise<void> {
  if (hour.graph !== (before?.graph ?? 'up')) {
    if (hour.graph === 'up') await control.endOutage();
    else
      await control.startOutage({ tokens: random() < 0.5, notifications: random() < 0.5 ? 'late' : 'lost' });
  }
  if (hour.app !== (before?.app ?? 'up')) {
    if (hour.app === 'up') await cloud.restartHost();
    else await cloud.hosts[0]?.kill();
  }
  if (hour.faults === (before?.faults ?? false)) return;
  await control.clearFaults();
  if (!hour.faults) return;
  // 20 % in all: the first rule that acts wins.
  const always = { count: -1 } as const;
  await control.addFault({
    ...always,
    rate: 0.02,
    action: { type: 'status', status: 429, retryAfterSeconds: 120 },
  });
  await control.addFault({
    ...always,
    rate: 0.06,
    action: { type: 'status', status: 429, retryAfterSeconds: 0.5, retryAfterMaxSeconds: 3 },
  });
  await control.addFault({ ...always, rate: 0.13, action: { type: 'status', status: 503 } });
}

/** Jobs on printers of all customers; some become visible only later, as the documentation warns. */
async function printSome(
  flow: Flow,
  customers: readonly SoakCustomer[],
  random: () => number,
): Promise<number> {
  const count = Math.floor(random() * (MOST_JOBS_AN_HOUR + 1));
  for (let n = 0; n < count; n += 1) {
    const { tenantId, printerIds } = customers[Math.floor(random() * customers.length)]!;
    const printerId = printerIds[Math.floor(random() * printerIds.length)]!;
    await flow.control.print(tenantId, { printerId });
  }
  return count;
}

/** What the ledger's retention will delete: rows of jobs that no sweep can see any more. */
async function forgetOldRows(flow: Flow, customers: readonly SoakCustomer[]): Promise<void> {
  const ledger = await flow.services.ledger();
  const before = Date.now() + (flow.cloud.clock?.offset() ?? 0) - RETENTION_DAYS * 24 * HOUR_MS;
  for (const { tenantId } of customers) {
    for await (const { rowKey, row } of listLedgerRows(ledger, tenantId, {
      rowKeyPrefix: '',
      onUnreadable: () => undefined,
    })) {
      if (row === undefined || Date.parse(row.firstSeenAt) > before) continue;
      const stored = await ledger.get(tenantId, rowKey);
      if (stored) await ledger.remove(tenantId, rowKey, stored.etag);
    }
  }
}
