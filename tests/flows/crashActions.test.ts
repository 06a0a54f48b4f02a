import type { ProxyCall } from '../../local/faultProxy/proxyCall';
import { armDeath, requireProxy } from '../support/armDeath';
import { deriveCrashPoints, nameCrashPoint, type CrashPoint } from '../support/crashPoints';
import { storeRules, storeWishOf } from '../support/flowRules';
import { startFlow, type Customer, type Flow } from '../support/startFlow';
import { PAST_LEASES_MS, untilQueueEmpty } from '../support/untilQueueEmpty';

const HOLD = { hold: { for: '72h', else: 'abort' } };

interface Action {
  name: string;
  /** The action of the rule; `target` is a second printer of the customer. */
  then: (target: string) => object;
  /** What ends the held job, once it is held. */
  wish?: 'release' | 'redirect' | 'abort';
  /** Types and outcomes of its events. */
  events: string[];
  /** The calls before and after whose effect the host dies, in order. */
  calls: string[];
}

const JOB = '/v1.0/print/printers/{id}/jobs/{id}';
const TASK = 'graph.PATCH /v1.0/print/taskDefinitions/{id}/tasks/{id}';
/** The claim with its index row, and the decision. */
const STARTED = ['table.batch', 'table.update'];
/** The claim of a held job first tries to insert its row. */
const STARTED_HELD = ['table.batch', ...STARTED];
/** The event, and its record with the index. */
const DONE = ['queue.send', 'table.batch'];

const ACTIONS: Action[] = [
  {
    name: 'configure',
    then: () => ({ release: {}, configure: { copies: 2 } }),
    events: ['print.job.started released'],
    calls: [...STARTED, `graph.PATCH ${JOB}`, TASK, ...DONE],
  },
  {
    name: 'redirect',
    then: (printer) => ({ redirect: { printer } }),
    events: ['print.job.started redirected'],
    calls: [...STARTED, `graph.POST ${JOB}/redirect`, ...DONE],
  },
  {
    name: 'abort',
    then: () => ({ abort: {} }),
    events: ['print.job.started aborted'],
    calls: [...STARTED, `graph.POST ${JOB}/abort`, TASK, ...DONE],
  },
  { name: 'hold', then: () => HOLD, events: ['print.job.started held'], calls: [...STARTED, ...DONE] },
  {
    name: 'release of a held job',
    then: () => HOLD,
    wish: 'release',
    events: ['print.job.started held', 'print.job.ended released'],
    calls: [...STARTED_HELD, TASK, ...DONE],
  },
  {
    name: 'redirect of a held job',
    then: () => HOLD,
    wish: 'redirect',
    events: ['print.job.started held', 'print.job.ended redirected'],
    calls: [...STARTED_HELD, `graph.POST ${JOB}/redirect`, ...DONE],
  },
];

/** Kills the host with SIGKILL before and after the effect of every write of an action, to storage and to Graph. */
describe.each(ACTIONS)('a host that dies while it carries out: $name', ({ then, wish, events, calls }) => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow({ proxy: true, clock: true });
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  /** Prints a job of a new customer, with what is to be counted beginning at `arm`. */
  async function run(arm: () => () => Promise<void>): Promise<{ customer: Customer; target: string }> {
    const customer = await flow.onboard(['jobStarted']);
    const { tenantId, printerId, definitionId } = customer;
    const { id: target } = await flow.control.createPrinter(tenantId, { displayName: 'Target' });
    await storeRules(flow, customer, then(target));
    const print = () => flow.control.print(tenantId, { printerId });
    if (wish === undefined) {
      const die = arm();
      await print();
      await die();
    } else {
      const [job] = await print();
      await untilQueueEmpty(flow);
      const key = { tenantId, rowKey: `jobStarted_${definitionId}_${job?.taskId ?? ''}` };
      const die = arm();
      await storeWishOf(flow, key, { action: wish, ...(wish === 'redirect' ? { printerId: target } : {}) });
      await die();
    }
    return { customer, target };
  }

  it('carries it out once, and repeats an event only between its send and its record', async () => {
    const proxy = requireProxy(flow);
    const mark = { at: 0 };
    await run(() => {
      mark.at = proxy.mark();
      return () => untilQueueEmpty(flow);
    });
    const clean = proxy.calls({ since: mark.at }).filter(isActionCall);
    expect(clean.map(({ effect }) => effect)).toEqual(calls);
    const failures: string[] = [];
    for (const point of deriveCrashPoints(clean)) {
      const { customer, target } = await run(() => armDeath(flow, point, isActionCall));
      flow.cloud.clock?.move(PAST_LEASES_MS);
      await untilQueueEmpty(flow);
      failures.push(...(await faultsOf(customer, target, point, clean)));
    }
    expect(failures).toEqual([]);
  }, 600_000);

  async function faultsOf({ tenantId, printerId }: Customer, target: string, point: CrashPoint, clean: ProxyCall[]) {
    const mine = (await flow.events()).filter(({ id }) => id.startsWith(`${tenantId}/`));
    const seen = mine.map(({ type, data }) => `${type} ${String(data['outcome'])}`);
    const { tenants } = await flow.control.state();
    const jobs = tenants.find((tenant) => tenant.tenantId === tenantId)?.jobs ?? [];
    const redirected = jobs.filter((job) => job.printerId === target).length;
    const isHeld = events.at(-1)?.endsWith('held');
    const open = jobs.filter(
      (job) => job.printerId === printerId && job.tasks.some(({ state }) => state === 'processing'),
    );
    const faults: string[] = [];
    if (JSON.stringify([...new Set(seen)]) !== JSON.stringify(events)) faults.push(`events ${seen.join(', ')}`);
    if (seen.length > events.length && !mayRepeat(point, clean)) faults.push('an event is repeated');
    if (redirected !== (events.at(-1)?.endsWith('redirected') ? 1 : 0)) faults.push(`${redirected} jobs at the target`);
    if (open.length !== (isHeld ? 1 : 0)) faults.push(`${open.length} tasks are open`);
    if ((await flow.queues.length('print-notifications-poison')) > 0) faults.push('a message is in poison');
    return faults.map((fault) => `${nameCrashPoint(point)}: ${fault}`);
  }
});

/** A write of the worker: at Graph, to the ledger, or the event. */
function isActionCall({ target, effect, resource, method }: ProxyCall): boolean {
  if (target === 'graph') return method !== 'GET' && effect.includes('/print/');
  if (resource === 'print-job-events') return effect === 'queue.send';
  return resource === 'PrintJobs' && /^table\.(insert|update|merge|batch)$/.test(effect);
}

/** The event is the last write but one: its send after its effect, and its record before its effect. */
function mayRepeat(point: CrashPoint, clean: ProxyCall[]): boolean {
  const [sent, recorded] = clean.slice(-2);
  const names = ({ effect, resource }: CrashPoint | ProxyCall) => `${effect} ${resource ?? ''}`;
  const nthOfRecord = clean.filter((call) => names(call) === names(recorded ?? point)).length;
  if (sent && names(point) === names(sent)) return point.when === 'after';
  return (
    recorded !== undefined && names(point) === names(recorded) && point.nth === nthOfRecord && point.when === 'before'
  );
}
