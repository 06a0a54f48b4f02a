import { runCliCommand } from '../../local/processes';
import { newWatch } from '../../shared/watches/watches';
import { eventually } from '../support/eventually';
import { ROOT, startFlow, type Customer, type Flow } from '../support/startFlow';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const PRINTERS = 100;

/** The timer of the built app, minute by minute, over a fleet that prints nothing for a day. */
describe('the sweep of a fleet', () => {
  let flow: Flow;
  let customer: Customer;
  let printers: string[];

  /** One run of the timer, half a minute into the next minute. */
  const tick = async () => {
    const now = flow.clock.now();
    flow.cloud.clock?.move(MINUTE - (now % MINUTE) + MINUTE / 2);
    await flow.start('sweepJobs');
    await flow.cloud.hosts[0]?.waitUntilIdle(60_000);
  };
  const ticks = async (count: number) => {
    await flow.control.clearCalls();
    for (let n = 0; n < count; n += 1) await tick();
    return flow.control.calls();
  };
  const listedIn = (calls: Awaited<ReturnType<typeof ticks>>) => {
    const times = new Map<string, number>();
    for (const { path } of calls) {
      const id = /printers\/([^/]+)\/jobs$/.exec(path)?.[1];
      if (id !== undefined) times.set(id, (times.get(id) ?? 0) + 1);
    }
    return times;
  };
  const expectEachOnce = (calls: Awaited<ReturnType<typeof ticks>>) => {
    const times = listedIn(calls);
    expect(printers.filter((id) => times.get(id) !== 1)).toEqual([]);
  };
  const command = async (...argv: string[]) => {
    await runCliCommand(ROOT, flow.cloud.environment, argv);
  };
  const isFound = async (printerId: string) =>
    (await flow.events()).some(({ data }) => data['printerId'] === printerId);
  /** Graph sends no notification of this job. */
  const printUnheard = async (printerId: string) => {
    await flow.control.setDelivery({ lossRate: 1 });
    await flow.control.print(customer.tenantId, { printerId });
    await flow.control.idle();
    await flow.control.setDelivery({ lossRate: 0 });
  };

  beforeAll(async () => {
    flow = await startFlow({ clock: true });
    customer = await flow.onboard(['jobStarted'], { trigger: false });
    const { tenantId } = customer;
    printers = await flow.control.createFleet(tenantId, { count: PRINTERS });
    const watches = await flow.services.watches();
    const since = new Date(flow.clock.now()).toISOString();
    for (const id of printers) await watches.add(newWatch({ tenantId, kind: 'jobFetchable', id, since }));
    flow.cloud.clock?.move(2 * DAY);
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  it('lists all printers after a start, in batches of 20', async () => {
    const calls = await ticks(1);
    expectEachOnce(calls);
    const singles = calls.filter(({ path, batch }) => path.endsWith('/jobs') && batch === undefined);
    expect(singles.length).toBeLessThanOrEqual(1);
    const batches = new Set(calls.flatMap(({ batch }) => batch ?? []));
    expect(batches.size).toBeLessThanOrEqual(PRINTERS / 20 + 1);
  }, 60_000);

  it('lists each definition once in ten minutes, and each quiet printer once in the hour', async () => {
    await ticks(10);
    const hour = await ticks(60);
    expectEachOnce(hour);
    expect(hour.filter(({ path }) => path.endsWith('/tasks'))).toHaveLength(6);
  }, 120_000);

  it('finds the lost jobs of a quiet printer within the time that the customer has chosen', async () => {
    await command('tenants', 'set', customer.tenantId, '--quiet-printers', '20');
    for (const printer of printers.slice(0, 3)) {
      await printUnheard(printer);
      await ticks(20);
      await eventually('the event of the lost job', async () => ((await isFound(printer)) ? true : undefined));
    }
  }, 120_000);

  it('lists a printer that printed within a day in each round', async () => {
    const [busy = ''] = printers;
    await ticks(10);
    expect(listedIn(await ticks(10)).get(busy)).toBe(1);
    expect(listedIn(await ticks(10)).get(busy)).toBe(1);
  }, 60_000);

  it('lists every printer in the round after a restart', async () => {
    await command('tenants', 'set', customer.tenantId, '--quiet-printers', '60');
    expect(listedIn(await ticks(10)).size).toBeLessThan(PRINTERS / 2);
    await flow.cloud.hosts[0]?.kill();
    await flow.cloud.restartHost();
    expectEachOnce(await ticks(10));
    expect(listedIn(await ticks(10)).size).toBeLessThan(PRINTERS / 2);
  }, 120_000);

  it('sweeps everything at once on request, also twice within a minute', async () => {
    for (let n = 0; n < 2; n += 1) {
      await flow.control.clearCalls();
      await command('jobs', 'sweep');
      expectEachOnce(await flow.control.calls());
    }
  }, 120_000);
});
