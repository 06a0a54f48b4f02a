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

describe('fleet import', () => {
  it('stores a document beside the rules, and replaces a version only by its ETag, which stays in the history', async () => {
    await store();
    const blob = `fleet/${TENANT}.json`;
    const refused = await world.run('fleet', 'import', 'fleet.json', ...OF);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    const etag = /--etag (\S+)/.exec(refused.stderr)?.[1] ?? '';
    world.write('fleet.json', { version: 1 });
    expect(await world.runJson('fleet', 'import', 'fleet.json', ...OF, '--etag', etag)).toMatchObject({
      code: 0,
      json: { blob },
    });
    expect([...world.configBlobs.texts.keys()]).toEqual([
      blob,
      `fleet/history/2026-11-22T00:00:00.000Z_${TENANT}.json`,
    ]);
    expect(world.configBlobs.texts.get(`fleet/history/2026-11-22T00:00:00.000Z_${TENANT}.json`)).toContain('Lab-*');
  });

  it('names each fault with its line and column', async () => {
    world.write(
      'fleet.json',
      '{\n  "version": 1,\n  "jobFetchable": { "printers": { "include": [{ "nmae": "x" }] } }\n}',
    );
    const { code, stderr } = await world.run('fleet', 'import', 'fleet.json', ...OF);
    expect(code).toBe(1);
    expect(stderr).toContain('fleet.json:3:49 error: $.jobFetchable.printers.include[0].nmae is not a field here');
    expect(world.configBlobs.texts.size).toBe(0);
  });

  it('takes a file or a CSV file, of a listed customer', async () => {
    expect(await world.run('fleet', 'import', ...OF)).toMatchObject({ code: 2 });
    expect(await world.run('fleet', 'import', 'a', '--csv', 'b', ...OF)).toMatchObject({ code: 2 });
    const unlisted = ['--tenant', '00000000-0000-4000-8000-00000000000f'];
    expect((await world.run('fleet', 'import', 'a', ...unlisted)).stderr).toContain('is not on the allow-list');
    expect((await world.run('fleet', 'plan', ...OF)).stderr).toContain('fleet import <file>');
  });

  it('makes the document from a CSV file, after an administrator has signed in', async () => {
    addPrinters();
    world.write('list.csv', 'name;scenario;definition\r\nPrinter p1;jobStarted;Receiver\r\nlab-3;jobFetchable;\r\n');
    expect(await world.run('fleet', 'import', '--csv', 'list.csv', ...OF)).toMatchObject({ code: 0 });
    expect(JSON.parse(world.configBlobs.texts.get(`fleet/${TENANT}.json`) ?? '')).toEqual({
      version: 1,
      jobStarted: [{ definition: 'Receiver', printers: { include: ['p1'] } }],
      jobFetchable: { printers: { include: ['p3'] } },
    });
    expect(world.signedIn).toEqual([`${TENANT} Printer.Read.All`]);
  });
});

describe('fleet plan and check', () => {
  it('show what is to be done, what another app has and what is left out, and change nothing', async () => {
    addPrinters();
    world.pullPrintPrinters.push({ id: 'pull', displayName: 'Follow me' });
    await world.put({ kind: 'jobFetchable', id: 'gone', name: 'Old' });
    await store();
    const { code, stdout } = await world.run('fleet', 'plan', ...OF);
    expect(code).toBe(0);
    expect(stdout.split('\n').map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['CHANGE', 'PRINTER OR DEFINITION', 'NAME', 'DETAIL'],
      ['make definition', 'Receiver'],
      ['add watch', 'Receiver', 'jobStarted'],
      ['add watch', 'p1', 'Printer p1', 'jobFetchable'],
      ['add watch', 'p2', 'Printer p2', 'jobFetchable'],
      ['create trigger', 'p1', 'Printer p1', 'to Receiver'],
      ['create trigger', 'p2', 'Printer p2', 'to Receiver'],
      ['remove watch', 'gone', 'Old', 'jobFetchable, gone'],
      ['none', 'p4', 'Printer p4', 'has a trigger of another app'],
      ['none', 'pull', 'Follow me', 'is a pull print printer'],
      [
        `Tenant ${TENANT}: 1 definition to make, 3 watches to add, 2 triggers to create, 1 watch to remove. 0 triggers and 0 watches stay.`,
      ],
      [expect.stringMatching(/^1 printer cannot be bound/)],
      [''],
    ]);
    expect(world.calls.filter((call) => !call.startsWith('GET'))).toEqual([]);
    expect(await world.runJson('fleet', 'plan', ...OF)).toMatchObject({
      code: 0,
      json: { tenantId: TENANT, triggers: { otherApp: [{ printerId: 'p4', triggerId: 't4' }] } },
    });
  });

  it('check has exit code 3 while reality differs, or while another app has a printer of the document', async () => {
    addPrinters();
    await store();
    expect(await world.run('fleet', 'check', ...OF)).toMatchObject({ code: 3 });
    expect(await world.run('fleet', 'apply', '--yes', ...OF)).toMatchObject({ code: 0 });
    expect(await world.run('fleet', 'check', ...OF)).toMatchObject({ code: 3 });
    world.printers.delete('p4');
    expect(await world.run('fleet', 'check', ...OF)).toMatchObject({ code: 0 });
  });

  it('reads no triggers for a document without jobStarted, and leaves them as they are', async () => {
    addPrinters();
    await store({ version: 1, jobFetchable: { printers: { include: ['p1'] } } });
    expect(await world.run('fleet', 'plan', ...OF)).toMatchObject({ code: 0 });
    expect(world.calls.filter((call) => call.includes('taskTriggers'))).toEqual([]);
  });

  it('say where the app may not read pull print printers', async () => {
    world.faults.push({ call: /pullPrint/, error: graphError('forbidden'), times: 1 });
    await store();
    expect((await world.run('fleet', 'plan', ...OF)).stderr).toContain('PullPrintPrinter.Read.All');
  });

  it('refuse a definition that two have, and an id that none has', async () => {
    for (const id of ['d1', 'd2']) world.definitions.set(id, { id, displayName: 'Receiver' });
    await store();
    const ambiguous = await world.run('fleet', 'plan', ...OF);
    expect(ambiguous).toMatchObject({ code: 1, stdout: '' });
    expect(ambiguous.stderr).toContain('d1 (Receiver)');
    world.definitions.delete('d2');
    expect(await world.run('fleet', 'plan', ...OF)).toMatchObject({ code: 0 });
  });
});

describe('fleet export', () => {
  it('prints a document of what is there, of which a plan changes nothing', async () => {
    addPrinters();
    await store();
    await world.run('fleet', 'apply', '--yes', ...OF);
    world.definitions.set('unused', { id: 'unused', displayName: 'Unused' });
    const { stdout } = await world.run('fleet', 'export', ...OF);
    expect(JSON.parse(stdout)).toEqual({
      version: 1,
      jobStarted: [{ definition: 'Receiver', printers: { include: ['p1', 'p2'] } }],
      jobFetchable: { printers: { include: ['p1', 'p2'] } },
    });
    await world.configBlobs.remove(`fleet/${TENANT}.json`);
    await store(JSON.parse(stdout));
    expect(await world.run('fleet', 'check', ...OF)).toMatchObject({ code: 0 });
  });
});

test('tenants remove removes the document too', async () => {
  await store();
  expect(await world.run('tenants', 'remove', TENANT, '--yes', '--force')).toMatchObject({ code: 0 });
  expect([...world.configBlobs.texts.keys()]).toEqual([]);
});
