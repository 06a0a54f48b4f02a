import type { Variants } from '../../local/graphSimulator/world/variants';
import {
  eventsOf,
  jobAtGraph,
  onboardUnder,
  outcomesOf,
  printUnder,
  storeWishOf,
  untilEventsOf,
} from '../support/flowRules';
import { startFlow, type Flow } from '../support/startFlow';

/** What the pages on jobs and tasks leave open (local/graphSimulator/world/variants.ts), read in the likelier way and otherwise. */
const READINGS: { reading: string; variants: Partial<Variants> }[] = [
  {
    reading: 'the likelier readings',
    variants: {
      abortEndsTask: true,
      cancelEndsTask: true,
      abortedTask: 'releasesJob',
      redirectedJobState: 'canceled',
      redirectShownAfterMs: 0,
      jobWriteWithoutTask: 'reject400',
      patchEndedTask: 'reject400',
      manageAlone: false,
      taskDescription: 'kept',
    },
  },
  {
    reading: 'the opposite readings',
    variants: {
      abortEndsTask: false,
      cancelEndsTask: false,
      abortedTask: 'abortsJob',
      redirectedJobState: 'completed',
      redirectShownAfterMs: 5_000,
      jobWriteWithoutTask: 'reject403',
      patchEndedTask: 'reject409',
      manageAlone: true,
      taskDescription: 'rewritten',
    },
  },
  {
    reading: 'a mixture of readings',
    variants: {
      abortEndsTask: true,
      cancelEndsTask: false,
      abortedTask: 'abortsJob',
      redirectedJobState: 'aborted',
      redirectShownAfterMs: 0,
      jobWriteWithoutTask: 'reject409',
      patchEndedTask: 'accept',
      manageAlone: false,
      taskDescription: 'rewritten',
    },
  },
];

/** Whether an abort ends the task of its job itself is not documented (api/printjob-abort.md). */
const ENDED: unknown = expect.stringMatching(/^(completed|aborted)$/);
const HELD = 'print.job.started held';
const HOUR_MS = 60 * 60_000;
/** A job that Graph stops showing has been deleted after this time. */
const NOT_SHOWN_MS = 10 * 60_000;
/** Reads the job, and changes nothing of it. */
const OBSERVE = ['PrintTaskDefinition.ReadWrite.All', 'Printer.Read.All', 'PrintJob.ReadBasic.All'];

jest.setTimeout(20_000);

let flow: Flow;
beforeAll(async () => {
  flow = await startFlow({ clock: true });
}, 60_000);
afterAll(() => flow.stop(), 30_000);

