import { eventually } from '../support/eventually';
import { bodyOf, startedItem, stateFor } from '../support/notifications';
import { post } from '../support/post';
import { startFlow, type Flow } from '../support/startFlow';
import { testKey } from '../support/testKey';

/** What the webhook answers when it cannot store, and that nothing is lost by it. */
describe('outages at the webhook', () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow({ proxy: true });
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  it('answers 503 within 2.9 s while storage stalls, and Graph brings the job again', async () => {
    const customer = await flow.onboard(['jobStarted']);
    const before = (await flow.events()).length;
    // What exceeds the allowance of a tenant goes to print-notifications-waiting.
    const stall = flow.cloud.proxy?.fault({
      match: ({ effect, resource = '' }) => effect === 'queue.send' && resource.startsWith('print-notifications'),
      when: 'before',
      action: 'hold',
      count: Infinity,
    });
    await flow.control.print(customer.tenantId, { printerId: customer.printerId });
    await stall?.reached;
    const ring = flow.cloud.settings['CLIENT_STATE_KEYS'] ?? '';
    const [keyId = '', key = ''] = ring.split(':');
    const clientState = stateFor({ keyId, key: Buffer.from(key, 'base64') });
    const body = bodyOf(...Array.from({ length: 20 }, () => startedItem({ clientState })));
    try {
      // Under the 3 seconds that Graph waits (concepts/change-notifications-delivery-webhooks.md).
      for (let round = 0; round < 3; round += 1) {
        const answers = await Promise.all(Array.from({ length: 8 }, () => post(flow.notificationsUrl, body)));
        expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(503));
        expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThanOrEqual(2_900);
      }
      const refused = (await flow.control.deliveries()).filter(({ status }) => status === 503);
      expect(refused.length).toBeGreaterThanOrEqual(1);
      expect(Math.max(...refused.map(({ answerMs }) => answerMs))).toBeLessThanOrEqual(2_900);
    } finally {
      stall?.drop();
      stall?.cancel();
    }
    const events = (await flow.untilEvents(before + 1)).filter(({ id }) => id.startsWith(customer.tenantId));
    expect(events).toHaveLength(1);
  }, 60_000);

  it('answers 503 with a wrong key set, and loses nothing once the keys are right', async () => {
    const customer = await flow.onboard(['jobStarted', 'jobFetchable']);
    const before = (await flow.events()).length;
    const wrong = `other:${testKey(9).toString('base64')}`;
    await flow.cloud.restartHost(0, { CLIENT_STATE_KEYS: wrong });
    await flow.control.print(customer.tenantId, { printerId: customer.printerId });
    await eventually('a POST was answered with 503', async () => {
      const deliveries = await flow.control.deliveries();
      return deliveries.find(({ status, items }) => status === 503 && items[0]?.tenantId === customer.tenantId);
    });
    await flow.cloud.restartHost();
    const events = (await flow.untilEvents(before + 2)).filter(({ id }) => id.startsWith(customer.tenantId));
    expect(events.map(({ type }) => type).sort()).toEqual(['print.job.fetchable', 'print.job.started']);
  }, 60_000);
});
