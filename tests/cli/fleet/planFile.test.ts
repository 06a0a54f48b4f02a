import { createFleetWorld } from '../../support/createFleetWorld';
import { graphError } from '../../support/createFakeGraph';
import { TENANT } from '../../support/createSubscriptionWorld';

const OF = ['--tenant', TENANT];
const DOCUMENT = {
  version: 1,
  jobStarted: [{ definition: 'Receiver', printers: { include: ['*'], exclude: [{ name: 'Lab-*' }] } }],
};
const HOUR_MS = 60 * 60_000;

let world: ReturnType<typeof createFleetWorld>;
const start = async (overrides: Parameters<typeof createFleetWorld>[0] = {}, document: unknown = DOCUMENT) => {
  world = createFleetWorld(overrides);
  await world.addTenant();
  world.write('fleet.json', document);
  expect(await world.run('fleet', 'import', 'fleet.json', ...OF)).toMatchObject({ code: 0 });
  world.addPrinter('p1');
  world.addPrinter('p2', { displayName: 'lab-2' });
  world.addPrinter('p3', { trigger: { id: 't3', definition: { id: 'of-another-app' } } });
};
afterEach(() => world.end());

const planOut = (...more: string[]) => world.run('fleet', 'plan', ...OF, '--out', 'plan.json', '--yes', ...more);
const applyFile = (...more: string[]) => world.runAtCustomer('fleet', 'apply', 'plan.json', '--yes', ...more);
const readPlan = () => JSON.parse(world.readText('plan.json')) as Record<string, unknown>;
const boundTo = (id: string) => world.printers.get(id)?.trigger?.definition?.id;
const change = (fields: object) => world.write('plan.json', { ...readPlan(), ...fields });

describe('fleet plan --out', () => {
  it('makes the definition and its watch without a sign-in, then writes a file without a secret', async () => {
    await start();
    const { code, stdout } = await planOut();
    expect(code).toBe(0);
    expect(world.signedIn).toEqual([]);
    const [definition] = world.definitions.keys();
    expect([...world.graph.subscriptions.values()].map(({ resource }) => resource)).toEqual([
      `print/taskDefinitions/${definition}/tasks`,
    ]);
    // Neither printers nor triggers: Graph shows them to no app.
    expect(world.calls.filter((call) => call.includes('/print/printers'))).toEqual([]);
    expect(readPlan()).toEqual({
      kind: 'fleetPlan',
      version: 1,
      createdAt: '2026-11-22T00:00:00.000Z',
      validUntil: '2026-11-23T00:00:00.000Z',
      tenantId: TENANT,
      clientId: '55555555-5555-5555-5555-555555555555',
      authorityHost: 'https://login.microsoftonline.com',
      graphBaseUrl: 'http://127.0.0.1:7080/v1.0',
      definitions: [{ id: definition, name: 'Receiver' }],
      jobStarted: [{ definitionId: definition, printers: DOCUMENT.jobStarted[0]?.printers }],
      pullPrintPrinters: [],
    });
    expect(stdout).toContain('Wrote plan.json, which is valid until 2026-11-23T00:00:00.000Z. It holds no secret.');
    // A second file needs nothing to be made, so it asks nothing.
    expect(await world.run('fleet', 'plan', ...OF, '--out', 'plan.json')).toMatchObject({ code: 0 });
  });

  it('ends the file before the subscription, with the margin of clocks', async () => {
    await start();
    await planOut();
    const [row] = world.graph.subscriptions.values();
    const { watch } = await world.read({
      tenantId: TENANT,
      kind: 'jobStarted',
      id: [...world.definitions.keys()][0] ?? '',
    });
    expect(row).toBeDefined();
    world.clock.advance(Date.parse(watch.expirationDateTime ?? '') - world.clock.now() - 3 * HOUR_MS);
    expect(await planOut()).toMatchObject({ code: 0 });
    const left = Date.parse(String(readPlan()['validUntil'])) - world.clock.now();
    expect(left).toBe(3 * HOUR_MS - 15 * 60_000);
    world.clock.advance(3 * HOUR_MS - 10 * 60_000);
    const { code, stderr } = await planOut();
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`subscriptions renew --tenant ${TENANT} --definition \\S+`));
  });

  it('writes no file while a watch has no subscription', async () => {
    await start();
    world.graph.nextError('POST', graphError('rejected'));
    const { code, stderr } = await planOut();
    expect(code).toBe(1);
    expect(stderr).toContain('Watch of definition "Receiver"');
    expect(stderr).toContain(`To continue: fleet plan --tenant ${TENANT} --out plan.json`);
    expect(() => world.readText('plan.json')).toThrow('ENOENT');
  });

  it('asks before it makes anything, and names a file that cannot be written', async () => {
    await start();
    expect(await world.run('fleet', 'plan', ...OF, '--out', 'plan.json')).toMatchObject({ code: 2 });
    expect(world.definitions.size).toBe(0);
    const { code, stderr } = await world.run('fleet', 'plan', ...OF, '--out', 'missing/plan.json', '--yes');
    expect(code).toBe(1);
    expect(stderr).toContain('missing/plan.json cannot be written (ENOENT)');
  });

  it('refuses a document without jobStarted, and a paused customer', async () => {
    await start({}, { version: 1, jobFetchable: { printers: { include: ['*'] } } });
    expect((await planOut()).stderr).toContain('has no field jobStarted');
    await world.tenants.update(TENANT, (row) => ({ ...row, status: 'paused' }));
    expect((await planOut()).stderr).toContain('tenants resume');
  });
});

