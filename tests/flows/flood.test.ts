import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../support/eventually';
import { floodBodies, p95, startFlood } from '../support/flood';
import { startFlow, type Customer, type Flow } from '../support/startFlow';

/** Graph counts an answer after 3 s as failed (concepts/change-notifications-delivery-webhooks.md). */
const GRAPH_WAITS_MS = 3_000;
const JOBS = 20;

/** Twelve strangers post the bodies that cost most, while Graph posts what is printed. */
describe('the webhook under a flood', () => {
  let flow: Flow;
  let customer: Customer;
  beforeAll(async () => {
    flow = await startFlow();
    customer = await flow.onboard(['jobFetchable'], { trigger: false });
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  const print = () => flow.control.print(customer.tenantId, { printerId: customer.printerId });
  const printed: string[] = [];

  // The key of the local cloud, so that a mac has to be computed (local/startLocalCloud.ts).
  it.each(Object.entries(floodBodies('local1')))(
    'answers Graph in time beside %s',
    async (_name, body) => {
      const before = (await flow.control.deliveries()).length;
      const flood = startFlood(flow.notificationsUrl, body);
      for (let count = 0; count < JOBS; count += 1) {
        for (const { jobId } of await print()) printed.push(jobId);
        await delay(100);
      }
      await flow.control.idle();
      const { answers } = await flood.stop();
      // No stranger was accepted or left without an answer.
      expect(Object.keys(answers).every((status) => ['202', '400', '413', '503'].includes(status))).toBe(true);
      const attempts = (await flow.control.deliveries()).slice(before);
      expect(attempts.length).toBeGreaterThan(JOBS / 2);
      expect(p95(attempts.map(({ answerMs }) => answerMs))).toBeLessThan(GRAPH_WAITS_MS);
    },
    60_000,
  );

  it('loses none of the jobs, and stores nothing of the flood', async () => {
    const events = await flow.untilEvents(printed.length, 60_000);
    expect(new Set(events.map(({ data }) => data['jobId']))).toEqual(new Set(printed));
    await flow.untilQuiet();
    expect(await flow.queues.length('print-notifications-poison')).toBe(0);
  }, 90_000);
});

describe('a body above 1 MiB', () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow();
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  it('has all watches swept once, which finds the jobs that may have been in it', async () => {
    const customer = await flow.onboard(['jobStarted']);
    await flow.control.setDelivery({ lossRate: 1 });
    await flow.control.print(customer.tenantId, { printerId: customer.printerId });
    const body = floodBodies(randomUUID().slice(0, 8))['more than the limit'] ?? Buffer.alloc(0);
    for (let count = 0; count < 3; count += 1) {
      const answer = await fetch(flow.notificationsUrl, { method: 'POST', body: new Uint8Array(body) });
      expect(answer.status).toBe(413);
    }
    await flow.untilEvents(1);
    const [swept] = await eventually('the line of the sweep', () => {
      const lines = flow.logged('jobs.sweptOnRequest');
      return lines.length > 0 ? lines : undefined;
    });
    expect(swept).toMatchObject({ swept: 1, enqueued: 1 });
    await flow.untilQuiet();
    expect(flow.logged('jobs.sweptOnRequest')).toHaveLength(1);
    expect(flow.logged('notifications.tooLarge')).toHaveLength(1);
  }, 60_000);
});
