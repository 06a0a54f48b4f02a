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
  it('tries every permission of the scenarios by one call each on ids that do not exist', async () => {
    const world = createCliWorld();
    await world.addTenant();
    answerTries(world);
    const { code, stdout } = await world.run('tenants', 'show', TENANT);
    expect(code).toBe(0);
    expect(world.graph.calls.map(({ permission }) => permission)).toEqual([
      'PrintTaskDefinition.ReadWrite.All',
      'Printer.Read.All',
      'PrintJob.ReadBasic.All',
      'PrintJob.Read.All',
      'PrintJob.ReadWriteBasic.All',
      'PrintJob.Manage.All',
    ]);
    for (const { path } of world.graph.calls.slice(1)) {
      expect(path).toMatch(/^\/print\/printers\/00000000-0000-0000-0000-000000000000/);
    }
    expect(stdout.match(/ granted$/gm)).toHaveLength(6);
    expect(stdout).toContain('/adminconsent?');
    expect(stdout).not.toContain('Missing');
  });

  it('names what is missing', async () => {
    const world = createCliWorld();
    await world.addTenant();
    answerTries(world, ['PrintJob.Manage.All']);
    const { stdout } = await world.run('tenants', 'show', TENANT);
    expect(stdout).toContain('misses PrintJob.Manage.All');
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

  it('calls a flow granted only with all that it takes: without reading jobs nothing of it works', async () => {
    const world = createCliWorld();
    await world.addTenant();
    answerTries(world, ['PrintJob.ReadBasic.All']);
    const { stdout } = await world.run('tenants', 'show', TENANT);
    const tried = stdout.split('\n').filter((line) => line.startsWith('Hear of Job'));
    expect(tried).toHaveLength(2);
    for (const line of tried) expect(line).toMatch(/  misses PrintJob\.ReadBasic\.All$/);
  });

  it('does not blame a permission for the lack of another (api/printjob-get.md: both are needed)', async () => {
    const world = createCliWorld();
    await world.addTenant();
    answerTries(world, ['Printer.Read.All', 'PrintJob.ReadBasic.All']);
    const { stdout } = await world.run('tenants', 'show', TENANT);
    expect(stdout).toContain('Missing: Printer.Read.All.');
    expect(stdout).toContain('Unknown: can be tried once Printer.Read.All is granted');
  });

  it('says why it could not try', async () => {
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

  it('says how to add one that is not listed', async () => {
    const world = createCliWorld();
    const unknown = await world.run('tenants', 'show', TENANT);
    expect(unknown).toMatchObject({ code: 1, stdout: '' });
    expect(unknown.stderr).toContain(`tenants add ${TENANT}`);
  });
});
