import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../support/eventually';
import { runCommand, type RunOptions } from '../support/runCommand';
import { startFlow, type Flow } from '../support/startFlow';

jest.setTimeout(120_000);

const TENANT = '11111111-1111-1111-1111-111111111111';
const OF = ['--tenant', TENANT];
const PRINTERS = 150;
const TAKEN = 10;
/** What the simulator gives the printers in turn. */
const BUILDINGS = 5;

/** A fleet from nothing to covered, and through a change of its printers, with the real command line and a signed-in person. */
describe('a fleet', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-'));
  let flow: Flow;
  let printerIds: string[];
  beforeAll(async () => {
    flow = await startFlow();
    await flow.control.createTenant({ tenantId: TENANT });
    printerIds = await flow.control.createFleet(TENANT, { count: PRINTERS });
    const status = { status: 'active', taskDeadlineMinutes: 15, retentionDays: 30 } as const;
    const createdAt = new Date(flow.clock.now()).toISOString();
    await (await flow.services.tenants()).add({ tenantId: TENANT, name: 'Contoso', createdAt, ...status });
  }, 60_000);
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await flow.stop();
  }, 30_000);

  const run = (argv: readonly string[], onStderr?: RunOptions['onStderr']) =>
    runCommand(argv, { env: flow.cloud.environment, cwd: folder, ...(onStderr && { onStderr }) });
  const readTenant = async () => {
    const { tenants } = await flow.control.state();
    const found = tenants.find(({ tenantId }) => tenantId === TENANT);
    if (!found) throw new Error('The simulator has lost the tenant');
    return found;
  };
  /** The definition of each bound printer, by the id of the printer. */
  const readBound = async () =>
    new Map((await readTenant()).printers.flatMap(({ id, trigger }) => (trigger ? [[id, trigger.definitionId]] : [])));

  it('is onboarded, interrupted, changed and covered in the end, and triggers of another app stay', async () => {
    const { id: theirs } = await flow.control.createDefinition(TENANT, { displayName: 'Theirs', appId: 'other-app' });
    const taken = printerIds.slice(0, TAKEN);
    for (const printerId of taken) await flow.control.createTrigger(TENANT, { printerId, definitionId: theirs });
    const printers = { include: ['*'], exclude: [{ location: { building: 'Lab' } }] };
    const fetchable = { printers: { include: [{ location: { building: 'Plant' } }] } };
    const document = { version: 1, jobStarted: [{ definition: 'Receiver', printers }], jobFetchable: fetchable };
    writeFileSync(join(folder, 'fleet.json'), JSON.stringify(document));
    expect(await run(['fleet', 'import', 'fleet.json', ...OF])).toMatchObject({ code: 0 });

    // Slow enough that the signal arrives between two triggers.
    const delay = { type: 'delay', ms: 100 } as const;
    await flow.control.addFault({ method: 'POST', pathPattern: 'taskTriggers', count: -1, action: delay });
    let stopped: Promise<unknown> | undefined;
    const interrupted = await run(['fleet', 'apply', '--yes', ...OF], (_said, child) => {
      stopped ??= eventually('some triggers', async () => (await readBound()).size > TAKEN + 20 || undefined).then(() =>
        child.kill('SIGINT'),
      );
    });
    await stopped;
    await flow.control.clearFaults();
    expect(interrupted.stdout).toMatch(/: 1 definition to make, 31 watches to add, 112 triggers to create\./);
    expect(interrupted.code).toBe(130);
    expect(interrupted.stderr).toMatch(/error: \d+ steps left: the command was stopped\./);
    expect(await run(['fleet', 'check', ...OF])).toMatchObject({ code: 3 });
    expect(await run(['fleet', 'apply', '--yes', ...OF])).toMatchObject({ code: 0 });

    // All printers but those in the lab and those of the other app. Two of these are in the lab.
    const inLab = PRINTERS / BUILDINGS;
    const bound = await readBound();
    const ours = [...bound].filter(([, definitionId]) => definitionId !== theirs);
    expect(ours).toHaveLength(PRINTERS - inLab - (TAKEN - 2));
    expect(taken.map((id) => bound.get(id))).toEqual(taken.map(() => theirs));
    const inPlant = PRINTERS / BUILDINGS;
    expect(await flow.control.subscriptions({ tenantId: TENANT })).toHaveLength(1 + inPlant);

    // A job of a bound printer waits for the app, and is released.
    await flow.control.print(TENANT, { printerId: ours[0]?.[0] ?? '' });
    await flow.untilEvents(1);
    expect(await flow.control.openTasks({ tenantId: TENANT })).toEqual([]);

    await flow.control.createFleet(TENANT, { count: 2 * BUILDINGS });
    for (const printerId of printerIds.slice(TAKEN, TAKEN + BUILDINGS)) {
      await flow.control.deletePrinter(TENANT, printerId);
    }
    const changed = await run(['fleet', 'apply', '--yes', ...OF]);
    expect(changed.code).toBe(0);
    expect(changed.stdout).toMatch(/: 2 watches to add, 8 triggers to create, 1 watch to remove\./);
    expect(changed.stdout).toMatch(/remove watch .*jobFetchable, gone/);
    const last = await run(['fleet', 'check', ...OF]);
    expect(last.stdout).toContain('nothing to change');
    // The printers of the other app are a difference for as long as the document includes them.
    expect(last.code).toBe(3);
  });
});
