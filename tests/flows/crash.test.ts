import type { ProxyCall } from '../../local/faultProxy/proxyCall';
import type { Variants } from '../../local/graphSimulator/world/variants';
import type { WatchKind } from '../../shared/watches/watches';
import { armDeath, requireProxy, type Victim } from '../support/armDeath';
import { deriveCrashPoints, isJobCall, mayRepeatEvent, nameCrashPoint, type CrashPoint } from '../support/crashPoints';
import { startFlow, type Customer, type Flow } from '../support/startFlow';
import { PAST_LEASES_MS, untilQueueEmpty } from '../support/untilQueueEmpty';

/** What Graph may do to a task, a job or a notification so that a run that takes over sees something else. */
const OTHER_READINGS: Partial<Variants> = {
  taskDescription: 'rewritten',
  patchEndedTask: 'accept',
  endedTaskListedMinutes: 0,
  fetchableAfterAcquire: true,
  parentUrlInNotification: false,
  resourceForm: 'keyForm',
};

/**
 * Kills the host with its worker, or the worker alone, with SIGKILL before and after the effect of every call that a clean
 * run makes to storage and Graph, and lets the time pass that a message and a claim are held. Each point has a fresh
 * customer: what a process remembers of another one skips no calls.
 */
describe.each<[Victim, WatchKind, string, Partial<Variants>, number]>([
  ['host', 'jobStarted', 'the likelier', {}, 20],
  // The job is not named in the notification, so its task is read first.
  ['host', 'jobStarted', 'the other', OTHER_READINGS, 22],
  ['host', 'jobFetchable', 'the likelier', {}, 18],
  ['host', 'jobFetchable', 'the other', OTHER_READINGS, 18],
  ['worker', 'jobStarted', 'the likelier', {}, 20],
  ['worker', 'jobFetchable', 'the likelier', {}, 18],
])(
  'a %s that dies while it handles %s, by %s readings of the documentation',
  (victim, kind, _readings, variants, places) => {
    let flow: Flow;
    beforeAll(async () => {
      flow = await startFlow({ proxy: true, clock: true });
      await flow.control.setVariants(variants);
    }, 60_000);
    afterAll(() => flow.stop(), 30_000);

    it('loses no job, leaves no task open, and repeats an event only between its send and its record', async () => {
      const clean = await recordCleanRun(flow, kind);
      const points = deriveCrashPoints(clean);
      // Webhook send, tenant, watch, claim, tenant for its token, read, (act,) event, done, delete: each before and after.
      expect(points.length).toBe(places);

      const failures: string[] = [];
      for (const [index, point] of points.entries()) {
        const found = await dieAt(flow, victim, kind, point);
        // The third death of a worker within half an hour ends its host.
        if (victim === 'worker' && index % 2 === 1) await flow.cloud.restartHost();
        const allowed = mayRepeatEvent(point, clean) ? [1, 2] : [1];
        if (!allowed.includes(found.events)) failures.push(`${nameCrashPoint(point)}: ${found.events} events`);
        if (found.openTasks > 0) failures.push(`${nameCrashPoint(point)}: a task is left open`);
        if (found.poison > 0) failures.push(`${nameCrashPoint(point)}: ${found.poison} messages in poison`);
      }
      expect(failures).toEqual([]);
    }, 600_000);
  },
);

async function recordCleanRun(flow: Flow, kind: WatchKind): Promise<ProxyCall[]> {
  const proxy = requireProxy(flow);
  const customer = await flow.onboard([kind], { trigger: kind === 'jobStarted' });
  const mark = proxy.mark();
  await flow.control.print(customer.tenantId, { printerId: customer.printerId });
  await flow.untilEvents(1);
  await untilQueueEmpty(flow);
  return proxy.calls({ since: mark }).filter(isJobCall);
}

async function dieAt(flow: Flow, victim: Victim, kind: WatchKind, point: CrashPoint) {
  const customer = await flow.onboard([kind], { trigger: kind === 'jobStarted' });
  const die = armDeath(flow, point, isJobCall, victim);
  await flow.control.print(customer.tenantId, { printerId: customer.printerId });
  await die();
  // Graph retries where the webhook died. Everything else waits for leases to end.
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
