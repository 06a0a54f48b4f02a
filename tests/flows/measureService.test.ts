import { startFlow, type Flow } from '../support/startFlow';

let flow: Flow;
beforeAll(async () => {
  flow = await startFlow();
});
afterAll(() => flow.stop());

it('the timer measures queues, tables, rules and jobs of the local cloud, and says that its run is complete', async () => {
  const { tenantId, printerId } = await flow.onboard(['jobStarted', 'jobFetchable']);
  await flow.control.print(tenantId, { printerId });
  await flow.untilEvents(1);
  await flow.untilQuiet();
  await flow.runNow('measureService');
  expect(flow.logged('service.notMeasured')).toEqual([]);
  expect(flow.logged('service.measured')).toEqual([expect.objectContaining({ parts: 12, failed: 0 })]);
  expect(flow.logged('job.claimed')).toContainEqual(expect.objectContaining({ kind: 'jobStarted', foundBy: 'graph' }));
});
