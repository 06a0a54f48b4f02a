import { eventually } from '../support/eventually';
import { runCommand } from '../support/runCommand';
import { startFlow, type Flow } from '../support/startFlow';

jest.setTimeout(120_000);

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const THEIR_APP = '0b1c2d3e-0000-4000-8000-000000000001';

/**
 * Another vendor's app in the same tenant: its definition, trigger and open tasks. `all` is the reading of Graph's documentation
 * in which every app sees and may change them (resources/printtaskdefinition.md), so that only this app's own care protects them.
 */
describe.each(['own', 'all'] as const)('an app of another vendor, where Graph shows an app %s definitions', (scope) => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow({ clock: true });
    await flow.control.setVariants({ definitionScope: scope });
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  const moveClock = async (ms: number) => {
    await flow.untilQuiet();
    flow.cloud.clock?.move(ms);
  };

  it('keeps its definition, trigger, task and held job, whatever the timers and an operator do', async () => {
    const { control } = flow;
    const ours = await flow.onboard(['jobStarted', 'jobFetchable']);
    const { tenantId } = ours;
    const { id: definitionId } = await control.createDefinition(tenantId, { displayName: 'Theirs', appId: THEIR_APP });
    const { id: printerId } = await control.createPrinter(tenantId, { displayName: 'Their printer' });
    await control.createTrigger(tenantId, { printerId, definitionId });
    await control.print(tenantId, { printerId });
    await control.print(tenantId, { printerId: ours.printerId });
    await flow.untilEvents(1);
    const held = await eventually('their task is the open one', async () => {
      const open = await control.openTasks({ tenantId });
      return open.length === 1 ? open[0] : undefined;
    });
    const { taskId } = held;

    const theirs = async () => {
      const tenant = (await control.state()).tenants.find((one) => one.tenantId === tenantId);
      return {
        definition: tenant?.definitions.find(({ id }) => id === definitionId)?.displayName,
        trigger: tenant?.printers.find(({ id }) => id === printerId)?.trigger?.definitionId,
        open: (await control.openTasks({ tenantId })).map((task) => task.taskId),
      };
    };
    const untouched = { definition: 'Theirs', trigger: definitionId, open: [taskId] };
    const run = (...argv: string[]) => runCommand(argv, { env: flow.cloud.environment });

    // Past its deadline, past the end of each daily listing, and with a customer that is paused.
    for (const ms of [16 * MINUTE, DAY, DAY]) {
      await moveClock(ms);
      await flow.runNow(['sweepJobs', 'renewSubscriptions']);
      expect(await theirs()).toEqual(untouched);
    }
    for (const verb of ['pause', 'resume']) {
      expect(await run('tenants', verb, tenantId)).toMatchObject({ code: 0 });
      await flow.runNow(['sweepJobs', 'renewSubscriptions']);
      expect(await theirs()).toEqual(untouched);
    }
    const listed = await run('definitions', 'list', '--tenant', tenantId, '--json');
    expect(JSON.parse(listed.stdout)).toMatchObject([{ id: ours.definitionId }]);
    expect(await run('jobs', 'sweep', '--tenant', tenantId)).toMatchObject({ code: 0 });
    await flow.untilQuiet();
    expect(await theirs()).toEqual(untouched);

    // No call named what is theirs: not even their jobs were read by their definition.
    const calls = await control.calls();
    expect(calls.filter(({ path }) => path.includes(definitionId) || path.includes(taskId))).toEqual([]);
    expect((await flow.events()).filter(({ data }) => data['printerId'] === printerId)).toEqual([]);
  });
});
