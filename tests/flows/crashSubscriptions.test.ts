import { TableClient } from '@azure/data-tables';
import { armDeath, requireProxy } from '../support/armDeath';
import { deriveCrashPoints, isUpkeepCall, nameCrashPoint, type CrashPoint } from '../support/crashPoints';
import { findBrokenPromises, isEventUnrecorded } from '../support/findBrokenPromises';
import { startFlow, type Flow } from '../support/startFlow';
import { PAST_LEASES_MS, untilQueueEmpty } from '../support/untilQueueEmpty';
import { UPKEEP, type Prepared, type UpkeepScenario } from '../support/upkeepScenarios';

const QUEUES = ['print-notifications', 'subscription-events'];
const MORE_THAN_A_DAY_MS = 25 * 60 * 60_000;

/**
 * Kills the host with SIGKILL before and after the effect of every call that looking after subscriptions and sweeping
 * make to Graph and of every write to storage, as a clean run shows them, and starts it again. Two more runs of the
 * timers, past all leases, must leave everything as if nothing had happened.
 */
describe('a host that dies while it', () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow({ proxy: true, clock: true });
    // The first subscription of a deployment also writes the record of its keys.
    await forget(await flow.onboard(['jobFetchable'], { trigger: false }));
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  const settle = () => untilQueueEmpty(flow, QUEUES);

  /** The timers look at every customer in the table: each point has it for itself. */
  const forget = async ({ tenantId }: Pick<Prepared, 'tenantId'>) => {
    const options = { allowInsecureConnection: true };
    const tenants = TableClient.fromConnectionString(flow.cloud.connectionString, 'Tenants', options);
    await tenants.deleteEntity('tenant', tenantId);
  };

  const recordCleanRun = async (scenario: UpkeepScenario) => {
    const prepared = await scenario.prepare(flow);
    const mark = requireProxy(flow).mark();
    await scenario.run(flow, prepared);
    await settle();
    const all = requireProxy(flow).calls({ since: mark });
    const calls = all.filter(isUpkeepCall);
    expect(await findBrokenPromises(flow, prepared)).toEqual([]);
    // Otherwise every point could repeat an event.
    expect(isEventUnrecorded(all)).toBe(false);
    await forget(prepared);
    return calls;
  };

  /** What is broken after the timers have run once and, if that was not enough, twice. */
  const recover = async (prepared: Prepared, mayRepeat: boolean) => {
    let broken: string[] = [];
    for (const _run of ['first', 'second']) {
      flow.cloud.clock?.move(PAST_LEASES_MS);
      await flow.runNow('renewSubscriptions');
      await flow.runNow('sweepJobs');
      await settle();
      broken = await findBrokenPromises(flow, prepared, mayRepeat);
      if (broken.length === 0) return broken;
    }
    return broken;
  };

  const dieAt = async (scenario: UpkeepScenario, point: CrashPoint) => {
    const prepared = await scenario.prepare(flow);
    const proxy = requireProxy(flow);
    const mark = proxy.mark();
    const die = armDeath(flow, point, isUpkeepCall);
    let mayRepeat = false;
    await scenario.run(flow, prepared, async () => {
      await die();
      mayRepeat = isEventUnrecorded(proxy.calls({ since: mark }));
    });
    return { prepared, broken: await recover(prepared, mayRepeat) };
  };

  it.each([
    { scenario: UPKEEP.create, calls: 'hold, POST, save' },
    { scenario: UPKEEP.extend, calls: 'batch, save' },
    { scenario: UPKEEP.recreate, calls: 'batch, forget, hold, POST, save, listing, send, trouble' },
    { scenario: UPKEEP.replace, calls: 'hold, DELETE, hold, POST, save, listing, send, trouble' },
    { scenario: UPKEEP.remove, calls: 'batch, delete' },
    // The definitions, the tasks of one, and the jobs of the watched printer.
    { scenario: UPKEEP.sweep, calls: 'listing, listing, send, listing, send, tenant' },
    { scenario: UPKEEP.lifecycle, calls: 'webhook send, PATCH, hold, POST, save, listing, send, trouble, delete' },
  ])(
    '$scenario.name',
    async ({ scenario, calls }) => {
      const points = deriveCrashPoints(await recordCleanRun(scenario));
      expect(points).toHaveLength(2 * calls.split(', ').length);
      const failures: string[] = [];
      for (const point of points) {
        const { prepared, broken } = await dieAt(scenario, point);
        failures.push(...broken.map((promise) => `${nameCrashPoint(point)}: ${promise}`));
        await forget(prepared);
      }
      expect(failures).toEqual([]);
    },
    300_000,
  );

  it('creates, where Graph enforces no 409, leaves an orphan that goes with the second daily listing', async () => {
    await flow.control.setVariants({ enforce409: false });
    const point = {
      effect: 'graph.POST /v1.0/subscriptions',
      resource: undefined,
      nth: 1,
      when: 'after',
    } as const;
    const all: Prepared[] = [];
    for (const scenario of [UPKEEP.create, UPKEEP.recreate, UPKEEP.replace]) {
      const { prepared, broken } = await dieAt(scenario, point);
      expect(broken).toEqual(['2 live subscriptions for 1 watches']);
      all.push(prepared);
    }
    for (const _listing of ['first', 'second']) {
      flow.cloud.clock?.move(MORE_THAN_A_DAY_MS);
      await flow.runNow('renewSubscriptions');
    }
    for (const prepared of all) expect(await findBrokenPromises(flow, prepared)).toEqual([]);
  }, 120_000);
});