/** What rules do to started jobs, and how held jobs end, through the built app. */
describe.each(READINGS)('actions on jobs, under $reading', ({ variants }) => {
  beforeAll(() => flow.control.setVariants(variants));

  it('aborts a job, and its task ends', async () => {
    const printed = await printUnder(flow, { abort: { reason: 'Too many copies' } });
    expect(await eventsOf(flow, printed.customer)).toMatchObject([
      { type: 'print.job.started', data: { outcome: 'aborted', rule: 'the rule' } },
    ]);
    expect(await jobAtGraph(flow, printed)).toMatchObject({ state: 'aborted', tasks: [{ state: ENDED }] });
  });

  it('changes a job before it is released', async () => {
    const printed = await printUnder(flow, { release: {}, configure: { colorMode: 'grayscale' } });
    const { tenantId } = printed.customer;
    expect(await outcomesOf(flow, printed.customer)).toEqual(['print.job.started released']);
    expect(await jobAtGraph(flow, printed)).toMatchObject({
      configuration: { colorMode: 'grayscale' },
      tasks: [{ state: 'completed' }],
    });
    const calls = await flow.control.calls();
    const mine = calls.filter((call) => call.tenantId === tenantId && call.method === 'PATCH');
    expect(mine.map(({ path }) => path.split('/').at(-2))).toEqual(['jobs', 'tasks']);
  });

  it('redirects a job to a printer that may have a trigger of its own', async () => {
    const customer = await onboardUnder(flow, (printer) => ({ redirect: { printer } }));
    const { tenantId, printerId, definitionId, targetId } = customer;
    await flow.control.createTrigger(tenantId, { printerId: targetId, definitionId });
    await flow.control.print(tenantId, { printerId });
    // The second job was redirected, and a rule has to ask for such jobs: no rules make a loop.
    const events = await untilEventsOf(flow, customer, 2);
    expect(events.map(({ data }) => [data['printerId'], data['outcome']]).sort()).toEqual(
      [
        [printerId, 'redirected'],
        [targetId, 'released'],
      ].sort(),
    );
    const redirected = events.find(({ data }) => data['outcome'] === 'redirected');
    expect(redirected?.data['redirectedTo']).toMatchObject({ printerId: targetId });
  });

  it('holds a job until someone releases it', async () => {
    const printed = await printUnder(flow, { hold: { for: '4h', else: 'abort' } });
    await flow.runNow(['sweepJobs', 'recoverJobs']);
    expect(await jobAtGraph(flow, printed)).toMatchObject({ tasks: [{ state: 'processing' }] });
    expect(await outcomesOf(flow, printed.customer)).toEqual([HELD]);
    expect(await storeWishOf(flow, printed.key, { action: 'release' })).toMatchObject({ outcome: 'accepted' });
    await untilEventsOf(flow, printed.customer, 2);
    expect(await outcomesOf(flow, printed.customer)).toEqual([HELD, 'print.job.ended released']);
    expect(await jobAtGraph(flow, printed)).toMatchObject({ tasks: [{ state: 'completed' }] });
  });

  it('ends a hold within two minutes of its time', async () => {
    const printed = await printUnder(flow, { hold: { for: '1h', else: 'abort' } });
    flow.cloud.clock?.move(HOUR_MS + 60_000);
    await flow.runNow('recoverJobs');
    expect(await outcomesOf(flow, printed.customer)).toEqual([HELD, 'print.job.ended deadline']);
    expect(await jobAtGraph(flow, printed)).toMatchObject({ state: 'aborted', tasks: [{ state: ENDED }] });
  });

  it('reports a held job that its user cancels as ended: by the sweep, or where its task stays open, at the end of its hold', async () => {
    const printed = await printUnder(flow, { hold: { for: '1h', else: 'release' } });
    const { tenantId, printerId } = printed.customer;
    await flow.control.actOnJob(tenantId, printerId, printed.jobId, 'cancel');
    await flow.runNow('sweepJobs');
    if (!variants.cancelEndsTask) {
      expect(await outcomesOf(flow, printed.customer)).toEqual([HELD]);
      flow.cloud.clock?.move(HOUR_MS + 60_000);
      await flow.runNow('recoverJobs');
    }
    expect(await outcomesOf(flow, printed.customer)).toEqual([HELD, 'print.job.ended ended']);
    expect(await jobAtGraph(flow, printed)).toMatchObject({ state: 'canceled', tasks: [{ state: ENDED }] });
  });

  it.each(['release', 'abort'])(
    'reports a held job that an administrator deletes as ended, with else: %s',
    async (end) => {
      const printed = await printUnder(flow, { hold: { for: '1h', else: end } });
      const { tenantId, printerId } = printed.customer;
      await flow.control.deleteJob(tenantId, printerId, printed.jobId);
      await flow.runNow('sweepJobs');
      if (!variants.cancelEndsTask) {
        expect(await outcomesOf(flow, printed.customer)).toEqual([HELD]);
        flow.cloud.clock?.move(HOUR_MS + 60_000);
        await flow.runNow('recoverJobs');
        flow.cloud.clock?.move(NOT_SHOWN_MS);
        await flow.untilQuiet();
      }
      expect(await outcomesOf(flow, printed.customer)).toEqual([HELD, 'print.job.ended ended']);
      expect(await flow.control.openTasks({ tenantId })).toEqual([]);
    },
  );

  it('keeps a job held when its wish is refused, and carries another one out', async () => {
    const printed = await printUnder(flow, { hold: { for: '4h', else: 'abort' } });
    const { tenantId, targetId } = printed.customer;
    await flow.control.deletePrinter(tenantId, targetId);
    await storeWishOf(flow, printed.key, { action: 'redirect', printerId: targetId });
    await flow.untilQuiet();
    const row = await (await flow.services.ledger()).get(printed.key);
    expect(row?.value).toMatchObject({ status: 'held' });
    expect(row?.value.lastRefusal).toContain('404');
    expect(row?.value).not.toHaveProperty('wish');
    expect(await outcomesOf(flow, printed.customer)).toEqual([HELD]);
    expect(await storeWishOf(flow, printed.key, { action: 'abort' })).toMatchObject({ outcome: 'accepted' });
    await untilEventsOf(flow, printed.customer, 2);
    expect(await outcomesOf(flow, printed.customer)).toEqual([HELD, 'print.job.ended aborted']);
  });

  it('ends a job by onFailure when the printer of its redirect is gone', async () => {
    const customer = await onboardUnder(flow, (printer) => ({ redirect: { printer } }), {
      fields: { onFailure: 'abort' },
    });
    await flow.control.deletePrinter(customer.tenantId, customer.targetId);
    await flow.control.print(customer.tenantId, { printerId: customer.printerId });
    expect(await untilEventsOf(flow, customer, 1)).toMatchObject([
      {
        type: 'print.job.started',
        data: { outcome: 'aborted', rule: 'the rule', refused: { action: 'redirect', code: 'graphNotFound' } },
      },
    ]);
  });

  it.each([
    ['redirect', 'release', 'released'],
    ['abort', 'abort', 'aborted'],
  ] as const)(
    'ends a job by onFailure when the customer has not granted its %s',
    async (action, onFailure, outcome) => {
      const then = (printer: string) => (action === 'redirect' ? { redirect: { printer } } : { abort: {} });
      const printed = await printUnder(flow, then, { fields: { onFailure }, roles: OBSERVE });
      const events = await eventsOf(flow, printed.customer);
      expect(events).toMatchObject([{ data: { outcome, refused: { action, code: 'graphForbidden' } } }]);
      expect(await jobAtGraph(flow, printed)).toMatchObject({
        tasks: [{ state: outcome === 'aborted' ? 'aborted' : 'completed' }],
      });
    },
  );
});

it('ends a hold whose time came up while the app was down', async () => {
  const { customer } = await printUnder(flow, { hold: { for: '1h', else: 'release' } });
  await flow.cloud.hosts[0]?.kill();
  flow.cloud.clock?.move(5 * HOUR_MS);
  await flow.cloud.restartHost();
  await flow.runNow('recoverJobs');
  expect((await outcomesOf(flow, customer)).at(-1)).toBe('print.job.ended deadline');
}, 30_000);
