import { startFlow, type Customer, type Flow } from '../support/startFlow';

describe('jobs that are not as their notification says', () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow({ proxy: true });
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  const eventsOf = async (customer: Customer, count: number) => {
    const before = (await flow.events()).filter(({ id }) => !id.startsWith(customer.tenantId)).length;
    return (await flow.untilEvents(before + count)).filter(({ id }) => id.startsWith(customer.tenantId));
  };

  it.each(['jobStarted', 'jobFetchable'] as const)(
    '%s: a job that is not visible yet is waited for',
    async (kind) => {
      const customer = await flow.onboard([kind], { trigger: kind === 'jobStarted' });
      await flow.control.print(customer.tenantId, { printerId: customer.printerId, visibleAfterMs: 3_000 });
      const events = await eventsOf(customer, 1);
      expect(events.map(({ data }) => data['outcome'])).toEqual([kind === 'jobStarted' ? 'released' : 'fetchable']);
    },
    30_000,
  );

  it('a job that is not fetchable yet is waited for', async () => {
    const customer = await flow.onboard(['jobFetchable'], { trigger: false });
    await flow.control.print(customer.tenantId, { printerId: customer.printerId, fetchableAfterMs: 3_000 });
    const events = await eventsOf(customer, 1);
    expect(events.map(({ data }) => data['outcome'])).toEqual(['fetchable']);
  }, 30_000);

  it.each([
    ['printed already', 'printed', 'complete'],
    ['taken by the printer', 'printed', 'acquire'],
    ['canceled', 'ended', 'cancel'],
  ])(
    'a fetchable job that is %s when read still gives its event',
    async (_how, outcome, action) => {
      const customer = await flow.onboard(['jobFetchable'], { trigger: false });
      const { tenantId, printerId } = customer;
      const read = flow.cloud.proxy?.fault({
        match: ({ effect, path }) => effect.startsWith('graph.GET') && path.includes(printerId),
        when: 'before',
        action: 'hold',
      });
      const [job] = await flow.control.print(tenantId, { printerId });
      await read?.reached;
      await flow.control.actOnJob(tenantId, printerId, job?.jobId ?? '', action);
      read?.release();
      const events = await eventsOf(customer, 1);
      expect(events.map(({ data }) => data['outcome'])).toEqual([outcome]);
    },
    30_000,
  );
});
