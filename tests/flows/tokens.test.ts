import { startFlow, type Flow } from '../support/startFlow';

/** The real client-secret path of @azure/identity against the simulator's token endpoint, over https. */
describe('a token from Entra', () => {
  let flow: Flow;
  beforeAll(async () => {
    const settings = { GRAPH_CREDENTIAL: 'secret', ENTRA_CLIENT_SECRET: 'only-the-simulator-takes-this' };
    flow = await startFlow({ settings });
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  it('is fetched once for a tenant by @azure/identity and used for its jobs', async () => {
    const customer = await flow.onboard(['jobStarted', 'jobFetchable']);
    await flow.control.clearCalls();
    await flow.control.print(customer.tenantId, { printerId: customer.printerId, count: 3 });
    await flow.untilEvents(6);
    const tokenCalls = (await flow.control.calls({ target: 'token' })).filter(({ method }) => method === 'POST');
    expect(tokenCalls.map(({ status, path }) => [status, path])).toEqual([
      [200, `/${customer.tenantId}/oauth2/v2.0/token`],
    ]);
    const statuses = new Set((await flow.control.calls()).map(({ status }) => status));
    expect([...statuses]).toEqual([200]);
  }, 30_000);
});
