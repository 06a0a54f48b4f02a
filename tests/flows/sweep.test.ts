import { ledgerKey, type JobReference } from '../../shared/jobs/message';
import { eventually } from '../support/eventually';
import { startFlow, type Customer, type Flow } from '../support/startFlow';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/**
 * Printed while the receiver is out, by all customers together, as an outage hits them all; a worker has only so many
 * places for each of them (MOST_OF_ONE_TENANT).
 */
const MISSED_JOBS = 500;
const CUSTOMERS = 10;
/** They are printed in so many parts, six minutes apart. */
const PARTS = 5;

/** What the sweep finds of the jobs that Graph does not tell of, through the built app, on a clock that is moved. */
describe('the sweep through the built app', () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow({ clock: true });
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  const sweep = () => flow.runNow('sweepJobs');
  /** A run that has sent its event and not recorded it would lose its message and its claim. */
  const moveClock = async (ms: number) => {
    await flow.untilQuiet();
    flow.cloud.clock?.move(ms);
  };
  const eventsOf = async ({ tenantId }: Customer) => (await flow.events()).filter(({ id }) => id.startsWith(tenantId));
  const untilEventsOf = (customer: Customer, count: number) =>
    eventually(
      `${count} events of the customer`,
      async () => {
        const events = await eventsOf(customer);
        return events.length >= count ? events : undefined;
      },
      60_000,
    );
  const openTasksOf = async ({ tenantId }: Customer) => {
    const tenant = (await flow.control.state()).tenants.find((one) => one.tenantId === tenantId);
    const tasks = (tenant?.jobs ?? []).flatMap((job) => job.tasks);
    return tasks.filter(({ state }) => state === 'pending' || state === 'processing').length;
  };
  const untilNoTaskIsOpen = (customer: Customer) =>
    eventually('no open task', async () => ((await openTasksOf(customer)) === 0 ? true : undefined));
  /** Graph tells nobody of what is printed meanwhile. */
  const unheard = async <T>(print: () => Promise<T>): Promise<T> => {
    await flow.control.setDelivery({ lossRate: 1 });
    try {
      const printed = await print();
      await flow.control.idle();
      return printed;
    } finally {
      await flow.control.setDelivery({ lossRate: 0 });
    }
  };

  it(`finds all ${MISSED_JOBS} jobs of 30 minutes in which the receiver was out, each once`, async () => {
    const held = [await flow.onboard(['jobStarted', 'jobFetchable'])];
    while (held.length < CUSTOMERS / 2) held.push(await flow.onboard(['jobStarted']));
    const ready: Customer[] = [];
    while (ready.length < CUSTOMERS / 2) ready.push(await flow.onboard(['jobFetchable'], { trigger: false }));
    const customers = [...held, ...ready];
    const ofEach = MISSED_JOBS / CUSTOMERS;
    await flow.cloud.hosts[0]?.kill();
    await unheard(async () => {
      for (let part = 0; part < PARTS; part += 1) {
        for (const { tenantId, printerId } of customers) {
          await flow.control.print(tenantId, { printerId, count: ofEach / PARTS });
        }
        flow.cloud.clock?.move((30 * MINUTE) / PARTS);
      }
    });
    expect(await flow.control.openTasks()).toHaveLength(held.length * ofEach);
    await flow.cloud.restartHost();
    await sweep();
    // The release of the first customer's jobs made them fetchable, which Graph tells of again.
    const expected = MISSED_JOBS + ofEach;
    await flow.untilEvents(expected, 90_000);
    expect(await flow.control.openTasks()).toEqual([]);
    await flow.untilQuiet();
    await sweep();
    await flow.untilQuiet();
    const events = await flow.events();
    expect(events).toHaveLength(expected);
    expect(new Set(events.map(({ id }) => id)).size).toBe(expected);
  }, 150_000);

  it('finds jobs that became fetchable unheard, and counts them as lost by Graph on the tenant', async () => {
    const customer = await flow.onboard(['jobFetchable'], { trigger: false });
    const { tenantId, printerId } = customer;
    await unheard(() => flow.control.print(tenantId, { printerId, count: 3 }));
    await sweep();
    await untilEventsOf(customer, 3);
    await moveClock(16 * MINUTE);
    await sweep();
    const tenant = await (await flow.services.tenants()).get(tenantId);
    expect(tenant).toMatchObject({ lostByGraph: 3, sweptAt: expect.any(String) as string });
    expect(await eventsOf(customer)).toHaveLength(3);
  }, 60_000);

  it('sends the end of each fetchable job once, and none before the customer wants it', async () => {
    const customer = await flow.onboard(['jobFetchable'], { trigger: false });
    const { tenantId, printerId } = customer;
    const printed = await flow.control.print(tenantId, { printerId, count: 3 });
    await untilEventsOf(customer, 3);
    const [first = '', second = '', third = ''] = printed.map(({ jobId }) => jobId);
    await flow.control.actOnJob(tenantId, printerId, first, 'complete');
    await flow.control.actOnJob(tenantId, printerId, second, 'abort');
    await flow.control.actOnJob(tenantId, printerId, third, 'cancel');
    await sweep();
    await flow.untilQuiet();
    expect(await eventsOf(customer)).toHaveLength(3);
    await (await flow.services.tenants()).update(tenantId, (row) => ({ ...row, completionEvents: 'on' }));
    await sweep();
    const events = await untilEventsOf(customer, 6);
    const ends = events.filter(({ type }) => type === 'print.job.ended');
    expect(ends.map(({ id, data }) => [id.split('/').slice(1).join('/'), data['outcome']]).sort()).toEqual(
      [
        [`jobFetchable_${printerId}_${first}/end`, 'completed'],
        [`jobFetchable_${printerId}_${second}/end`, 'failed'],
        [`jobFetchable_${printerId}_${third}/end`, 'canceled'],
      ].sort(),
    );
    await moveClock(4 * 60 * MINUTE);
    await sweep();
    await flow.untilQuiet();
    expect(await eventsOf(customer)).toHaveLength(6);
  }, 60_000);

  it('a new watch replays no history', async () => {
    const customer = await flow.onboard([], { trigger: false });
    const { tenantId, printerId } = customer;
    await flow.control.print(tenantId, { printerId, count: 2 });
    // Jobs of the last 15 minutes count: the clocks of Graph and of the operator may differ by as much.
    flow.cloud.clock?.move(16 * MINUTE);
    await flow.watch({ tenantId, kind: 'jobFetchable', id: printerId });
    await sweep();
    await unheard(() => flow.control.print(tenantId, { printerId }));
    await sweep();
    await untilEventsOf(customer, 1);
    await flow.untilQuiet();
    expect(await eventsOf(customer)).toHaveLength(1);
  }, 60_000);

  it('releases the task of an unwatched definition, without an event', async () => {
    const customer = await flow.onboard([]);
    await flow.control.print(customer.tenantId, { printerId: customer.printerId });
    expect(await openTasksOf(customer)).toBe(1);
    await sweep();
    await untilNoTaskIsOpen(customer);
    expect(await eventsOf(customer)).toHaveLength(0);
  }, 60_000);

  it('does not bring back a job whose ledger row was deleted past retention', async () => {
    const customer = await flow.onboard(['jobFetchable'], { trigger: false });
    const { tenantId, printerId } = customer;
    const [job] = await flow.control.print(tenantId, { printerId });
    await untilEventsOf(customer, 1);
    const reference: JobReference = { kind: 'jobFetchable', tenantId, printerId, jobId: job?.jobId ?? '' };
    await moveClock(31 * DAY);
    await flow.untilQuiet();
    const ledger = await flow.services.ledger();
    await ledger.remove(ledgerKey(reference));
    await sweep();
    await flow.untilQuiet();
    expect(await ledger.get(ledgerKey(reference))).toBeUndefined();
    expect(await eventsOf(customer)).toHaveLength(1);
  }, 60_000);
});
