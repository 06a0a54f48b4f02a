import { startAlertFlow, type AlertFlow } from '../support/alertFlow';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

jest.setTimeout(60_000);

/** The alerts on customers, subscriptions and watches fire in their situation, through the built app. */
describe('alerts on customers', () => {
  let flow: AlertFlow;
  beforeAll(async () => {
    flow = await startAlertFlow();
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  const SITUATIONS: [situation: string, alerts: string[], drive: () => Promise<void>][] = [
    [
      'the trigger of a printer is deleted, and its next job carries no task',
      ['triggersLost'],
      async () => {
        const { tenantId, printerId, definitionId } = await flow.onboard(['jobStarted', 'jobFetchable'], {
          trigger: false,
        });
        const { id: trigger } = await flow.control.createTrigger(tenantId, { printerId, definitionId });
        await flow.control.print(tenantId, { printerId });
        await flow.untilEvents(2);
        await flow.runNow('sweepJobs');
        const token = await flow.control.mintUserToken({ tenantId });
        const url = `${flow.cloud.simulator.graphUrl}/v1.0/print/printers/${printerId}/taskTriggers/${trigger}`;
        const answer = await fetch(url, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
        expect(answer.status).toBe(204);
        await flow.control.print(tenantId, { printerId, count: 3 });
        // Younger jobs are not judged.
        await flow.moveClock(16 * MINUTE);
        await flow.runNow('sweepJobs');
      },
    ],
    [
      'a customer withdraws its consent',
      ['consentWithdrawn'],
      async () => {
        const { tenantId } = await flow.onboard(['jobFetchable'], { trigger: false });
        await flow.control.setConsent(tenantId, { granted: false });
        await flow.moveClock(HOUR);
        await flow.runNow('renewSubscriptions');
        await flow.control.setConsent(tenantId, { granted: true });
      },
    ],
    [
      'neither renewal nor sweep runs for more than two hours',
      ['renewalNotRunning', 'sweepNotRunning'],
      async () => {
        await flow.moveClock(HOUR);
        await flow.runNow(['renewSubscriptions', 'sweepJobs']);
        await flow.moveClock(121 * MINUTE);
      },
    ],
    ['no renewal runs for 47 hours', ['subscriptionsExpiring'], () => flow.moveClock(47 * HOUR)],
    ['no renewal runs until the subscriptions have expired', ['subscriptionsMissing'], () => flow.moveClock(71 * HOUR)],
    ['a watch sees no job in its first eight days', ['watchNeverSawJob'], () => flow.moveClock(8 * DAY)],
    ['the timer that measures the service has not run for 16 minutes', ['noData'], () => flow.moveClock(16 * MINUTE)],
  ];
  /** These say that nothing was measured. */
  const BLIND = ['noData'];

  it.each(SITUATIONS)('%s: %j', async (_situation, alerts, drive) => {
    flow.forget();
    await flow.runNow(['renewSubscriptions', 'sweepJobs']);
    await flow.measure();
    expect(alerts.flatMap((alert) => flow.evaluate(alert))).toEqual([]);
    await drive();
    if (!alerts.some((alert) => BLIND.includes(alert))) await flow.measure();
    for (const alert of alerts) expect((await flow.untilFires(alert)).length).toBeGreaterThan(0);
  });

  it('a printer that was busy in these hours one and two weeks ago has no job for five hours: watchSilent', async () => {
    flow.forget();
    const { tenantId, printerId } = await flow.onboard(['jobFetchable'], { trigger: false });
    const week = async () => {
      await flow.runNow('renewSubscriptions');
      for (let hour = 0; hour < 4; hour += 1) {
        await flow.control.print(tenantId, { printerId, count: 4 });
        await flow.moveClock(HOUR);
      }
    };
    await week();
    await flow.moveClock(7 * DAY - 4 * HOUR);
    await week();
    await flow.moveClock(7 * DAY - 4 * HOUR);
    await flow.measure();
    expect(flow.evaluate('watchSilent')).toEqual([]);
    await flow.moveClock(5 * HOUR);
    await flow.measure();
    const rows = await flow.untilFires('watchSilent');
    expect(rows).toMatchObject([{ Customer: tenantId, Watch: `jobFetchable_${printerId}` }]);
  });
});
