import { eventually } from '../support/eventually';
import { startFlow, type Customer, type Flow } from '../support/startFlow';
import { untilNothingWaits } from '../support/untilQueueEmpty';

const BURST = 120;
const PORTION = 20;
const LIMIT_MS = 60_000;
const WAITING = 'print-notifications-waiting';

describe('a burst of one customer', () => {
  let flow: Flow;
  let busy: Customer;
  beforeAll(async () => {
    flow = await startFlow({ clock: true });
    busy = await flow.onboard(['jobStarted']);
  }, 60_000);
  afterAll(() => flow.stop(), 60_000);

  const scaleTarget = async () => {
    const headers = { 'x-functions-key': flow.cloud.functionKey };
    const answer = await fetch(`${flow.cloud.hosts[0]?.url ?? ''}/admin/host/scale`, { headers });
    return ((await answer.json()) as Record<string, number>)['processNotification'] ?? NaN;
  };

  /** In portions, each of which the webhook stores within its three seconds also on a busy machine. */
  const print = async () => {
    for (let printed = 0; printed < BURST; printed += PORTION) {
      await flow.control.print(busy.tenantId, { printerId: busy.printerId, count: PORTION });
      await flow.control.idle();
    }
  };

  it('is done once for each job, with at most 0.3 deferrals a job', async () => {
    // One job shows that the customer is healthy.
    await flow.control.print(busy.tenantId, { printerId: busy.printerId });
    await flow.untilEvents(1);
    await print();
    const events = await flow.untilEvents(1 + BURST, LIMIT_MS);
    expect(new Set(events.map(({ id }) => id)).size).toBe(1 + BURST);
    expect(flow.logged('job.deferred').length).toBeLessThanOrEqual(0.3 * BURST);
    // A send whose answer was late is repeated, and its copy may come last.
    await untilNothingWaits(flow, LIMIT_MS);
    expect((await flow.events()).length).toBe(1 + BURST);
  }, 120_000);

  it('that is throttled for minutes lies without a trigger: it asks for no instance', async () => {
    await flow.control.addFault({
      ...{ tenantId: busy.tenantId, pathPattern: '/print/', count: -1 },
      action: { type: 'status', status: 429, retryAfterSeconds: 300 },
    });
    await print();
    await eventually(
      'all wait without a trigger',
      async () => ((await flow.queues.length(WAITING)) >= BURST ? true : undefined),
      LIMIT_MS,
    );
    await flow.untilQuiet();
    expect(await scaleTarget()).toBe(0);
    const other = await flow.onboard(['jobStarted']);
    await flow.control.print(other.tenantId, { printerId: other.printerId });
    await eventually('the job of the other customer', async () =>
      (await flow.events()).find(({ id }) => id.startsWith(other.tenantId)),
    );
    await flow.control.clearFaults();
  }, 120_000);
});
