import { createCliWorld } from '../support/createCliWorld';
import { graphError } from '../support/createFakeGraph';
import { DEFINITION, PRINTER, TENANT } from '../support/createSubscriptionWorld';

const TRIGGER = '66666666-6666-6666-6666-666666666666';
const onPrinter = ['--tenant', TENANT, '--printer', PRINTER];
const create = ['triggers', 'create', ...onPrinter, '--definition', DEFINITION];

describe('triggers', () => {
  it('create binds a definition to a printer as the administrator (api/printer-post-tasktriggers.md)', async () => {
    const world = createCliWorld();
    world.administrator.next('POST', () => ({ id: TRIGGER, event: 'jobStarted' }));
    const { code, stdout, stderr } = await world.run(...create);
    expect(code).toBe(0);
    expect(stdout).toContain(`subscriptions add --tenant ${TENANT} --definition ${DEFINITION}`);
    expect(stderr).toBe(
      `Sign in as a Printer Administrator of tenant ${TENANT}. A browser opens on this machine. If it does not, open this address in it:\nhttps://login.example/authorize\n`,
    );
    expect(world.signedIn).toEqual([`${TENANT} Printer.ReadWrite.All`]);
    expect(world.administrator.calls).toMatchObject([
      {
        method: 'POST',
        path: `/print/printers/${PRINTER}/taskTriggers`,
        body: {
          event: 'jobStarted',
          'definition@odata.bind': `http://127.0.0.1:7080/v1.0/print/taskDefinitions/${DEFINITION}`,
        },
      },
    ]);
    world.administrator.next('POST', () => ({ id: TRIGGER }));
    expect(await world.runJson(...create)).toMatchObject({
      json: { tenantId: TENANT, printerId: PRINTER, id: TRIGGER, definitionId: DEFINITION },
    });
  });

  it('signs in by a code on another device where that is asked for', async () => {
    const openBrowser = jest.fn(() => Promise.resolve());
    const world = createCliWorld({ openBrowser });
    world.administrator.next('POST', () => ({ id: TRIGGER }));
    expect((await world.run(...create, '--device-code')).stderr).toBe(
      `Open https://login.example/device and enter the code ABCD1234, as a Printer Administrator of tenant ${TENANT}.\n`,
    );
    expect(openBrowser).not.toHaveBeenCalled();
  });

  it('says what to do where no browser can be opened', async () => {
    const world = createCliWorld({
      openBrowser: (_address, onFailure) => Promise.resolve(onFailure()),
    });
    world.administrator.next('POST', () => ({ id: TRIGGER }));
    const { code, stderr } = await world.run(...create);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^warning: No browser could be opened\..*--device-code/m);
  });

  it.each([
    ['triggers', 'create'],
    ['triggers', 'list'],
    ['triggers', 'delete'],
    ['printers', 'create-virtual'],
    ['tenants', 'remove'],
  ])('%s %s takes --device-code', async (group, verb) => {
    const { stdout } = await createCliWorld().run(group, verb, '--help');
    expect(stdout).toContain('--device-code');
    expect(stdout).toContain('AADSTS53003');
  });

  it('create explains that a printer can have only one trigger', async () => {
    const world = createCliWorld();
    world.administrator.nextError('POST', graphError('conflict'));
    const taken = await world.run(...create);
    expect(taken).toMatchObject({ code: 1, stdout: '' });
    expect(taken.stderr).toContain('triggers list');
    world.administrator.nextError('POST', graphError('forbidden'));
    expect((await world.run(...create)).stderr).toContain('Graph said forbidden');
  });

  it.each([
    ['as Graph knows it', PRINTER],
    ['as events show it', `pullprint.${PRINTER}`],
  ])('create refuses a pull print printer with the reason, before anybody signs in: %s', async (_name, id) => {
    const world = createCliWorld();
    world.graph.next('GET', () => ({ id: PRINTER }));
    const refused = await world.run(
      'triggers',
      'create',
      '--tenant',
      TENANT,
      '--printer',
      id,
      '--definition',
      DEFINITION,
    );
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(`${id} is a pull print printer, and Graph has no triggers for these`);
    expect(world.signedIn).toEqual([]);
  });

  it('create continues where the app may not read pull print printers, or Graph answers about another one', async () => {
    const world = createCliWorld();
    world.graph.nextError('GET', graphError('forbidden'));
    world.graph.next('GET', () => ({ id: DEFINITION }));
    for (const _ of ['refused', 'another']) {
      world.administrator.next('POST', () => ({ id: TRIGGER }));
      expect(await world.run(...create)).toMatchObject({ code: 0 });
    }
  });

  it('create rejects an answer without an id', async () => {
    const world = createCliWorld();
    world.administrator.next('POST', () => 'text');
    expect(await world.run(...create)).toMatchObject({ code: 1, stdout: '' });
  });

  it('list shows the owner of the trigger of each printer', async () => {
    const world = createCliWorld();
    const answer = () => {
      world.graph.next('GET', () => ({ value: [{ id: DEFINITION }] }));
      const ids = ['p1', 'p2', 'p3', 'p4', 'p5'];
      world.administrator.next('GET', () => ({
        value: ids.map((id, index) => (index === 0 ? { id } : { id, displayName: `Printer ${id}` })),
      }));
      world.administrator.next('GET', () => ({ value: [{ id: 't1', definition: { id: DEFINITION } }] }));
      world.administrator.next('GET', () => ({ value: [{ id: 't2', definition: { id: 'other' } }] }));
      world.administrator.next('GET', () => ({ value: [{ id: 't3' }] }));
      world.administrator.next('GET', () => ({ value: [] }));
      world.administrator.next('GET', () => ({ value: [] }));
    };
    answer();
    const { stdout } = await world.run('triggers', 'list', '--tenant', TENANT);
    expect(
      stdout
        .split('\n')
        .slice(1, 4)
        .map((line) => line.split(/ {2,}/)),
    ).toEqual([
      ['p1', 't1', DEFINITION, 'this app'],
      ['p2', 'Printer p2', 't2', 'other', 'another app'],
      ['p3', 'Printer p3', 't3', 'unknown'],
    ]);
    answer();
    expect(await world.runJson('triggers', 'list', '--tenant', TENANT)).toMatchObject({
      code: 0,
      json: [
        { tenantId: TENANT, printerId: 'p1', id: 't1', ours: true },
        { printerId: 'p2', ours: false },
        { printerId: 'p3' },
      ],
    });
    world.graph.next('GET', () => ({ value: [] }));
    world.administrator.next('GET', () => ({ value: [] }));
    expect((await world.run('triggers', 'list', '--tenant', TENANT)).stdout).toContain('triggers create');
  });

  it('list reports progress in a tenant with many printers', async () => {
    const world = createCliWorld();
    world.graph.next('GET', () => ({ value: [] }));
    const printers = Array.from({ length: 41 }, (_, index) => ({ id: `p${index}` }));
    world.administrator.next('GET', () => ({ value: printers }));
    for (const _ of printers) world.administrator.next('GET', () => ({ value: [] }));
    const { code, stderr } = await world.run('triggers', 'list', '--tenant', TENANT);
    expect(code).toBe(0);
    expect(stderr.split('\n').slice(2)).toEqual(['20 printers read', '40 printers read', '']);
  });

  it('delete asks for confirmation, deletes, and fails for a missing trigger', async () => {
    const world = createCliWorld({ confirm: () => Promise.resolve(false) });
    const argv = ['triggers', 'delete', TRIGGER, ...onPrinter];
    expect(await world.run(...argv)).toEqual({ code: 0, stdout: '', stderr: 'Nothing was deleted.\n' });
    world.administrator.next('DELETE', () => undefined);
    expect(await world.runJson(...argv, '--yes')).toMatchObject({
      code: 0,
      json: { id: TRIGGER, deleted: true },
    });
    expect(world.administrator.said()).toEqual([`DELETE /print/printers/${PRINTER}/taskTriggers/${TRIGGER}`]);
    world.administrator.next('DELETE', () => undefined);
    expect((await world.run(...argv, '--yes')).stdout).toContain('Deleted trigger');
    world.administrator.nextError('DELETE', graphError('notFound'));
    expect(await world.run(...argv, '--yes')).toMatchObject({ code: 1, stdout: '' });
    world.administrator.nextError('DELETE', graphError('forbidden'));
    expect(await world.run(...argv, '--yes')).toMatchObject({ code: 1, stdout: '' });
  });

  it('help explains public client flows and their risk', async () => {
    const { stdout } = await createCliWorld().run('triggers', 'create', '--help');
    expect(stdout).toContain('must then allow public client flows');
    expect(stdout).toContain('The risk:');
  });
});
