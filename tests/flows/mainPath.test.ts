import { startFlow, type Flow } from '../support/startFlow';

/** The product in one file: a notification goes in, one job event comes out, and the job does not wait. */
describe('the main path through the built app', () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow({ proxy: true, shippedPolls: true });
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  it('releases a started job and tells of it once', async () => {
    const customer = await flow.onboard(['jobStarted']);
    const [job] = await flow.control.print(customer.tenantId, { printerId: customer.printerId });
    const events = await flow.untilEvents(1);
    await flow.untilQuiet();

    const { tenantId, printerId, definitionId } = customer;
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      specversion: '1.0',
      id: `${tenantId}/jobStarted_${definitionId}_${job?.taskId}`,
      source: `/tenants/${tenantId}/printers/${printerId}`,
      subject: `jobs/${job?.jobId}`,
      type: 'print.job.started',
      datacontenttype: 'application/json',
      data: {
        tenantId,
        printerId,
        definitionId,
        jobId: job?.jobId,
        taskId: job?.taskId,
        outcome: 'released',
      },
    });
    const state = await flow.control.state();
    const tasks = state.tenants.flatMap((tenant) => tenant.jobs).flatMap((printed) => printed.tasks);
    expect(tasks.map((task) => task.state)).toEqual(['completed']);
  }, 30_000);

  it('tells of a fetchable job once, with its documents', async () => {
    const before = (await flow.events()).length;
    const customer = await flow.onboard(['jobFetchable'], { trigger: false });
    const [job] = await flow.control.print(customer.tenantId, { printerId: customer.printerId });
    const events = (await flow.untilEvents(before + 1)).slice(before);
    await flow.untilQuiet();

    const { tenantId, printerId } = customer;
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      id: `${tenantId}/jobFetchable_${printerId}_${job?.jobId}`,
      type: 'print.job.fetchable',
      data: {
        outcome: 'fetchable',
        job: { id: job?.jobId, isFetchable: true },
        documents: [expect.any(Object)],
      },
    });
  }, 30_000);

  // Every page of api-reference/v1.0 that the app rests on is in api-reference/beta too.
  it('subscribes, releases and tells by beta alone when GRAPH_BASE_URL says so', async () => {
    const before = (await flow.events()).length;
    const { tenantId, printerId, definitionId } = await flow.onboard([]);
    const base = flow.cloud.settings['GRAPH_BASE_URL'] ?? '';
    await flow.cloud.restartHost(0, { GRAPH_BASE_URL: base.replace(/v1\.0$/, 'beta') });
    await flow.control.clearCalls();
    const watches = await flow.services.watches();
    const wish = { tenantId, since: new Date().toISOString(), wanted: true, generation: 0, failures: 0 };
    await watches.add({ ...wish, kind: 'jobStarted', id: definitionId });
    await watches.add({ ...wish, kind: 'jobFetchable', id: printerId });
    await flow.runNow('renewSubscriptions');
    await flow.control.print(tenantId, { printerId });
    const events = (await flow.untilEvents(before + 2)).slice(before);
    await flow.runNow('sweepJobs');

    expect(events.map(({ type, data }) => [type, data['outcome']])).toEqual([
      ['print.job.started', 'released'],
      ['print.job.fetchable', 'fetchable'],
    ]);
    expect((await flow.events()).length).toBe(before + 2);
    const calls = await flow.control.calls();
    expect(calls.filter(({ path }) => !path.startsWith('/beta/'))).toEqual([]);
    expect(calls.filter(({ method, route }) => method === 'POST' && route === '/subscriptions')).toMatchObject([
      { status: 201 },
      { status: 201 },
    ]);
  }, 60_000);
});
