import { randomUUID } from 'node:crypto';
import type { ProxyCall } from '../../local/faultProxy/proxyCall';
import { eventually } from '../support/eventually';
import { signedMessage } from '../support/signedMessage';
import { startFlow, type Customer, type Flow } from '../support/startFlow';

/** How long Graph asks to wait. */
const RETRY_AFTER_S = 20;
const QUEUED = 1_000;

const isJobQueue = ({ resource }: ProxyCall) => resource === 'print-notifications';

/** Graph throttles one tenant: its own calls wait, everybody else's go on. */
describe('a throttled tenant', () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow({ proxy: true, shippedPolls: true });
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  const proxyCalls = () => flow.cloud.proxy?.calls() ?? [];
  const putMessage = (customer: Customer) =>
    flow.queues.put(
      'print-notifications',
      signedMessage(flow.cloud.settings, 'print-notifications', eventOf(customer)),
    );
  const throttleOnce = (customer: Customer, retryAfterSeconds: number) =>
    flow.control.addFault({
      tenantId: customer.tenantId,
      pathPattern: '/print/',
      count: 1,
      action: { type: 'status', status: 429, retryAfterSeconds },
    });

  it('is asked nothing until its Retry-After ends, then all its jobs go on, while another tenant is served', async () => {
    const throttled = await flow.onboard(['jobStarted']);
    const other = await flow.onboard(['jobStarted']);
    await throttleOnce(throttled, RETRY_AFTER_S);
    await flow.control.print(throttled.tenantId, { printerId: throttled.printerId, count: 12 });
    await eventually('the 429', async () => (await flow.control.calls()).find(({ status }) => status === 429));
    await flow.control.print(other.tenantId, { printerId: other.printerId, count: 3 });
    const during = await flow.untilEvents(3);
    const fromOther = during.filter(({ id }) => id.startsWith(other.tenantId));
    expect(fromOther).toHaveLength(3);

    // The Retry-After, and up to 10 s by which the waiting messages are spread.
    const all = await flow.untilEvents(15, 100_000);
    expect(new Set(all.map(({ id }) => id)).size).toBe(15);
    expect(await flow.control.violations()).toEqual([]);
    expect(await flow.queues.length('print-notifications-poison')).toBe(0);
  }, 150_000);

  it('has 1,000 queued messages postponed without a call to Graph or a table, so that another tenant waits little', async () => {
    const throttled = await flow.onboard(['jobStarted']);
    const other = await flow.onboard(['jobFetchable'], { trigger: false });
    // Long enough that none of the postponed messages comes back while this test looks.
    await throttleOnce(throttled, 600);
    await flow.control.print(throttled.tenantId, { printerId: throttled.printerId });
    await eventually('the 429', async () =>
      (await flow.control.calls()).find(({ status, tenantId }) => status === 429 && tenantId === throttled.tenantId),
    );
    await flow.untilQuiet();

    const gate = flow.cloud.proxy?.fault({
      match: (call) => call.effect === 'queue.receive' && isJobQueue(call),
      when: 'before',
      action: 'hold',
      count: Infinity,
    });
    await gate?.reached;
    for (let filled = 0; filled < QUEUED; filled += 50) {
      await Promise.all(Array.from({ length: 50 }, () => putMessage(throttled)));
    }
    await flow.control.print(other.tenantId, { printerId: other.printerId });
    // Its notification is answered, so its message stands behind the thousand.
    await flow.control.idle();
    const mark = flow.cloud.proxy?.mark() ?? 0;
    gate?.cancel();
    const answered = () => proxyCalls().filter(({ n, end }) => n > mark && end === 'answered');
    const isDelete = (call: ProxyCall) => call.effect === 'queue.delete' && isJobQueue(call);
    await eventually(
      'everything was postponed or done',
      () => (answered().filter(isDelete).length > QUEUED ? true : undefined),
      120_000,
    );
    await flow.untilQuiet();

    const startedAt = Math.min(...answered().map((call) => call.startedAt));
    const since = ({ answeredAt = Infinity }: ProxyCall) => answeredAt - startedAt;
    const done = answered().findLast(
      ({ effect, resource, bodyText = '' }) =>
        effect === 'table.batch' && resource === 'PrintJobs' && bodyText.includes(other.tenantId),
    );
    if (!done) throw new Error('The job of the other tenant was never recorded as done');
    // Its message is deleted after that record. The other 1,000 deletes are those of the postponed messages.
    const deletes = answered().filter(isDelete);
    const own = deletes.find((call) => call.startedAt >= (done.answeredAt ?? Infinity));
    const postponements = deletes.filter((call) => call !== own);
    expect(postponements).toHaveLength(QUEUED);
    // Behind a thousand postponements: half of their time more at most.
    expect(since(done) / Math.max(...postponements.map(since))).toBeLessThanOrEqual(1.5);
    const calls = proxyCalls().filter(({ n }) => n > mark);
    const onQueue = (effect: string, name: string) =>
      calls.filter((call) => call.effect === effect && call.resource === name).length;
    // The wait is longer than a minute, so the messages wait without a trigger.
    expect(onQueue('queue.send', 'print-notifications-waiting')).toBe(QUEUED);
    expect(onQueue('queue.delete', 'print-notifications')).toBe(QUEUED + 1);
    const aboutThrottled = calls.filter(
      (call) =>
        (call.target === 'table' || call.target === 'graph') &&
        `${decodeURIComponent(call.path)}${call.bodyText ?? ''}`.includes(throttled.tenantId),
    );
    expect(aboutThrottled).toEqual([]);
    // One read for the other tenant's job, and nothing else.
    expect(calls.filter(({ target }) => target === 'graph')).toHaveLength(1);
  }, 180_000);
});

/** On a clock that can be moved, which Retry-After follows. */
describe('a tenant that Graph asks to wait for two hours', () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow({ clock: true });
    await flow.control.setVariants({ throttlingClock: 'date' });
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  it('is asked with one call every 15 minutes, and its jobs are done once that is answered', async () => {
    const { tenantId, printerId } = await flow.onboard(['jobStarted']);
    const action = { type: 'status', status: 429, retryAfterSeconds: 7_200 } as const;
    await flow.control.addFault({ tenantId, pathPattern: '/print/', count: 2, action });
    await flow.control.print(tenantId, { printerId });
    await eventually('the 429', async () => (await flow.control.calls()).find(({ status }) => status === 429));
    await flow.control.print(tenantId, { printerId, count: 4 });
    const looks: number[] = [];
    for (let quarter = 1; quarter <= 3; quarter += 1) {
      await flow.untilQuiet();
      // The 15 minutes, and some seconds over which the messages are spread.
      flow.cloud.clock?.move(16 * 60_000);
      await flow.runNow('recoverJobs');
      await flow.untilQuiet();
      looks.push((await flow.control.looks()).length);
    }
    await flow.untilEvents(5);
    expect(looks).toEqual([1, 2, 2]);
    expect(await flow.control.violations()).toEqual([]);
    expect(await flow.queues.length('print-notifications-poison')).toBe(0);
  }, 120_000);
});

/** A message of print-notifications as the webhook stores it (tests/shared/jobs/message.test.ts has every field). */
function eventOf({ tenantId, definitionId }: Customer) {
  return {
    v: 1,
    kind: 'jobStarted',
    tenantId,
    definitionId,
    taskId: randomUUID(),
    foundBy: 'graph',
    receivedAt: '2026-11-22T00:00:00.000Z',
    traceparent: '',
    deferrals: 0,
  };
}
