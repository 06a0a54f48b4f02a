import { rulesBlobOf } from '../../shared/rules/storedRules';
import { startAlertFlow, type AlertFlow } from '../support/alertFlow';
import { onboardUnder, printJobOf, storeRules } from '../support/flowRules';
import { untilNothingWaits } from '../support/untilQueueEmpty';

const MINUTE = 60_000;
/** Roles that read jobs and end tasks, and change no job. */
const OBSERVE = ['PrintTaskDefinition.ReadWrite.All', 'PrintJob.ReadBasic.All', 'Printer.Read.All'];
const HOLD = { hold: { for: '1h', else: 'release' } };

jest.setTimeout(60_000);

/** The alerts on jobs fire in their situation, through the built app, at the thresholds of infra/alerts. */
describe('alerts on jobs', () => {
  let flow: AlertFlow;
  beforeAll(async () => {
    flow = await startAlertFlow();
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  /** Graph notifies of nothing that is printed meanwhile. */
  const withoutNotifications = async (print: () => Promise<unknown>) => {
    await flow.control.setDelivery({ lossRate: 1 });
    await print();
    await flow.control.idle();
    await flow.control.setDelivery({ lossRate: 0 });
  };
  const write = async (tenantId: string, document: string) =>
    (await flow.services.configBlobs()).write(rulesBlobOf(tenantId), document);

  const SITUATIONS: [situation: string, alerts: string[], drive: () => Promise<void>][] = [
    [
      'five jobs are found by the sweep ten minutes after they were printed',
      ['jobsLate', 'notificationsLost'],
      async () => {
        const { tenantId, printerId } = await flow.onboard(['jobStarted']);
        await withoutNotifications(() => flow.control.print(tenantId, { printerId, count: 5 }));
        await flow.moveClock(10 * MINUTE);
        await flow.runNow('sweepJobs');
      },
    ],
    [
      'three jobs are deleted before the app reads them',
      ['jobsGone'],
      async () => {
        const { tenantId, printerId } = await flow.onboard(['jobFetchable'], { trigger: false });
        await flow.control.print(tenantId, { printerId, count: 3, visibleAfterMs: 24 * 60 * MINUTE });
        await flow.control.idle();
        await flow.moveClock(11 * MINUTE);
        await untilNothingWaits(flow, 20_000);
      },
    ],
    [
      'Graph refuses to abort three jobs',
      ['actionsRefused'],
      async () => {
        const customer = await onboardUnder(flow, { abort: {} }, { roles: OBSERVE });
        for (let job = 0; job < 3; job += 1) await printJobOf(flow, customer);
      },
    ],
    [
      'the download address of a document has expired each time',
      ['archiveFailures'],
      async () => {
        const { tenantId, printerId } = await flow.onboard(['jobFetchable'], { trigger: false });
        const rules = [{ name: 'keep all', on: 'jobFetchable', then: { archive: {} } }];
        await write(tenantId, JSON.stringify({ version: 1, rules }));
        await flow.control.setVariants({ downloadLifetimeMs: 0 });
        await flow.control.print(tenantId, { printerId });
        await flow.untilQuiet();
        await untilNothingWaits(flow, 20_000);
        await flow.control.setVariants({ downloadLifetimeMs: 60 * MINUTE });
      },
    ],
    [
      'a rules document is no valid JSON',
      ['rulesInvalid'],
      async () => {
        const { tenantId } = await flow.onboard(['jobStarted']);
        await write(tenantId, '{');
      },
    ],
    [
      'Graph confirms the end of a task and lists it as open after each try',
      ['tasksLeftOpen'],
      async () => {
        const { tenantId, printerId } = await flow.onboard(['jobStarted']);
        await flow.control.addFault({ tenantId, method: 'PATCH', count: -1, action: { type: 'status', status: 200 } });
        await flow.control.print(tenantId, { printerId });
        await flow.untilEvents(1);
        // The sweep waits longer after each try.
        for (let sweep = 0; sweep < 5; sweep += 1) {
          await flow.moveClock(6 * 60 * MINUTE);
          await flow.runNow('sweepJobs');
        }
        await flow.control.clearFaults();
      },
    ],
    [
      'Graph refuses the pull print printer that three jobs were sent to',
      ['jobsUnreadable'],
      async () => {
        await flow.control.setVariants({ pullPrintJobs: 'forbidden' });
        const { tenantId, definitionId } = await flow.onboard(['jobStarted']);
        const { id } = await flow.control.createPullPrintPrinter(tenantId, {});
        await flow.control.createTrigger(tenantId, { printerId: id, definitionId });
        await flow.control.print(tenantId, { printerId: id, count: 3 });
        await flow.untilQuiet();
      },
    ],
    [
      '80 jobs are printed and held at one printer within ten minutes',
      ['printerHeldJobs', 'printerNearLimit'],
      async () => {
        const customer = await flow.onboard(['jobStarted']);
        await storeRules(flow, customer, HOLD);
        await flow.control.print(customer.tenantId, { printerId: customer.printerId, count: 80 });
        await flow.untilQuiet();
      },
    ],
    ['a hold is over for 11 minutes and no timer ends it', ['heldOverdue'], () => flow.moveClock(71 * MINUTE)],
  ];

  it.each(SITUATIONS)('%s: %j', async (_situation, alerts, drive) => {
    flow.forget();
    await flow.measure();
    expect(alerts.flatMap((alert) => flow.evaluate(alert))).toEqual([]);
    await drive();
    await flow.measure();
    for (const alert of alerts) expect((await flow.untilFires(alert)).length).toBeGreaterThan(0);
  });
});
