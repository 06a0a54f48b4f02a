import type { ProxyCall } from '../../local/faultProxy/proxyCall';
import type { WatchKind } from '../../shared/watches/watchKey';
import {
  deriveCrashPoints,
  isJobCall,
  mayRepeatEvent,
  nameCrashPoint,
  type CrashPoint,
} from '../support/crashPoints';
import { startFlow, type Customer, type Flow } from '../support/startFlow';
import { PAST_LEASES_MS, untilQueueEmpty } from '../support/untilQueueEmpty';

/**
 * Kills the host with SIGKILL before and after the effect of every call that a clean run makes to storage and Graph,
 * starts it again, and lets the time pass that a message and a claim are held.
 */
describe.each<WatchKind>(['jobStarted', 'jobFetchable'])('a host that dies while it handles %s', (kind) => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow({ proxy: true, clock: true });
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  it('loses no job, leaves no task open, and repeats an event only between its send and its record', async () => {
    const clean = await recordCleanRun(flow, kind);
    const points = deriveCrashPoints(clean);
    // Webhook send, tenant, watch, claim, read, (act,) event, done, delete: each before and after.
    expect(points.length).toBe(kind === 'jobStarted' ? 18 : 16);

    const failures: string[] = [];
    for (const point of points) {
      const found = await dieAt(flow, kind, point);
      const allowed = mayRepeatEvent(point, clean) ? [1, 2] : [1];
      if (!allowed.includes(found.events)) failures.push(`${nameCrashPoint(point)}: ${found.events} events`);
      if (found.openTasks > 0) failures.push(`${nameCrashPoint(point)}: a task is left open`);
      if (found.poison > 0) failures.push(`${nameCrashPoint(point)}: ${found.poison} messages in poison`);
    }
    expect(failures).toEqual([]);
  }, 600_000);
});

async function recordCleanRun(flow: Flow, kind: WatchKind): Promise<ProxyCall[]> {
  const proxy = requireProxy(flow);
  const customer = await flow.onboard([kind], { trigger: kind === 'jobStarted' });
  await flow.cloud.restartHost();
  const mark = proxy.mark();
  await flow.control.print(customer.tenantId, { printerId: customer.printerId });
  await flow.untilEvents(1);
  await untilQueueEmpty(flow);
  return proxy.calls({ since: mark }).filter((call) => isJobCall(call, customer));
}

async function dieAt(flow: Flow, kind: WatchKind, point: CrashPoint) {
  const proxy = requireProxy(flow);
  const customer = await flow.onboard([kind], { trigger: kind === 'jobStarted' });
  // A fresh process, as in the clean run: what it remembers of tenants would skip calls.
  await flow.cloud.restartHost();
  const fault = proxy.fault({
    match: (call) =>
      call.effect === point.effect && call.resource === point.resource && isJobCall(call, customer),
    nth: point.nth,
    when: point.when,
    action: 'hold',
  });
  await flow.control.print(customer.tenantId, { printerId: customer.printerId });
  await fault.reached;
  await flow.cloud.hosts[0]?.kill();
  fault.drop();
  fault.cancel();
  await flow.cloud.restartHost();
  // Graph comes again by itself where the webhook died; everything else waits for leases to end.
  await flow.control.idle();
  flow.cloud.clock?.move(PAST_LEASES_MS);
  await untilQueueEmpty(flow);
  return look(flow, customer);
}

async function look(flow: Flow, customer: Customer) {
  const mine = (await flow.events()).filter(({ id }) => id.startsWith(`${customer.tenantId}/`));
  const ids = new Set(mine.map(({ id }) => id));
  const state = await flow.control.state();
  const tenant = state.tenants.find(({ tenantId }) => tenantId === customer.tenantId);
  const tasks = (tenant?.jobs ?? []).flatMap((job) => job.tasks);
  const openTasks = tasks.filter((task) => task.state !== 'completed').length;
  // Two ids for one job would be two jobs to the vendor.
  const events = ids.size > 1 ? Number.NaN : mine.length;
  return { events, openTasks, poison: await flow.queues.length('print-notifications-poison') };
}

function requireProxy(flow: Flow) {
  if (!flow.cloud.proxy) throw new Error('The flow was started without a fault proxy');
  return flow.cloud.proxy;
}
