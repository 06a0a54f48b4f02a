import { requireProxy } from '../support/armDeath';
import { eventually } from '../support/eventually';
import { startFlow, type Flow } from '../support/startFlow';
import { PAST_LEASES_MS, untilNothingWaits } from '../support/untilQueueEmpty';

/** Twice as many messages as the host lets run at a time (24), so that some wait in the queue while it stops. */
const JOBS = 24;
const BEFORE_STOP = 10;
const SLOW = { type: 'delay', ms: 1_500 } as const;
/** A bound on a test that fails, on a busy machine. */
const LIMIT_MS = 90_000;

/**
 * A deployment and a scale-in end a host with SIGTERM: it still starts messages for a second, lets them end for ten seconds,
 * and cuts what has not ended by then.
 */
describe('a host that is stopped under load', () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow({ proxy: true, clock: true });
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  /** Prints, stops the host while it works, starts it again, and returns the ids of the events of each job. */
  const printAndStop = async (whileStopping: () => Promise<void>) => {
    const before = (await flow.events()).length;
    const { tenantId, printerId, definitionId } = await flow.onboard(['jobStarted', 'jobFetchable']);
    // With slow reads of jobs there is work left at the signal, however fast the machine is.
    await flow.control.addFault({ ...{ tenantId, pathPattern: '/jobs/', count: -1 }, action: SLOW });
    const jobs = await flow.control.print(tenantId, { printerId, count: JOBS });
    const seen = await flow.untilEvents(before + BEFORE_STOP, LIMIT_MS);
    const exit = flow.cloud.hosts[0]?.stop();
    expect(seen.length - before).toBeLessThan(2 * JOBS);
    await whileStopping();
    expect(await exit).toEqual({ code: 0, signal: null });
    return {
      settle: async () => {
        await flow.control.clearFaults();
        await flow.cloud.restartHost();
        // Graph waits longer and longer before it repeats a notification.
        flow.cloud.clock?.move(PAST_LEASES_MS);
        await flow.control.idle();
        await untilNothingWaits(flow, LIMIT_MS);
        const events = (await flow.events()).slice(before).map(({ id }) => id);
        const state = await flow.control.state();
        const tasks = state.tenants
          .filter((tenant) => tenant.tenantId === tenantId)
          .flatMap((tenant) => tenant.jobs.flatMap((job) => job.tasks));
        const expected = jobs.flatMap((job) => [
          `${tenantId}/jobStarted_${definitionId}_${job.taskId}`,
          `${tenantId}/jobFetchable_${printerId}_${job.jobId}`,
        ]);
        expect(tasks.map((task) => task.state)).toEqual(jobs.map(() => 'completed'));
        expect(await flow.queues.length('print-notifications-poison')).toBe(0);
        return { events: events.sort(), expected: expected.sort() };
      },
    };
  };

  it('ends what it has begun: no job is lost, none has two events', async () => {
    const { settle } = await printAndStop(() => Promise.resolve());
    const { events, expected } = await settle();
    expect(events).toEqual(expected);
  }, 300_000);

  it('loses nothing that it had to cut after ten seconds', async () => {
    const proxy = requireProxy(flow);
    // Reads of jobs and writes of tasks that Graph does not answer until the host has gone.
    const fault = proxy.fault({
      match: ({ target, effect }) => target === 'graph' && /\/(jobs|tasks)\/\{id\}$/.test(effect),
      nth: BEFORE_STOP * 2,
      count: 6,
      when: 'before',
      action: 'hold',
    });
    const { settle } = await printAndStop(async () => {
      await eventually('calls on hold', () => fault.hits()[0], LIMIT_MS);
    });
    fault.drop();
    fault.cancel();
    expect(fault.hits().length).toBeGreaterThan(0);
    const { events, expected } = await settle();
    // On a busy machine other work is cut too: between the send of an event and its record, the event is repeated.
    expect([...new Set(events)]).toEqual(expected);
  }, 300_000);
});
