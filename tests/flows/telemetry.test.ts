import { startFlow, type Flow } from '../support/startFlow';
import { startIngestion, type Ingestion } from '../support/startIngestion';

describe('telemetry of the built app', () => {
  let ingestion: Ingestion;
  let flow: Flow;
  beforeAll(async () => {
    ingestion = await startIngestion();
    flow = await startFlow({ settings: { APPLICATIONINSIGHTS_CONNECTION_STRING: ingestion.connectionString } });
  }, 60_000);
  afterAll(async () => {
    await flow.stop();
    await ingestion.close();
  }, 30_000);

  it('reaches the ingestion endpoint when the worker ends', async () => {
    const { tenantId, printerId } = await flow.onboard(['jobStarted']);
    await flow.control.print(tenantId, { printerId });
    await flow.untilEvents(1);
    await flow.untilQuiet();
    await flow.cloud.hosts[0]?.stop();
    const answered = ingestion.metric('upr.notifications.time').map(({ count, properties }) => ({ count, properties }));
    // Two handshakes of the subscription, one for each of its addresses, and one notification.
    expect(answered).toEqual([
      { count: 1, properties: { route: 'receiveNotifications', status: '200' } },
      { count: 1, properties: { route: 'receiveLifecycleEvents', status: '200' } },
      { count: 1, properties: { route: 'receiveNotifications', status: '202' } },
    ]);
  }, 60_000);
});
