import type { ProxyCall } from '../../local/faultProxy/proxyCall';
import { requireProxy } from '../support/armDeath';
import {
  eventsOf,
  jobAtGraph,
  onboardUnder,
  outcomesOf,
  printJobOf,
  printUnder,
  storeWishOf,
  untilEventsOf,
} from '../support/flowRules';
import { startFlow, type Customer, type Flow } from '../support/startFlow';

const HOLD = { hold: { for: '4h', else: 'abort' } };
const HELD = 'print.job.started held';
/** Until the task of a job is ended without its rules (table Tenants: taskDeadlineMinutes). */
const TASK_DEADLINE_MS = 15 * 60_000;
/** The longest wait between two tries of a deferred message. */
const LONGEST_WAIT_MS = 13 * 60_000;

jest.setTimeout(30_000);

/** What happens to jobs whose rules, wishes or calls meet an outage, a refusal or another party, through the built app. */
describe('actions that meet an outage or another party', () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow({ proxy: true, clock: true });
  }, 60_000);
  afterEach(() => requireProxy(flow).cancelFaults());
  afterAll(() => flow.stop(), 30_000);

  const drop = (match: (call: ProxyCall) => boolean, count: number, when: 'before' | 'after' = 'before') =>
    requireProxy(flow).fault({ match, when, action: 'drop', count });
  const holdCalls = (match: (call: ProxyCall) => boolean) =>
    requireProxy(flow).fault({ match, when: 'before', action: 'hold', count: Infinity });
  const isRedirect = ({ effect }: ProxyCall) => effect.startsWith('graph.POST') && effect.endsWith('/redirect');

  it('a job whose rules storage does not deliver waits for them until its deadline, then ends by onFailure', async () => {
    const outageOf = ({ tenantId }: Customer) =>
      drop(({ path }) => path.includes(`/config/rules/${tenantId}`), Infinity);
    const [aborting, releasing, recovering] = [
      await onboardUnder(flow, HOLD, { tenant: { onFailure: 'abort' } }),
      await onboardUnder(flow, HOLD, { tenant: { onFailure: 'release' } }),
      await onboardUnder(flow, HOLD),
    ];
    const [, , outage] = [outageOf(aborting), outageOf(releasing), outageOf(recovering)];
    // Each read takes the 15 seconds that the client retries for, so the three are worked on side by side.
    const customers = [aborting, releasing, recovering];
    const printed = await Promise.all(customers.map((customer) => printJobOf(flow, customer)));
    const outcomes = () => Promise.all(customers.map((customer) => outcomesOf(flow, customer)));
    expect(await outcomes()).toEqual([[], [], []]);
    expect(await flow.control.openTasks()).toHaveLength(3);
    outage?.cancel();
    flow.cloud.clock?.move(TASK_DEADLINE_MS + LONGEST_WAIT_MS);
    await Promise.all(customers.map((customer) => untilEventsOf(flow, customer, 1)));
    expect(await outcomes()).toEqual([['print.job.started deadline'], ['print.job.started deadline'], [HELD]]);
    const jobs = await Promise.all(printed.map((one) => jobAtGraph(flow, one)));
    expect(jobs.map((job) => job?.state === 'aborted')).toEqual([true, false, false]);
    expect(await flow.control.openTasks()).toMatchObject([{ tenantId: recovering.tenantId }]);
    const waited = flow.logged('job.rulesUnavailable').map(({ tenantId }) => tenantId);
    expect(waited.sort()).toEqual([aborting.tenantId, releasing.tenantId].sort());
  }, 90_000);

  it.each(['release', 'abort'] as const)(
    'the job of a paused customer ends by onFailure: %s, without an event',
    async (onFailure) => {
      const customer = await onboardUnder(flow, HOLD, { tenant: { onFailure, status: 'paused' } });
      const printed = await printJobOf(flow, customer);
      const row = await (await flow.services.ledger()).get(printed.key);
      expect(row?.value).toMatchObject({ status: 'done', event: 'none', cause: 'pausedTenant' });
      expect((await jobAtGraph(flow, printed))?.state === 'aborted').toBe(onFailure === 'abort');
      expect(await flow.control.openTasks({ tenantId: customer.tenantId })).toEqual([]);
      expect(await eventsOf(flow, customer)).toEqual([]);
    },
  );

  it('of two wishes at the same time one is accepted and carried out, and the other is a conflict', async () => {
    const printed = await printUnder(flow, HOLD);
    // The first wish is not carried out before the second one is stored.
    const held = holdCalls(({ effect }) => /^graph\.(PATCH|POST) .*\/print\//.test(effect));
    const results = await Promise.all([
      storeWishOf(flow, printed.key, { action: 'release' }),
      storeWishOf(flow, printed.key, { action: 'abort' }),
    ]);
    held.release();
    held.cancel();
    expect(results.map(({ outcome }) => outcome).sort()).toEqual(['accepted', 'conflict']);
    const [accepted, other] = results[0].outcome === 'accepted' ? results : [...results].reverse();
    const wanted = accepted?.outcome === 'accepted' ? accepted.job.wish?.action : undefined;
    expect(other).toMatchObject({ stored: { action: wanted } });
    await untilEventsOf(flow, printed.customer, 2);
    expect(await outcomesOf(flow, printed.customer)).toEqual([
      HELD,
      `print.job.ended ${wanted === 'abort' ? 'aborted' : 'released'}`,
    ]);
  });

  it.each(['reject400', 'reject403', 'reject409'] as const)(
    'a redirect that another party forestalls by ending the task ends as ended, where Graph answers %s',
    async (jobWriteWithoutTask) => {
      await flow.control.setVariants({ jobWriteWithoutTask });
      const printed = await printUnder(flow, HOLD);
      const { tenantId, targetId } = printed.customer;
      const held = holdCalls(isRedirect);
      await storeWishOf(flow, printed.key, { action: 'redirect', printerId: targetId });
      await held.reached;
      await flow.control.abortTask(tenantId, printed.key.rowKey.split('_').at(-1) ?? '');
      held.release();
      held.cancel();
      await untilEventsOf(flow, printed.customer, 2);
      expect(await outcomesOf(flow, printed.customer)).toEqual([HELD, 'print.job.ended ended']);
    },
  );

  it.each([0, 60_000])(
    'a redirect whose answer is lost and that reads show %d ms later makes one job and one event',
    async (redirectShownAfterMs) => {
      await flow.control.setVariants({ redirectShownAfterMs });
      const customer = await onboardUnder(flow, (printer) => ({ redirect: { printer } }));
      const lost = drop(isRedirect, Infinity, 'after');
      await printJobOf(flow, customer);
      expect(lost.hits().length).toBeGreaterThan(0);
      lost.cancel();
      for (let minutes = 0; minutes < 15; minutes += 1) {
        flow.cloud.clock?.move(60_000);
        await flow.untilQuiet();
      }
      await untilEventsOf(flow, customer, 1);
      expect(await outcomesOf(flow, customer)).toEqual(['print.job.started redirected']);
      const [event] = await eventsOf(flow, customer);
      expect(event?.data).not.toHaveProperty('refused');
      const { tenants } = await flow.control.state();
      const jobs = tenants.find(({ tenantId }) => tenantId === customer.tenantId)?.jobs ?? [];
      expect(jobs.filter(({ printerId }) => printerId === customer.targetId)).toHaveLength(1);
    },
  );
});
