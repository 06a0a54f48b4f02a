import { deleteDefinition } from '../../shared/graph/api/taskDefinitions';
import { watchState, type WatchKey } from '../../shared/watches/watches';
import { runCommand } from '../support/runCommand';
import { startFlow, type Flow } from '../support/startFlow';

jest.setTimeout(120_000);

const HOUR = 60 * 60_000;

/** A customer deletes a watched printer and a watched definition. The service notices, stops trying, and says what to do. */
describe('what a customer has deleted', () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow({ clock: true });
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  const cli = (...argv: string[]) => runCommand(argv, { env: flow.cloud.environment });
  const upkeep = () => flow.runNow(['sweepJobs', 'renewSubscriptions']);
  /** Several steps, because the app would see a leap of days as an outage. */
  const pass = async (hours: number) => {
    for (let hour = 0; hour < hours; hour += 12) {
      await flow.untilQuiet();
      flow.cloud.clock?.move(Math.min(12, hours - hour) * HOUR);
      await upkeep();
    }
  };
  const stateOf = async (key: WatchKey) => {
    const stored = await (await flow.services.watches()).get(key);
    return stored && watchState(stored.watch, flow.clock.now());
  };
  const createsOf = async (tenantId: string) =>
    (await flow.control.calls()).filter(
      ({ method, path, ...call }) => method === 'POST' && path.endsWith('/subscriptions') && call.tenantId === tenantId,
    ).length;

  it('is marked after a day of 404, survives a restart, and is named by status with the command that removes it', async () => {
    const { tenantId, printerId, definitionId } = await flow.onboard(['jobStarted', 'jobFetchable'], {
      trigger: false,
    });
    const printer = { tenantId, kind: 'jobFetchable', id: printerId } as const;
    const definition = { tenantId, kind: 'jobStarted', id: definitionId } as const;
    await upkeep();
    await flow.control.deletePrinter(tenantId, printerId);
    await deleteDefinition((await flow.services.graph()).callGraph, tenantId, definitionId);

    for (const hours of [1, 22]) await pass(hours);
    const early = [await stateOf(printer), await stateOf(definition)];
    for (const state of ['printerGone', 'definitionGone']) expect(early).not.toContain(state);
    await flow.cloud.restartHost();
    await pass(2);
    expect([await stateOf(printer), await stateOf(definition)]).toEqual(['printerGone', 'definitionGone']);

    const creates = await createsOf(tenantId);
    await pass(96);
    expect(await createsOf(tenantId)).toBe(creates);
    expect(await flow.control.subscriptions({ tenantId })).toEqual([]);
    const status = await cli('status', '--json');
    const { reasons } = JSON.parse(status.stdout) as { reasons: { reason: string; next: string }[] };
    expect(reasons.map(({ reason }) => reason).sort()).toEqual(['definitionGone', 'printerGone']);
    const next = reasons.map((one) => one.next);
    expect(next).toContain(`subscriptions remove --tenant ${tenantId} --printer ${printerId}`);

    // Graph shows the printer again, with a job of which no notification was sent.
    await flow.control.createPrinter(tenantId, { id: printerId, displayName: 'Printer' });
    await flow.control.print(tenantId, { printerId });
    expect(await cli('jobs', 'sweep', '--tenant', tenantId)).toMatchObject({ code: 0 });
    await upkeep();
    await flow.untilEvents(1);
    expect(await stateOf(printer)).toBe('live');
    const [, remove = ''] = next.join('\n').match(/^(subscriptions remove .*--definition .*)$/m) ?? [];
    expect(await cli(...remove.split(' '), '--yes')).toMatchObject({ code: 0 });
    await upkeep();
    expect(await stateOf(definition)).toBeUndefined();
    expect((await cli('status')).stdout).toMatch(/^OK /);
    expect(await flow.events()).toHaveLength(1);
  });
});
