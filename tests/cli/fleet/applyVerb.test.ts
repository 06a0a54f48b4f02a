import { createFleetWorld } from '../../support/createFleetWorld';
import { graphError } from '../../support/createFakeGraph';
import { TENANT } from '../../support/createSubscriptionWorld';
import { addMixedPrinters, storeFleet } from '../../support/mixedFleet';

const OF = ['--tenant', TENANT];
let world: ReturnType<typeof createFleetWorld>;
beforeEach(async () => {
  world = createFleetWorld();
  await world.addTenant();
});
afterEach(() => world.end());

const store = (document?: unknown) => storeFleet(world, document);
const addPrinters = () => addMixedPrinters(world);

const boundTo = (id: string) => world.printers.get(id)?.trigger?.definition?.id;

describe('fleet apply', () => {
  const apply = (...more: string[]) => world.run('fleet', 'apply', ...OF, '--yes', ...more);

  it('makes the definition, its watch, then the triggers, and a second run finds nothing to change', async () => {
    addPrinters();
    await store();
    const { code, stdout } = await apply();
    expect(code).toBe(0);
    expect(stdout).toContain('6 steps of 6 done.');
    const [definition] = world.definitions.keys();
    expect([boundTo('p1'), boundTo('p2'), boundTo('p3'), boundTo('p4')]).toEqual([
      definition,
      definition,
      undefined,
      'of-another-app',
    ]);
    expect([...world.graph.subscriptions.values()].map(({ resource }) => resource)).toEqual([
      `print/taskDefinitions/${definition}/tasks`,
      'print/printers/p1/jobs',
      'print/printers/p2/jobs',
    ]);
    // The name of a printer is stored with its watch, so that people can name it.
    expect((await world.read({ tenantId: TENANT, kind: 'jobFetchable', id: 'p1' })).watch.name).toBe('Printer p1');
    expect(world.signedIn.at(-1)).toBe(`${TENANT} Printer.ReadWrite.All`);
    expect((await apply()).stdout).toContain('nothing to change');
    expect((await world.runJson('fleet', 'apply', ...OF)).json).toMatchObject({ done: 0, taken: 1 });
  });

  it('asks, and does nothing without an answer', async () => {
    addPrinters();
    await store();
    expect(await world.run('fleet', 'apply', ...OF)).toMatchObject({ code: 2 });
    expect(world.definitions.size).toBe(0);
  });

  it('removes what the document no longer names: triggers first, then the watch of their definition', async () => {
    addPrinters();
    await store();
    await apply();
    world.configBlobs.remove(`fleet/${TENANT}.json`).catch(() => undefined);
    await store({ version: 1, jobStarted: [], jobFetchable: { printers: { include: [] } } });
    world.calls.length = 0;
    expect(await apply()).toMatchObject({ code: 0 });
    expect([boundTo('p1'), boundTo('p4')]).toEqual([undefined, 'of-another-app']);
    expect(world.graph.subscriptions.size).toBe(0);
  });

  it('repeats calls about a new definition with growing pauses, and gives up after five minutes', async () => {
    world.addPrinter('p1');
    await store({ version: 1, jobStarted: [{ definition: 'Receiver', printers: { include: ['*'] } }] });
    world.faults.push({ call: /^POST .*taskTriggers/, error: graphError('notFound'), times: 3 });
    const before = world.clock.now();
    const { code, stderr } = await apply();
    expect(code).toBe(0);
    expect(stderr).toContain('Graph does not know the new definition yet. Next try in 2 s.');
    // 2 s, 4 s, 8 s.
    expect(world.clock.now() - before).toBe(14_000);
    world.printers.set('p2', { id: 'p2', displayName: 'Second' });
    world.faults.push({ call: /^POST .*p2/, error: graphError('notFound'), times: Infinity });
    // The definition is not of this run: the refusal is reported at once.
    const known = await apply();
    expect(known.code).toBe(1);
    expect(known.stderr).toContain('Trigger of printer p2 (Second): Graph said notFound');
    world.faults.length = 0;
    world.definitions.clear();
    world.printers.delete('p1');
    world.faults.push({ call: /^POST .*taskTriggers/, error: graphError('forbidden'), times: Infinity });
    const start = world.clock.now();
    expect(await apply()).toMatchObject({ code: 1 });
    expect(world.clock.now() - start).toBeGreaterThanOrEqual(5 * 60_000);
    expect(world.clock.now() - start).toBeLessThan(7 * 60_000);
  });

  it('waits for a printer that was registered a moment ago (resources/printer.md: registeredDateTime)', async () => {
    const registeredDateTime = new Date(world.clock.now() - 60_000).toISOString();
    world.addPrinter('new', { registeredDateTime });
    world.addPrinter('old', { registeredDateTime: '2026-11-01T00:00:00Z' });
    await store({ version: 1, jobStarted: [{ definition: 'Receiver', printers: { include: ['*'] } }] });
    world.faults.push(
      { call: /^GET .*new.taskTriggers/, error: graphError('notFound'), times: 2 },
      { call: /^POST .*new.taskTriggers/, error: graphError('forbidden'), times: 1 },
      // This one is not new: it has been deleted since the listing.
      { call: /^GET .*old.taskTriggers/, error: graphError('notFound'), times: 1 },
    );
    const before = world.clock.now();
    const { code, stdout, stderr } = await apply();
    expect(code).toBe(0);
    expect(stdout).toContain('1 trigger to create');
    expect(stderr).toContain('Graph does not know the new printer yet. Next try in 2 s.');
    // 2 s and 4 s for its triggers, 2 s for the new one.
    expect(world.clock.now() - before).toBe(8_000);
    expect([boundTo('new'), boundTo('old')]).toEqual([[...world.definitions.keys()][0], undefined]);
  });

  it('keeps the watch of a definition while Graph lists a trigger that it does not delete yet', async () => {
    addPrinters();
    await store({ version: 1, jobStarted: [{ definition: 'Receiver', printers: { include: ['p1'] } }] });
    await apply();
    await world.configBlobs.remove(`fleet/${TENANT}.json`);
    await store({ version: 1, jobStarted: [] });
    world.faults.push({ call: /^DELETE .*p1/, error: graphError('notFound'), times: 2 });
    const before = world.clock.now();
    expect(await apply()).toMatchObject({ code: 0 });
    // 2 s and 4 s.
    expect(world.clock.now() - before).toBe(6_000);
    expect([boundTo('p1'), world.graph.subscriptions.size]).toEqual([undefined, 0]);
    await world.configBlobs.remove(`fleet/${TENANT}.json`);
    await store({ version: 1, jobStarted: [{ definition: 'Receiver', printers: { include: ['p1'] } }] });
    await apply();
    await world.configBlobs.remove(`fleet/${TENANT}.json`);
    await store({ version: 1, jobStarted: [] });
    world.faults.push({ call: /^DELETE .*p1/, error: graphError('notFound'), times: Infinity });
    expect(await apply()).toMatchObject({ code: 1 });
    expect(world.graph.subscriptions.size).toBe(1);
  });

  it('looks whether a create whose answer was lost took effect, and reports a trigger of another app', async () => {
    world.addPrinter('p1');
    world.addPrinter('p2');
    await store({ version: 1, jobStarted: [{ definition: 'Receiver', printers: { include: ['*'] } }] });
    const lost = { call: /^POST .*p1.taskTriggers/, error: graphError('unavailable'), takesEffect: true, times: 1 };
    world.faults.push(lost, { call: /^POST .*p2.taskTriggers/, error: graphError('conflict'), times: 1 });
    const { code, stderr } = await apply();
    expect(code).toBe(1);
    expect(boundTo('p1')).toBeDefined();
    expect(stderr).toMatch(/error: Trigger of printer p2 \(Printer p2\): Printer p2 has a trigger of another app/);
    expect(stderr).toContain('fleet apply --tenant');
  });

  it('creates no trigger while the watch of its definition has no subscription, and says why', async () => {
    world.addPrinter('p1');
    await store({ version: 1, jobStarted: [{ definition: 'Receiver', printers: { include: ['*'] } }] });
    world.graph.nextError('POST', graphError('rejected'));
    const { code, stderr } = await apply();
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /Watch of definition "Receiver": The subscription for \S+ was not created: Graph said rejected/,
    );
    expect(stderr).toContain('1 step left: they need what failed.');
    expect(boundTo('p1')).toBeUndefined();
    // The back-off of the failure does not hold a person up who has corrected the cause.
    expect(await apply()).toMatchObject({ code: 0 });
    expect(boundTo('p1')).toBeDefined();
  });

  it('waits where Graph throttles', async () => {
    world.addPrinter('p1');
    await store();
    world.faults.push({ call: /^POST .*taskTriggers/, error: graphError('throttled', 30_000), times: 2 });
    const before = world.clock.now();
    expect(await apply()).toMatchObject({ code: 0 });
    expect(world.clock.now() - before).toBe(60_000);
  });

  it('stops at Ctrl-C and says what is left', async () => {
    world.end();
    const interruption = new AbortController();
    interruption.abort();
    world = createFleetWorld({ interruption: () => interruption.signal });
    await world.addTenant();
    addPrinters();
    await store();
    const { code, stderr } = await apply();
    expect(code).toBe(1);
    expect(stderr).toContain('6 steps left: the command was stopped.');
    expect(world.definitions.size).toBe(0);
  });

  it('names the end of the sign-in', async () => {
    addPrinters();
    await store();
    world.faults.push({ call: /^POST .*taskTriggers/, error: graphError('unauthorized'), times: Infinity });
    const { code, stderr } = await apply();
    expect(code).toBe(1);
    expect(stderr).toContain('2 steps left: the sign-in has ended');
  });

  it('refuses a paused customer before it changes anything', async () => {
    addPrinters();
    await store();
    await world.tenants.update(TENANT, (row) => ({ ...row, status: 'paused' }));
    const { code, stderr } = await apply();
    expect(code).toBe(1);
    expect(stderr).toContain('tenants resume');
    expect(world.definitions.size).toBe(0);
  });
});
