import { createCliWorld } from '../support/createCliWorld';
import { graphError } from '../support/createFakeGraph';
import { DEFINITION, TENANT } from '../support/createSubscriptionWorld';

const answered = { id: DEFINITION, displayName: 'Accounting', createdBy: { displayName: 'Our app' } };

describe('definitions', () => {
  it('create creates a print task definition and prints the next step', async () => {
    const world = createCliWorld();
    world.graph.next('POST', () => answered);
    const { code, stdout } = await world.run('definitions', 'create', '--tenant', TENANT, '--name', 'Accounting');
    expect(code).toBe(0);
    expect(stdout).toContain(`subscriptions add --tenant ${TENANT} --definition ${DEFINITION}`);
    expect(world.graph.said()).toEqual(['GET /print/taskDefinitions', 'POST /print/taskDefinitions']);
    expect(world.graph.calls[1]).toMatchObject({
      tenantId: TENANT,
      path: '/print/taskDefinitions',
      body: { displayName: 'Accounting', createdBy: { displayName: 'Universal Print Receiver' } },
    });
  });

  it('create --json prints the definition and nothing else', async () => {
    const world = createCliWorld();
    world.graph.next('POST', () => answered);
    const argv = ['definitions', 'create', '--tenant', TENANT, '--name', 'Accounting', '--app-name', 'Our app'];
    expect(await world.runJson(...argv)).toEqual({
      code: 0,
      stderr: '',
      json: { tenantId: TENANT, id: DEFINITION, displayName: 'Accounting', appName: 'Our app' },
    });
    expect(world.graph.calls[1]?.body).toMatchObject({ createdBy: { displayName: 'Our app' } });
  });

  it('create refuses a second definition of one name, and names the first, unless --force is given', async () => {
    const world = createCliWorld();
    const listing = () => world.graph.next('GET', () => ({ value: [{ id: 'd2', displayName: 'Others' }, answered] }));
    const argv = ['definitions', 'create', '--tenant', TENANT, '--name', ' ACCOUNTING '];
    listing();
    const { code, stdout, stderr } = await world.run(...argv);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`${DEFINITION} (Accounting, app Our app)`);
    expect(stderr).toContain(`subscriptions add --tenant ${TENANT} --definition ${DEFINITION}`);
    expect(stderr).toContain('--force');
    expect(stderr).not.toContain('Others');
    expect(world.graph.calls.map(({ method }) => method)).toEqual(['GET']);
    world.graph.next('POST', () => answered);
    expect((await world.run(...argv, '--force')).code).toBe(0);
    listing();
    world.graph.next('POST', () => answered);
    expect((await world.run(...argv.slice(0, -1), 'Another')).code).toBe(0);
  });

  it('create lists with the permission that it creates with (api/print-list-taskdefinitions.md)', async () => {
    const world = createCliWorld();
    world.graph.next('POST', () => answered);
    await world.run('definitions', 'create', '--tenant', TENANT, '--name', 'Accounting');
    expect(new Set(world.graph.calls.map(({ permission }) => permission))).toEqual(
      new Set(['PrintTaskDefinition.ReadWrite.All']),
    );
  });

  it('create prints the reason when Graph refuses', async () => {
    const world = createCliWorld();
    world.graph.nextError('POST', graphError('forbidden'));
    expect(await world.run('definitions', 'create', '--tenant', TENANT, '--name', 'x')).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'error: Graph said forbidden. Grant the app the permission and have an administrator of the customer consent again.\n',
    });
  });

  it('list shows the definitions of this app', async () => {
    const world = createCliWorld();
    world.graph.next('GET', () => ({ value: [answered, { id: 'd2' }] }));
    expect(await world.runJson('definitions', 'list', '--tenant', TENANT)).toMatchObject({
      code: 0,
      json: [
        { tenantId: TENANT, id: DEFINITION, displayName: 'Accounting', appName: 'Our app' },
        { tenantId: TENANT, id: 'd2', displayName: '' },
      ],
    });
    world.graph.next('GET', () => ({ value: [answered, { id: 'd2' }] }));
    const { stdout } = await world.run('definitions', 'list', '--tenant', TENANT);
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      [expect.stringMatching('ID'), 'NAME', 'APP'],
      [DEFINITION, 'Accounting', 'Our app'],
      ['d2'],
      [''],
    ]);
    world.graph.next('GET', () => ({ value: [] }));
    expect((await world.run('definitions', 'list', '--tenant', TENANT)).stdout).toContain('definitions create');
  });

  it('delete asks for confirmation, and does nothing after a no', async () => {
    const questions: string[] = [];
    const answers = [false, true];
    const world = createCliWorld({
      confirm: (question) => {
        questions.push(question);
        return Promise.resolve(answers.shift());
      },
    });
    const argv = ['definitions', 'delete', DEFINITION, '--tenant', TENANT];
    expect(await world.run(...argv)).toEqual({ code: 0, stdout: '', stderr: 'Nothing was deleted.\n' });
    expect(world.graph.calls).toHaveLength(0);
    world.graph.next('GET', () => ({ value: [] }));
    world.graph.next('DELETE', () => undefined);
    expect(await world.run(...argv)).toMatchObject({
      code: 0,
      stdout: `Deleted definition ${DEFINITION}.\n`,
    });
    expect(world.graph.said()).toEqual([
      `GET /print/taskDefinitions/${DEFINITION}/tasks`,
      `DELETE /print/taskDefinitions/${DEFINITION}`,
    ]);
    expect(questions[0]).toContain(DEFINITION);
  });

  it('delete --yes skips the confirmation, and fails for a missing definition', async () => {
    const world = createCliWorld({ confirm: () => Promise.reject(new Error('asked')) });
    world.graph.next('GET', () => ({ value: [{ id: 't1', status: { state: 'completed' } }] }));
    world.graph.next('DELETE', () => undefined);
    const argv = ['definitions', 'delete', DEFINITION, '--tenant', TENANT, '--yes'];
    expect(await world.runJson(...argv)).toEqual({
      code: 0,
      stderr: '',
      json: { tenantId: TENANT, id: DEFINITION, deleted: true },
    });
    world.graph.nextError('GET', graphError('notFound'));
    const gone = await world.run(...argv);
    expect(gone).toMatchObject({ code: 1, stdout: '' });
    expect(gone.stderr).toContain(`See: definitions list --tenant ${TENANT}`);
    world.graph.nextError('DELETE', graphError('notFound'));
    expect((await world.run(...argv, '--force')).stderr).toContain(`definitions list --tenant ${TENANT}`);
    world.graph.nextError('GET', graphError('forbidden'));
    expect((await world.run(...argv)).stderr).toContain('error: Graph said forbidden');
  });

  it.each(['pending', 'processing'])(
    'delete fails while a task is %s (resources/printtaskstatus.md), which pauses its job',
    async (state) => {
      const world = createCliWorld();
      const tasks = [
        { id: 't1', status: { state } },
        { id: 't2', status: { state: 'aborted' } },
      ];
      world.graph.next('GET', () => ({ value: tasks }));
      const argv = ['definitions', 'delete', DEFINITION, '--tenant', TENANT, '--yes'];
      const { code, stdout, stderr } = await world.run(...argv);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain('It has 1 open task');
      expect(stderr).toContain(`jobs sweep --tenant ${TENANT}`);
      expect(world.graph.said()).toEqual([`GET /print/taskDefinitions/${DEFINITION}/tasks`]);
    },
  );

  it('delete fails while the definition is watched and names the verb to run, unless --force', async () => {
    const world = createCliWorld();
    await world.put({ kind: 'jobStarted', id: DEFINITION });
    world.graph.next('GET', () => ({ value: [] }));
    const argv = ['definitions', 'delete', DEFINITION, '--tenant', TENANT, '--yes'];
    const { code, stderr } = await world.run(...argv);
    expect(code).toBe(1);
    expect(stderr).toContain(`subscriptions remove --tenant ${TENANT} --definition ${DEFINITION}`);
    expect(stderr).toContain('--force');
    world.graph.next('DELETE', () => undefined);
    expect((await world.run(...argv, '--force')).code).toBe(0);
    expect(world.graph.said().at(-1)).toBe(`DELETE /print/taskDefinitions/${DEFINITION}`);
  });
});
