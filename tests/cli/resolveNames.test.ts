import { createCliWorld } from '../support/createCliWorld';
import { graphError } from '../support/createFakeGraph';
import {
  DEFINITION,
  fetchable,
  OTHER_TENANT,
  PRINTER,
  START,
  started,
  TENANT,
} from '../support/createSubscriptionWorld';

const PRINTER_2 = '3333aaaa-3333-3333-3333-333333333333';
const DEFINITION_2 = '55555555-4444-4444-4444-444444444444';

async function createNamedWorld() {
  const world = createCliWorld();
  for (const [tenantId, name] of [
    [TENANT, 'Contoso'],
    [OTHER_TENANT, 'Contoso West'],
    ['99999999-1111-1111-1111-111111111111', 'Fabrikam'],
  ] as const) {
    await world.tenants.add({ tenantId, name, createdAt: START });
  }
  await world.put({ ...fetchable(), name: 'Reception' });
  await world.put({ ...fetchable(TENANT, PRINTER_2), name: 'Archive' });
  await world.put(started());
  return world;
}

/** Reads of tables by a run. */
function countReads(world: Awaited<ReturnType<typeof createNamedWorld>>) {
  return [jest.spyOn(world.tenants, 'list'), jest.spyOn(world.watches, 'list'), jest.spyOn(world.ledger, 'list')];
}

describe('a tenant', () => {
  it.each([
    ['its id in upper case', TENANT.toUpperCase(), TENANT],
    ['its name', 'Fabrikam', '99999999-1111-1111-1111-111111111111'],
    ['its name in another case', 'fabriKAM', '99999999-1111-1111-1111-111111111111'],
    ['the beginning of its name', 'fab', '99999999-1111-1111-1111-111111111111'],
    ['the beginning of its id', '2222', OTHER_TENANT],
    ['a whole name that others begin with', 'contoso', TENANT],
  ])('can be named by %s', async (_what, text, tenantId) => {
    const world = await createNamedWorld();
    expect(await world.runJson('tenants', 'pause', text)).toMatchObject({ code: 0, json: { tenantId } });
    expect(await world.runJson('subscriptions', 'list', '--tenant', text)).toMatchObject({ code: 0 });
  });

  it('is shown on stderr when only the beginning was given, so that a slip does not change another one', async () => {
    const world = await createNamedWorld();
    const { stdout, stderr } = await world.run('tenants', 'pause', 'fab', '--json');
    expect(stderr).toBe('Tenant 99999999-1111-1111-1111-111111111111 (Fabrikam)\n');
    expect(JSON.parse(stdout)).toMatchObject({ name: 'Fabrikam' });
    expect((await world.run('tenants', 'resume', 'Fabrikam')).stderr).toBe('');
  });

  it('that is ambiguous lists the candidates, and nothing is done', async () => {
    const world = await createNamedWorld();
    expect(await world.run('tenants', 'pause', 'cont')).toEqual({
      code: 2,
      stdout: '',
      stderr: [
        'error: "cont" names 2 tenants:',
        `  ${TENANT} (Contoso)`,
        `  ${OTHER_TENANT} (Contoso West)`,
        'Add more of the name, or use the id.',
        '',
      ].join('\n'),
    });
    expect(await world.tenants.get(TENANT)).toMatchObject({ status: 'active' });
  });

  it('that is unknown lists what exists, and the command that lists them', async () => {
    const world = await createNamedWorld();
    const { code, stderr } = await world.run('subscriptions', 'list', '--tenant', 'Northwind');
    expect(code).toBe(2);
    expect(stderr).toContain('that begins with "Northwind"');
    expect(stderr).toContain(`  ${TENANT} (Contoso)\n`);
    expect(stderr).toContain('See: tenants list');
  });

  it('that is added must be named by its GUID', async () => {
    const world = await createNamedWorld();
    expect((await world.run('tenants', 'add', 'Contoso', '--name', 'x')).stderr).toContain('GUID of the Entra tenant');
  });
});

it.each([
  [['subscriptions', 'show', '--tenant', TENANT, '--printer', PRINTER]],
  [['subscriptions', 'show', '--tenant', TENANT, '--definition', DEFINITION]],
  [['jobs', 'show', 'x', '--tenant', TENANT]],
])('a whole id costs no read: %j', async (argv) => {
  const world = await createNamedWorld();
  const [tenants, watches, ledger] = countReads(world);
  await world.run(...argv);
  expect(tenants).not.toHaveBeenCalled();
  expect(watches).not.toHaveBeenCalled();
  expect(ledger?.mock.calls.length).toBe(argv[0] === 'jobs' ? 1 : 0);
  expect(world.graph.calls).toEqual([]);
});

