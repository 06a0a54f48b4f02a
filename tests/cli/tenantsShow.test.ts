import { GraphError } from '../../shared/graph/errors';
import { createCliWorld } from '../support/createCliWorld';
import { graphError } from '../support/createFakeGraph';
import { TENANT } from '../support/createSubscriptionWorld';

/** Answers of the fake Graph to the tries, in order: two 404s would do, but a listing answers 200. */
function answerTries(world: ReturnType<typeof createCliWorld>, refused: readonly string[] = []): void {
  const answer = (permission: string) => {
    if (refused.includes(permission)) throw graphError('forbidden');
    throw graphError('notFound');
  };
  for (const method of ['GET', 'GET', 'GET', 'GET', 'PATCH', 'POST'] as const) {
    world.graph.next(method, (call) => answer(call.permission));
  }
}

describe('tenants show', () => {
  it('tests every permission of the scenarios by one call each with ids that do not exist', async () => {
    const world = createCliWorld();
    await world.addTenant();
    answerTries(world);
    const { code, stdout } = await world.run('tenants', 'show', TENANT);
    expect(code).toBe(0);
    expect(world.graph.calls.map(({ permission }) => permission)).toEqual([
      'PrintTaskDefinition.ReadWrite.All',
      'Printer.Read.All',
      'PrintJob.ReadBasic.All',
      'PullPrintPrinter.Read.All',
      'PrintJob.Read.All',
      'PrintJob.ReadWriteBasic.All',
      'PrintJob.Manage.All',
    ]);
    for (const { path } of world.graph.calls.slice(1)) {
      expect(path).toMatch(/^\/print\/(printers|pullPrintPrinters)\/00000000-0000-0000-0000-000000000000/);
    }
    expect(stdout.match(/ granted$/gm)).toHaveLength(7);
    expect(stdout).toContain('/adminconsent?');
    expect(stdout).toContain('Ledger rows are removed after 30 days.');
    expect(stdout).toContain('A task that is open for 15 minutes is ended without its rules.');
    expect(stdout).not.toContain('Missing');
  });

  it('fails when it finds nothing out, and shows why', async () => {
    const world = createCliWorld();
    await world.addTenant();
    for (const method of ['GET', 'GET', 'GET', 'GET', 'PATCH', 'POST'] as const) {
      world.graph.nextError(method, graphError('unavailable'));
    }
    world.graph.nextError('GET', graphError('unavailable'));
    const { code, stdout } = await world.run('tenants', 'show', TENANT);
    expect(code).toBe(1);
    expect(stdout).toContain('Unknown: Graph said unavailable');
  });

  it('names missing permissions', async () => {
    const world = createCliWorld();
    await world.addTenant();
    answerTries(world, ['PrintJob.Manage.All']);
    const { stdout } = await world.run('tenants', 'show', TENANT);
    expect(stdout).toContain('missing PrintJob.Manage.All');
    expect(stdout).toContain('Missing: PrintJob.Manage.All.');
    answerTries(world, ['PrintJob.Manage.All']);
    expect(await world.runJson('tenants', 'show', TENANT)).toMatchObject({
      code: 0,
      stderr: '',
      json: {
        tenantId: TENANT,
        missing: ['PrintJob.Manage.All'],
        checks: expect.arrayContaining([{ permission: 'PrintJob.Manage.All', state: 'missing' }]) as unknown,
      },
    });
  });

  it('shows a flow as granted only with all its permissions', async () => {
    const world = createCliWorld();
    await world.addTenant();
    answerTries(world, ['PrintJob.ReadBasic.All']);
    const { stdout } = await world.run('tenants', 'show', TENANT);
    const results = stdout.split('\n').filter((line) => line.startsWith('Receive Job'));
    expect(results).toHaveLength(2);
    for (const line of results) expect(line).toMatch(/  missing PrintJob\.ReadBasic\.All$/);
  });

  it('does not report a permission as missing because another one is (api/printjob-get.md: both are needed)', async () => {
    const world = createCliWorld();
    await world.addTenant();
    answerTries(world, ['Printer.Read.All', 'PrintJob.ReadBasic.All']);
    const { stdout } = await world.run('tenants', 'show', TENANT);
    expect(stdout).toContain('Missing: Printer.Read.All.');
    expect(stdout).toContain('Unknown: can be tried once Printer.Read.All is granted');
  });

  it('prints why a permission could not be tested', async () => {
    const world = createCliWorld();
    await world.addTenant();
    const error = new GraphError('graphUnavailable', 'Graph is out');
    for (const method of ['GET', 'GET', 'GET', 'GET', 'PATCH', 'POST'] as const) {
      world.graph.nextError(method, error);
    }
    const { code, stdout } = await world.run('tenants', 'show', TENANT);
    expect(code).toBe(0);
    expect(stdout.match(/Unknown: Graph is out/g)).toHaveLength(1);
  });

  it('prints how to add a customer that is not listed', async () => {
    const world = createCliWorld();
    const unknown = await world.run('tenants', 'show', TENANT);
    expect(unknown).toMatchObject({ code: 1, stdout: '' });
    expect(unknown.stderr).toContain(`tenants add ${TENANT}`);
  });
});
