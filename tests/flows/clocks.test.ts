import type { WatchKind } from '../../shared/watches/watches';
import { startFlow, type Flow } from '../support/startFlow';
import { untilQueueEmpty } from '../support/untilQueueEmpty';

const MINUTE = 60_000;
const KINDS: WatchKind[] = ['jobStarted', 'jobFetchable'];
/** As the timers of renewSubscriptions and sweepJobs. */
const RUN_EVERY_MS = 10 * MINUTE;

/** The clock of the app, its operators and their commands is off. Graph, Entra and storage have the right time. */
describe.each([10, -10])('an app whose clock is %i minutes ahead', (minutes) => {
  let flow: Flow;
  beforeAll(async () => {
    const settings = { GRAPH_CREDENTIAL: 'secret', ENTRA_CLIENT_SECRET: 'only-the-simulator-takes-this' };
    flow = await startFlow({ clock: true, appAheadMs: minutes * MINUTE, settings });
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  const subscriptionIds = async () => (await flow.control.subscriptions()).map(({ id }) => id).sort();

  it('sends an event for each job, also for those that Graph never notified', async () => {
    const { tenantId, printerId } = await flow.onboard(KINDS);
    await flow.control.print(tenantId, { printerId, count: 3 });
    await flow.untilEvents(6);

    await flow.control.setDelivery({ lossRate: 1 });
    await flow.control.print(tenantId, { printerId, count: 3 });
    await flow.control.idle();
    // The first finds the tasks. With them ended, the second finds the jobs.
    await flow.runNow('sweepJobs');
    await flow.runNow('sweepJobs');
    await flow.control.setDelivery({ lossRate: 0 });
    await flow.untilEvents(12);
    await untilQueueEmpty(flow);

    const ids = (await flow.events()).map(({ id }) => id);
    expect([ids.length, new Set(ids).size]).toEqual([12, 12]);
    const state = await flow.control.state();
    const tasks = state.tenants.flatMap(({ jobs }) => jobs.flatMap((job) => job.tasks));
    expect(tasks.filter(({ state: taskState }) => taskState !== 'completed')).toEqual([]);
    expect(await flow.queues.length('print-notifications-poison')).toBe(0);
  }, 120_000);

  it('keeps every subscription for two days with a PATCH an hour, and signs in no more often than its tokens end', async () => {
    const { tenantId } = await flow.onboard(KINDS);
    const before = await subscriptionIds();
    await flow.control.clearCalls();
    const hours = 48;
    for (let run = 0; run < hours; run += 1) {
      await flow.runNow('renewSubscriptions');
      flow.cloud.clock?.move(6 * RUN_EVERY_MS);
    }
    expect(await subscriptionIds()).toEqual(before);
    const calls = await flow.control.calls({ target: 'all' });
    const mine = calls.filter((call) => call.tenantId === tenantId);
    const patches = mine.filter(({ method }) => method === 'PATCH');
    expect(patches.length).toBeGreaterThan((KINDS.length * hours) / 2);
    // One when the watches were added, and one PATCH for each of both in a run.
    expect(patches.length).toBeLessThanOrEqual(KINDS.length * hours);
    const signIns = calls.filter(
      ({ target, method, path }) => target === 'token' && method === 'POST' && path.includes(tenantId),
    );
    expect(signIns.length).toBeLessThanOrEqual(hours + 1);
    expect(mine.filter(({ status }) => status >= 400)).toEqual([]);
  }, 240_000);
});