describe('a printer', () => {
  it.each(['Reception', 'rec', '33333333-'])('of a watch can be named %s', async (text) => {
    const world = await createNamedWorld();
    const shown = await world.runJson('subscriptions', 'show', '--tenant', 'Contoso', '--printer', text);
    expect(shown).toMatchObject({ code: 0, json: { tenantId: TENANT, id: PRINTER, name: 'Reception' } });
  });

  it('that is ambiguous lists the candidates', async () => {
    const world = await createNamedWorld();
    const { code, stderr } = await world.run('subscriptions', 'renew', '--tenant', TENANT, '--printer', '3333');
    expect(code).toBe(2);
    expect(stderr).toContain(`  ${PRINTER} (Reception)\n  ${PRINTER_2} (Archive)\n`);
  });

  it('of the ledger alone can be named by the beginning of its id', async () => {
    const world = await createNamedWorld();
    const printerId = 'cccccccc-3333-3333-3333-333333333333';
    const row = { status: 'done', firstSeenAt: START, printerId, jobId: '1' };
    await world.ledgerTable.insert({ partitionKey: TENANT, rowKey: `jobStarted_${DEFINITION}_t1`, ...row });
    const argv = ['tenants', 'token', 'create', '--tenant', TENANT, '--name', 'Reader', '--printer', 'ccc'];
    expect(await world.runJson(...argv, '--printer', 'Archive', '--printer', PRINTER_2)).toMatchObject({
      code: 0,
      json: { printers: [printerId, PRINTER_2] },
    });
  });

  it('that is unknown says that its id is needed', async () => {
    const world = await createNamedWorld();
    const { code, stderr } = await world.run('subscriptions', 'add', '--tenant', TENANT, '--printer', 'Third floor');
    expect(code).toBe(2);
    expect(stderr).toContain(`No printer of tenant ${TENANT} has an id or a name that begins with "Third floor"`);
    expect(stderr).toContain('Use the id of the printer, or see: subscriptions list');
  });

  it('gets its name on the row of its watch when it is added (api/printer-get.md)', async () => {
    const world = createCliWorld();
    await world.addTenant();
    const add = ['subscriptions', 'add', '--tenant', TENANT, '--printer', PRINTER];
    world.graph.nextError('GET', graphError('notFound'));
    world.graph.next('GET', () => ({ id: PRINTER, displayName: 'Reception' }));
    expect(await world.runJson(...add)).toMatchObject({ code: 0, json: { name: 'Reception' } });
    expect(world.graph.said().at(-1)).toBe(`GET /print/printers/${PRINTER}`);
    expect((await world.read()).watch).toMatchObject({ name: 'Reception', status: 'active' });
    expect((await world.run('subscriptions', 'list')).stdout).toMatch(/Reception +live/);
    // A run of the timer keeps it.
    await world.run('subscriptions', 'renew', '--tenant', TENANT, '--printer', 'Reception');
    expect((await world.read()).watch.name).toBe('Reception');
  });

  it('is added without its name where Graph refuses to show it', async () => {
    const world = createCliWorld();
    await world.addTenant();
    world.graph.nextError('GET', graphError('notFound'));
    world.graph.nextError('GET', graphError('forbidden'));
    const added = await world.runJson('subscriptions', 'add', '--tenant', TENANT, '--printer', PRINTER);
    expect(added).toMatchObject({ code: 0, stderr: '', json: { added: true, id: PRINTER } });
    expect((await world.read()).watch.name).toBeUndefined();
  });
});

describe('a definition', () => {
  const listed = [
    { id: DEFINITION, displayName: 'Accounting' },
    { id: DEFINITION_2, displayName: 'Archive' },
  ];

  it.each(['Accounting', 'acc', '4444'])('can be named %s, as Graph lists it', async (text) => {
    const world = await createNamedWorld();
    world.graph.next('GET', () => ({ value: listed }));
    const shown = await world.runJson('subscriptions', 'show', '--tenant', TENANT, '--definition', text);
    expect(shown).toMatchObject({ code: 0, json: { kind: 'jobStarted', id: DEFINITION } });
    expect(world.graph.said()).toEqual(['GET /print/taskDefinitions']);
  });

  it('is an argument of definitions delete', async () => {
    const world = await createNamedWorld();
    world.graph.next('GET', () => ({ value: listed }));
    world.graph.next('DELETE', () => undefined);
    const argv = ['definitions', 'delete', 'Archive', '--tenant', TENANT, '--yes', '--force'];
    expect(await world.runJson(...argv)).toMatchObject({ code: 0, json: { id: DEFINITION_2, deleted: true } });
  });

  it('that two of this name exist of is ambiguous', async () => {
    const world = await createNamedWorld();
    world.graph.next('GET', () => ({ value: listed.map(({ id }) => ({ id, displayName: 'Ours' })) }));
    const { code, stderr } = await world.run('subscriptions', 'add', '--tenant', TENANT, '--definition', 'ours');
    expect(code).toBe(2);
    expect(stderr).toContain(`"ours" names 2 definitions:\n  ${DEFINITION} (Ours)\n  ${DEFINITION_2} (Ours)\n`);
  });

  it('of a watch can be named by its id where the customer refuses the app', async () => {
    const world = await createNamedWorld();
    world.graph.nextError('GET', graphError('unauthorized'));
    const shown = await world.runJson('subscriptions', 'show', '--tenant', TENANT, '--definition', '4444');
    expect(shown).toMatchObject({ code: 0, json: { id: DEFINITION } });
    world.graph.nextError('GET', graphError('unauthorized'));
    const failed = await world.run('subscriptions', 'show', '--tenant', TENANT, '--definition', 'Accounting');
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('Graph said unauthorized') as string });
  });

  it('needs its tenant', async () => {
    const world = await createNamedWorld();
    expect((await world.run('jobs', 'sweep', '--definition', 'Accounting')).code).toBe(2);
  });
});
