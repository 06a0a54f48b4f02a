import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { PrintedJob } from '../../local/graphSimulator/control/controlTypes';
import { eventually } from '../support/eventually';
import { runCommand, type RunOptions } from '../support/runCommand';
import { startFlow, type Flow } from '../support/startFlow';
import { PAST_LEASES_MS } from '../support/untilQueueEmpty';

jest.setTimeout(300_000);

const TENANT = '11111111-1111-1111-1111-111111111111';
const OF = ['--tenant', TENANT];
const PRINTERS = 2_000;
const FEW = 6;
const TAKEN = 10;
const ADDED = 50;
const DELETED = 20;
/** What the simulator gives the printers in turn. */
const BUILDINGS = 5;
const IN_EACH_BUILDING = PRINTERS / BUILDINGS;
/** All printers but those in the lab and those of the other app, of which two are in the lab. */
const BOUND = PRINTERS - IN_EACH_BUILDING - (TAKEN - 2);
/** A definition, its watch, triggers, and the watches of one building. */
const WRITES = 2 + BOUND + IN_EACH_BUILDING;
/** What may be under way when a signal arrives. */
const AT_ONCE = 100;

/**
 * A fleet from nothing to covered, and through a change of its printers, with the real command line and a signed-in person. People
 * print all the time. Each run that is stopped is stopped at another point in every run of this test.
 */