describe('fleet apply with a file', () => {
  it('needs no setting, no storage and no permission of the app, and touches triggers alone', async () => {
    await start();
    await planOut();
    world.calls.length = 0;
    const { code, stdout, stderr } = await applyFile();
    expect(code).toBe(0);
    expect(stderr).toContain(`plan.json binds printers of tenant ${TENANT} to the app 55555555`);
    expect(stdout).toContain('1 trigger to create. 0 triggers and 1 watch stay.');
    expect(stdout).toContain('1 printer cannot be bound');
    const [definition] = world.definitions.keys();
    expect([boundTo('p1'), boundTo('p2'), boundTo('p3')]).toEqual([definition, undefined, 'of-another-app']);
    expect(world.calls.filter((call) => !call.startsWith('GET'))).toEqual(['POST /print/printers/p1/taskTriggers']);
    expect(world.calls.filter((call) => !call.includes('/print/printers'))).toEqual([]);
    expect(world.signedIn).toEqual([`${TENANT} Printer.ReadWrite.All`]);
    // A second run finds nothing, and the other side sees a covered fleet but for the printer of the other app.
    expect((await applyFile()).stdout).toContain('nothing to change');
    expect((await world.run('fleet', 'apply', ...OF)).stdout).toContain('nothing to change');
  });

  it('removes the triggers of a document that no longer names them, and the app removes the watch afterwards', async () => {
    await start();
    await planOut();
    await applyFile();
    await world.configBlobs.remove(`fleet/${TENANT}.json`);
    world.write('fleet.json', { version: 1, jobStarted: [] });
    await world.run('fleet', 'import', 'fleet.json', ...OF);
    await planOut();
    expect(world.graph.subscriptions.size).toBe(1);
    expect(await applyFile()).toMatchObject({ code: 0 });
    expect([boundTo('p1'), boundTo('p3')]).toEqual([undefined, 'of-another-app']);
    expect(await world.run('fleet', 'apply', ...OF, '--yes')).toMatchObject({ code: 0 });
    expect(world.graph.subscriptions.size).toBe(0);
  });

  it('continues where an ended sign-in has stopped it, and lists failures with their remedies', async () => {
    await start();
    world.addPrinter('p4');
    await planOut();
    world.faults.push({ call: /^POST .*p4/, error: graphError('unauthorized'), times: 1 });
    const stopped = await applyFile();
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toContain('1 step left: the sign-in has ended');
    expect(stopped.stderr).toContain('To continue: fleet apply plan.json');
    world.faults.push({ call: /^POST .*p4/, error: graphError('rejected'), times: 1 });
    const failed = await applyFile();
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('Trigger of printer p4 (Printer p4): Graph said rejected');
    expect(await applyFile()).toMatchObject({ code: 0 });
    expect(boundTo('p4')).toBe([...world.definitions.keys()][0]);
  });

  it('waits while Graph does not know a definition of the file yet', async () => {
    await start();
    await planOut();
    world.faults.push({ call: /^POST .*taskTriggers/, error: graphError('forbidden'), times: 2 });
    const { code, stderr } = await applyFile();
    expect(code).toBe(0);
    expect(stderr).toContain('Graph does not know the new definition yet. Next try in 2 s.');
  });

  it('refuses an expired file, and stops when it expires during the run', async () => {
    await start();
    await planOut();
    const { validUntil } = readPlan();
    world.clock.advance(24 * HOUR_MS - 1);
    // Graph throttles past the end of the file.
    world.faults.push({ call: /^POST .*taskTriggers/, error: graphError('throttled', 30_000), times: 1 });
    const during = await applyFile();
    expect(during.code).toBe(1);
    expect(during.stderr).toContain(`1 step left: the file was valid until ${String(validUntil)}.`);
    const after = await applyFile();
    expect(after).toMatchObject({ code: 1, stdout: '' });
    expect(after.stderr).toContain('Ask for a new file');
    expect(boundTo('p1')).toBeUndefined();
    expect(world.signedIn).toHaveLength(1);
  });

  it('refuses the file of another tenant than the one that the person signs in to', async () => {
    const token = `x.${Buffer.from(JSON.stringify({ tid: '22222222-2222-2222-2222-222222222222' })).toString('base64url')}.x`;
    await start({ signIn: () => Promise.resolve(token) });
    await planOut();
    const { code, stderr } = await applyFile();
    expect(code).toBe(1);
    expect(stderr).toContain(
      `signed in to tenant 22222222-2222-2222-2222-222222222222, and this is about tenant ${TENANT}`,
    );
    expect(boundTo('p1')).toBeUndefined();
    const other = await applyFile('--tenant', '22222222-2222-2222-2222-222222222222');
    expect(other.code).toBe(2);
  });

  it.each([
    ['no JSON', '{', '$ is not JSON here'],
    ['another document', DOCUMENT, '$.kind must be "fleetPlan"'],
  ])('refuses %s', async (_what, content, words) => {
    await start();
    world.write('plan.json', content);
    const { code, stderr } = await applyFile();
    expect(code).toBe(1);
    expect(stderr).toContain('plan.json is no valid file of fleet plan --out');
    expect(stderr).toContain(words);
    expect(world.signedIn).toEqual([]);
  });

  it.each([
    [{ version: 2 }, '$.version must be 1'],
    [{ graphBaseUrl: 'https://evil.example/v1.0' }, '$.graphBaseUrl is not https://graph.microsoft.com'],
    [{ authorityHost: 'https://login.evil.example' }, '$.authorityHost is not https://login.microsoftonline.com'],
    [{ graphBaseUrl: 'http://graph.microsoft.com/v1.0' }, '$.graphBaseUrl is not an https URL'],
    [
      { graphBaseUrl: 'https://graph.microsoft.com/v1.0', authorityHost: 'https://login.microsoftonline.us' },
      '$.authorityHost',
    ],
    [{ definitions: [] }, '$.jobStarted[0].definitionId is not one of $.definitions'],
    [{ validUntil: 'soon' }, '$.validUntil must be a time'],
    [{ tenantId: 'contoso.com' }, '$.tenantId must be a GUID'],
    [{ secret: 'x' }, '$.secret is not a field here'],
  ])('refuses a file with %j before anyone signs in', async (fields, words) => {
    await start();
    await planOut();
    change(fields);
    const { code, stderr } = await applyFile();
    expect(code).toBe(1);
    expect(stderr).toContain(words);
    expect(world.signedIn).toEqual([]);
  });

  it('needs a file or a tenant', async () => {
    await start();
    expect(await world.run('fleet', 'apply')).toMatchObject({ code: 2 });
    expect((await world.runAtCustomer('fleet', 'apply', 'missing.json')).stderr).toContain(
      'missing.json cannot be read',
    );
  });
});
