import { startFlow, type Customer, type Flow } from '../support/startFlow';
import { untilQueueEmpty } from '../support/untilQueueEmpty';

const DAY_MS = 24 * 60 * 60_000;

describe('retention', () => {
  let flow: Flow;
  let customer: Customer;
  let document: string;
  beforeAll(async () => {
    flow = await startFlow({ clock: true });
    customer = await flow.onboard(['jobStarted', 'jobFetchable']);
    const { tenantId, printerId } = customer;
    document = `${tenantId}/${printerId}/1/d`;
    await flow.control.print(tenantId, { printerId, count: 2 });
    await flow.untilEvents(4);
    await untilQueueEmpty(flow);
    const content = (async function* () {
      await Promise.resolve();
      yield Buffer.from('a document');
    })();
    const facts = { contentType: 'application/pdf', source: 'print' };
    await (await flow.services.documents()).store(document, content, facts, AbortSignal.timeout(10_000));
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  const choose = async (days: { personalDataDays?: number; documentDays?: number }) =>
    (await flow.services.tenants()).update(customer.tenantId, (tenant) => ({ ...tenant, ...days }));
  const rows = async () => {
    const found = [];
    const onUnreadable = () => undefined;
    const ledger = await flow.services.ledger();
    for await (const { row } of ledger.list(customer.tenantId, { withJob: true, onUnreadable })) found.push(row);
    return found;
  };
  const hasDocument = async () => (await (await flow.services.documents()).find(document)) !== undefined;
  const apply = async () => {
    await flow.runNow('applyRetention');
    return flow.logged('retention.applied').at(-1);
  };

  it('removes nothing before its days have passed', async () => {
    flow.cloud.clock?.move(10 * DAY_MS);
    expect(await apply()).toMatchObject({ rows: 0, rowsBlanked: 0, documents: 0, failed: 0, timeUp: false });
    expect(await rows()).toHaveLength(4);
  }, 60_000);

  it('removes personal data and documents after the days that the customer has chosen', async () => {
    expect((await rows()).filter((row) => row?.job?.includes('createdBy'))).toHaveLength(4);
    await choose({ personalDataDays: 5, documentDays: 5 });
    expect(await apply()).toMatchObject({ rows: 0, rowsBlanked: 4, documents: 1, failed: 0 });
    expect((await rows()).filter((row) => row?.job !== undefined)).toEqual([]);
    expect(await hasDocument()).toBe(false);
  }, 60_000);

  it('removes rows after 30 days, and no job of them sends a second event', async () => {
    flow.cloud.clock?.move(21 * DAY_MS);
    expect(await apply()).toMatchObject({ rows: 4, rowsKept: 0, failed: 0 });
    expect(await rows()).toEqual([]);
    await flow.runNow('sweepJobs');
    await untilQueueEmpty(flow);
    expect(await flow.events()).toHaveLength(4);
  }, 60_000);

  it('with 0 days, the write that ends the work removes what it says of people', async () => {
    await choose({ personalDataDays: 0 });
    const { tenantId, printerId } = customer;
    await flow.runNow('renewSubscriptions');
    await flow.control.print(tenantId, { printerId });
    const events = await flow.untilEvents(6);
    await untilQueueEmpty(flow);
    expect(events.slice(4).map(({ data }) => data['job'])).toEqual([
      expect.objectContaining({ createdBy: expect.any(Object) as object }),
      expect.objectContaining({ createdBy: expect.any(Object) as object }),
    ]);
    const left = await rows();
    expect(left.map((row) => [row?.status, row?.job, typeof row?.blankedAt])).toEqual([
      ['done', undefined, 'string'],
      ['done', undefined, 'string'],
    ]);
  }, 60_000);
});
