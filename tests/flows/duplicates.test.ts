import { eventually } from '../support/eventually';
import { startFlow, type Flow } from '../support/startFlow';
import { untilQueueEmpty } from '../support/untilQueueEmpty';

describe('duplicates of a notification', () => {
  let flow: Flow;
  beforeAll(async () => {
    // Two host processes work on one storage at the same moment.
    flow = await startFlow({ hosts: 2, clock: true });
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  it.each([
    ['in the same POST', { duplicateInSamePost: true, duplicateEach: false, reorder: false }],
    ['in another POST', { duplicateInSamePost: false, duplicateEach: true, reorder: false }],
    ['in both, in random order', { duplicateInSamePost: true, duplicateEach: true, reorder: true }],
  ])(
    'give one event for each job: %s',
    async (_where, delivery) => {
      await flow.control.setDelivery(delivery);
      const customer = await flow.onboard(['jobStarted', 'jobFetchable']);
      const jobs = await flow.control.print(customer.tenantId, { printerId: customer.printerId, count: 10 });
      const mine = async () => (await flow.events()).filter(({ id }) => id.startsWith(customer.tenantId));
      await eventually('20 events', async () => ((await mine()).length >= 20 ? true : undefined), 45_000);
      // Later duplicates, long after the job was done.
      await flow.control.redeliver({ match: { tenantId: customer.tenantId } });
      await flow.control.idle();
      await untilQueueEmpty(flow);

      const { tenantId, definitionId, printerId } = customer;
      const expected = jobs.flatMap((job) => [
        `${tenantId}/jobStarted_${definitionId}_${job.taskId}`,
        `${tenantId}/jobFetchable_${printerId}_${job.jobId}`,
      ]);
      expect((await mine()).map(({ id }) => id).sort()).toEqual(expected.sort());
      expect(await flow.queues.length('print-notifications-poison')).toBe(0);
    },
    120_000,
  );

  it('are worked on by both hosts', () => {
    const workers = flow.cloud.hosts.filter((host) => host.lines().some((line) => line.includes('job.processed')));
    expect(workers).toHaveLength(2);
  });
});