describe('a fleet', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-'));
  let flow: Flow;
  let printerIds: string[];
  beforeAll(async () => {
    flow = await startFlow({ clock: true });
    await flow.control.createTenant({ tenantId: TENANT });
    printerIds = await flow.control.createFleet(TENANT, { count: PRINTERS });
    await addTenant(TENANT);
  }, 60_000);
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await flow.stop();
  }, 30_000);

  const addTenant = async (tenantId: string) => {
    const status = { status: 'active', taskDeadlineMinutes: 15, retentionDays: 30 } as const;
    const createdAt = new Date(flow.clock.now()).toISOString();
    await (await flow.services.tenants()).add({ tenantId, name: `Customer ${tenantId}`, createdAt, ...status });
  };
  const run = (argv: readonly string[], options: Partial<RunOptions> = {}) =>
    runCommand(argv, { env: flow.cloud.environment, cwd: folder, limitMs: 120_000, ...options });
  /** The definition of each bound printer, by the id of the printer. */
  const readBound = async () => {
    const { tenants } = await flow.control.state();
    const printers = tenants.find(({ tenantId }) => tenantId === TENANT)?.printers ?? [];
    return new Map(printers.flatMap(({ id, trigger }) => (trigger ? [[id, trigger.definitionId]] : [])));
  };
  const countOurs = async () => (await readBound()).size - TAKEN;
  /** Of the command line: the app itself only ends tasks meanwhile, with PATCH. */
  const countWrites = async () => {
    const counts = Object.entries(await flow.control.callCounts({ tenantId: TENANT }));
    return counts.reduce((sum, [call, count]) => sum + (call.startsWith('POST') ? count : 0), 0);
  };

  const printed: PrintedJob[] = [];
  /** Somebody prints on one of `printers` ten times a second while a command runs. */
  const whilePrinting = async <T>(printers: readonly string[], running: Promise<T>): Promise<T> => {
    const ended = new AbortController();
    const printing = (async () => {
      while (!ended.signal.aborted) {
        printed.push(...(await flow.control.print(TENANT, { printerId: printers[randomInt(printers.length)] ?? '' })));
        await delay(100);
      }
    })();
    return running.finally(async () => {
      ended.abort();
      await printing;
    });
  };

  /** Stops a run after so many of its writes to Graph. */
  const stopAfter = async (writes: number, signal: NodeJS.Signals, printers: readonly string[]) => {
    const before = await countWrites();
    let stopped: Promise<unknown> | undefined;
    const stop: RunOptions['onStderr'] = (_said, child) => {
      const isReached = async () => ((await countWrites()) >= before + writes ? true : undefined);
      stopped ??= eventually(`${writes} writes`, isReached).then(() => child.kill(signal));
    };
    const ended = await whilePrinting(printers, run(['fleet', 'apply', '--yes', ...OF], { onStderr: stop }));
    await stopped;
    return ended;
  };

  it('is covered while Graph does not know new objects yet and throttles people', async () => {
    const { control } = flow;
    const tenantId = '22222222-2222-2222-2222-222222222222';
    await control.createTenant({ tenantId });
    await control.createFleet(tenantId, { count: FEW });
    await addTenant(tenantId);
    const document = { version: 1, jobStarted: [{ definition: 'New', printers: { include: ['*'] } }] };
    writeFileSync(join(folder, 'few.json'), JSON.stringify(document));
    const of = ['--tenant', tenantId];
    expect(await run(['fleet', 'import', 'few.json', ...of])).toMatchObject({ code: 0 });
    // Printers, definition and the limit of people: the listing takes 7 calls, and each trigger one.
    await control.setVariants({
      newObjectSettlesMs: 4_000,
      newObjectAnswer: 'forbidden',
      delegatedCallsIn10s: 2 * FEW,
    });
    const { code, stderr } = await run(['fleet', 'apply', '--yes', ...of]);
    await control.setVariants({ newObjectSettlesMs: 0, delegatedCallsIn10s: 0 });
    expect(code).toBe(0);
    expect(stderr).toContain('Graph does not know the new printer yet. Next try in 2 s.');
    const { tenants } = await control.state();
    const printers = tenants.find((tenant) => tenant.tenantId === tenantId)?.printers ?? [];
    expect(printers.filter(({ trigger }) => trigger !== undefined)).toHaveLength(FEW);
    const throttled = (await control.calls()).filter((call) => call.tenantId === tenantId && call.status === 429);
    expect(throttled.length).toBeGreaterThan(0);
    // Nothing was sent before the end of a Retry-After.
    expect(await control.violations()).toEqual([]);
  });

  it('is onboarded, stopped at any point, changed and covered in the end, and triggers of another app stay', async () => {
    const { control } = flow;
    const { id: theirs } = await control.createDefinition(TENANT, { displayName: 'Theirs', appId: 'other-app' });
    const taken = printerIds.slice(0, TAKEN);
    for (const printerId of taken) await control.createTrigger(TENANT, { printerId, definitionId: theirs });
    const users = printerIds.slice(TAKEN + DELETED);
    const printers = { include: ['*'], exclude: [{ location: { building: 'Lab' } }] };
    const fetchable = { printers: { include: [{ location: { building: 'Plant' } }] } };
    const document = { version: 1, jobStarted: [{ definition: 'Receiver', printers }], jobFetchable: fetchable };
    writeFileSync(join(folder, 'fleet.json'), JSON.stringify(document));
    expect(await run(['fleet', 'import', 'fleet.json', ...OF])).toMatchObject({ code: 0 });

    // A power cut, Ctrl-C and the end of the sign-in, each at a point of its own.
    const killAfter = randomInt(1, WRITES - AT_ONCE - 2);
    const killed = await stopAfter(killAfter, 'SIGKILL', users);
    expect({ killAfter, code: killed.code }).toEqual({ killAfter, code: null });
    // What the dead run held is free again.
    flow.cloud.clock?.move(PAST_LEASES_MS);
    const stopAfterWrites = randomInt(1, Math.max(2, Math.floor((WRITES - AT_ONCE - killAfter) / 2)));
    const interrupted = await stopAfter(stopAfterWrites, 'SIGINT', users);
    const points = { killAfter, stopAfterWrites };
    expect({ points, code: interrupted.code }).toEqual({ points, code: 130 });
    expect(interrupted.stderr).toMatch(/error: \d+ steps? left: the command was stopped\./);
    const left = BOUND - (await countOurs());
    const endAfter = left > 1 ? randomInt(1, left) : 0;
    await control.addFault({
      ...{ method: 'POST', pathPattern: 'taskTriggers', after: endAfter, count: -1 },
      action: { type: 'status', status: 401, code: 'InvalidAuthenticationToken' },
    });
    const ended = await whilePrinting(users, run(['fleet', 'apply', '--yes', ...OF]));
    expect({
      points,
      left,
      endAfter,
      code: ended.code,
      said: /steps? left: the sign-in has ended/.test(ended.stderr),
    }).toEqual({
      ...{ points, left, endAfter },
      ...{ code: left > 0 ? 1 : 0, said: left > 0 },
    });
    await control.clearFaults();
    expect(await whilePrinting(users, run(['fleet', 'apply', '--yes', ...OF]))).toMatchObject({ code: 0 });

    const bound = await readBound();
    const ours = [...bound].filter(([, definitionId]) => definitionId !== theirs);
    expect({ points, bound: ours.length }).toEqual({ points, bound: BOUND });
    expect(new Set(ours.map(([, definitionId]) => definitionId)).size).toBe(1);
    expect(taken.map((id) => bound.get(id))).toEqual(taken.map(() => theirs));
    expect(await control.subscriptions({ tenantId: TENANT })).toHaveLength(1 + IN_EACH_BUILDING);

    await control.createFleet(TENANT, { count: ADDED });
    for (const printerId of printerIds.slice(TAKEN, TAKEN + DELETED)) await control.deletePrinter(TENANT, printerId);
    const changed = await whilePrinting(users, run(['fleet', 'apply', '--yes', ...OF]));
    expect(changed.code).toBe(0);
    expect(changed.stdout).toMatch(/: 10 watches to add, 40 triggers to create, 4 watches to remove\./);
    expect(changed.stdout).toMatch(/remove watch .*jobFetchable, gone/);
    const last = await run(['fleet', 'check', ...OF]);
    expect(last.stdout).toContain('nothing to change');
    expect(last.stdout).toContain('8 printers cannot be bound');
    // The printers of the other app are a difference for as long as the document includes them.
    expect(last.code).toBe(3);

    // Every job that met a trigger waited for the app, which has released it.
    const waited = printed.filter(({ definitionId }) => definitionId !== undefined);
    expect(waited.length).toBeGreaterThan(0);
    await flow.untilQuiet();
    const released = new Set((await flow.events()).map(({ data }) => data['taskId']));
    expect({ points, missing: waited.filter(({ taskId }) => !released.has(taskId)) }).toEqual({ points, missing: [] });
    expect(await control.openTasks({ tenantId: TENANT })).toEqual([]);
  });
});
