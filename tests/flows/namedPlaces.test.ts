import { eventually } from '../support/eventually';
import { startFlow, type Customer, type Flow, type SeenEvent } from '../support/startFlow';

const GRAPH = 'https://graph.microsoft.com/v1.0/print';

/** Jobs that Graph names by more than a printer, or that moved to another printer. */
describe('where a job is', () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow({ clock: true });
  }, 60_000);
  afterEach(async () => {
    await flow.control.setVariants({ sharedJobNamedBy: 'printer', castSegments: false, pullPrintJobs: 'shown' });
    expect(await flow.queues.length('print-notifications-poison')).toBe(0);
  });
  afterAll(() => flow.stop(), 30_000);

  const openTasks = ({ tenantId }: Customer) => flow.control.openTasks({ tenantId });
  const untilReleased = async (customer: Customer) => {
    await eventually('the release of the task', async () =>
      (await openTasks(customer)).length === 0 ? true : undefined,
    );
    await flow.untilQuiet();
  };
  const eventsOf = async ({ tenantId }: Customer): Promise<SeenEvent[]> =>
    (await flow.events()).filter(({ id }) => id.startsWith(tenantId));
  const unreadable = ({ tenantId }: Customer) =>
    flow.logged('job.unreadable').filter((line) => line['tenantId'] === tenantId);
  const shareOf = async ({ tenantId, printerId }: Customer) =>
    (await flow.control.createShare(tenantId, { printerId })).id;
  const pullPrintOf = async ({ tenantId, definitionId }: Customer) => {
    const { id } = await flow.control.createPullPrintPrinter(tenantId, {});
    await flow.control.createTrigger(tenantId, { printerId: id, definitionId });
    return id;
  };

  it.each([false, true])(
    'a job named through a share has one key, with its trigger and without (cast segments: %p)',
    async (castSegments) => {
      await flow.control.setVariants({ sharedJobNamedBy: 'share', castSegments });
      const customer = await flow.onboard(['jobStarted', 'jobFetchable']);
      const { tenantId, printerId } = customer;
      const shareId = await shareOf(customer);
      const [job] = await flow.control.print(tenantId, { shareId });
      await untilReleased(customer);
      await eventually('both events', async () => ((await eventsOf(customer)).length === 2 ? true : undefined));
      // The sweep lists the same job below its printer, and the same task.
      await flow.runNow('sweepJobs');
      const events = await eventsOf(customer);
      expect(events.map(({ id, data }) => [id, data['outcome'], data['printerId']])).toEqual(
        expect.arrayContaining([
          [`${tenantId}/jobStarted_${customer.definitionId}_${job?.taskId ?? ''}`, 'released', printerId],
          [`${tenantId}/jobFetchable_${printerId}_${job?.jobId ?? ''}`, 'fetchable', printerId],
        ]),
      );
      expect(events).toHaveLength(2);
    },
    30_000,
  );

  it('a job of a pull print printer is released, and its id has a prefix in the event', async () => {
    const customer = await flow.onboard(['jobStarted']);
    const id = await pullPrintOf(customer);
    const [job] = await flow.control.print(customer.tenantId, { printerId: id });
    await untilReleased(customer);
    expect(await eventsOf(customer)).toMatchObject([
      { data: { outcome: 'released', printerId: `pullprint.${id}`, jobId: job?.jobId, job: { id: job?.jobId } } },
    ]);
  }, 30_000);

  it.each(['forbidden', 'unknownPath'] as const)(
    'a pull print printer whose jobs the app cannot read (%s) is released: the event and the log say so',
    async (pullPrintJobs) => {
      await flow.control.setVariants({ pullPrintJobs });
      const customer = await flow.onboard(['jobStarted']);
      const id = await pullPrintOf(customer);
      await flow.control.print(customer.tenantId, { printerId: id });
      await untilReleased(customer);
      expect(await eventsOf(customer)).toMatchObject([
        { data: { outcome: 'unreadable', printerId: `pullprint.${id}`, job: null } },
      ]);
      expect(unreadable(customer)).toMatchObject([{ printerId: `pullprint.${id}` }]);
    },
    30_000,
  );

  it('one that shows no job (404) holds its user up no longer than the ten minutes of "not yet"', async () => {
    await flow.control.setVariants({ pullPrintJobs: 'notFound' });
    const customer = await flow.onboard(['jobStarted']);
    const id = await pullPrintOf(customer);
    await flow.control.print(customer.tenantId, { printerId: id });
    await eventually('the first look', () =>
      flow.logged('job.deferred').some((line) => line['tenantId'] === customer.tenantId) ? true : undefined,
    );
    expect(await openTasks(customer)).toHaveLength(1);
    flow.cloud.clock?.move(10 * 60_000 + 1_000);
    await untilReleased(customer);
    expect(await eventsOf(customer)).toMatchObject([{ data: { outcome: 'unreadable', job: null } }]);
    expect(unreadable(customer)).toMatchObject([{ cause: 'jobNotFound' }]);
  }, 30_000);

  it('a paused job without a task of this app is never touched', async () => {
    const customer = await flow.onboard(['jobFetchable'], { trigger: false });
    const { tenantId, printerId } = customer;
    const theirs = await flow.control.createDefinition(tenantId, { appId: 'another-app' });
    await flow.control.createTrigger(tenantId, { printerId, definitionId: theirs.id });
    await flow.control.print(tenantId, { printerId });
    await flow.runNow('sweepJobs');
    expect(await openTasks(customer)).toHaveLength(1);
    const calls = (await flow.control.calls()).filter((call) => call.tenantId === tenantId);
    const writes = calls.filter(({ method, path }) => method !== 'GET' && path.includes('/print/'));
    expect(writes).toEqual([]);
    expect(await eventsOf(customer)).toEqual([]);
  }, 30_000);

  it.each(['canceled', 'completed'] as const)(
    'a redirected job is reported as redirected with its target, never as printed (it is %s at Graph)',
    async (redirectedJobState) => {
      await flow.control.setVariants({ redirectedJobState });
      const customer = await flow.onboard(['jobStarted']);
      const { tenantId, printerId } = customer;
      const { id: target } = await flow.control.createPrinter(tenantId, {});
      await flow.watch({ tenantId, kind: 'jobFetchable', id: printerId });
      await flow.watch({ tenantId, kind: 'jobFetchable', id: target });
      // The product of the vendor redirects before the notification arrives.
      await flow.control.setDelivery({ delayMs: 2_000 });
      const [job] = await flow.control.print(tenantId, { printerId });
      const redirected = await fetch(
        `${flow.cloud.simulator.graphUrl}/v1.0/print/printers/${printerId}/jobs/${job?.jobId ?? ''}/redirect`,
        {
          method: 'POST',
          headers: { authorization: `Bearer development.${tenantId}`, 'content-type': 'application/json' },
          body: JSON.stringify({ destinationPrinterId: target }),
        },
      );
      const { id: targetJobId } = (await redirected.json()) as { id: string };
      await flow.control.setDelivery({ delayMs: 0 });
      await eventually('two events', async () => ((await eventsOf(customer)).length >= 2 ? true : undefined));
      await flow.runNow('sweepJobs');
      const outcomes = (await eventsOf(customer)).map(({ type, data }) => [type, data['printerId'], data['outcome']]);
      expect(outcomes).toEqual(
        expect.arrayContaining([
          ['print.job.started', printerId, 'redirected'],
          ['print.job.fetchable', target, 'fetchable'],
        ]),
      );
      expect(outcomes.flat()).not.toContain('printed');
      const events = await eventsOf(customer);
      for (const { data } of events.filter(({ data }) => data['outcome'] === 'redirected')) {
        expect(data).toMatchObject({
          redirectedTo: { printerId: target, jobId: targetJobId },
          job: { redirectedTo: `${GRAPH}/printers/${target}/jobs/${targetJobId}` },
        });
      }
      expect(events.find(({ data }) => data['outcome'] === 'fetchable')?.data).toMatchObject({
        redirectedFrom: { printerId, jobId: job?.jobId },
      });
    },
    30_000,
  );
});
