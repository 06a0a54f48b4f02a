import { createCliWorld } from '../support/createCliWorld';
import { DEFINITION, PRINTER, START, TENANT } from '../support/createSubscriptionWorld';

/** A customer with two held jobs. `app`: whether something ends them while the command waits. */
async function createWorld(app: 'running' | 'stopped' = 'stopped') {
  const references = ['t1', 't2'].map(
    (taskId) => ({ kind: 'jobStarted', tenantId: TENANT, definitionId: DEFINITION, taskId }) as const,
  );
  const world = createCliWorld({
    sleep: async (ms) => {
      await world.clock.sleep(ms);
      const reference = references.shift();
      if (app === 'stopped' || !reference) return;
      const key = { tenantId: TENANT, rowKey: `jobStarted_${DEFINITION}_${reference.taskId}` };
      const known = await world.ledger.get(key);
      if (known) await world.ledger.replace(reference, { ...known.value, status: 'done' }, known);
    },
  });
  await world.addTenant();
  for (const reference of references) {
    await world.ledger.insert(reference, {
      ...{ status: 'held', phase: 'end', outcome: 'held', attempts: 1, foundBy: 'graph', firstSeenAt: START },
      ...{ heldUntil: '2026-11-22T04:00:00.000Z', heldElse: 'abort', printerId: PRINTER, jobId: reference.taskId },
      ...{ definitionId: DEFINITION, taskId: reference.taskId },
    });
  }
  const wishes = () => world.queue('print-notifications').texts().length;
  return { ...world, wishes };
}

const remove = ['tenants', 'remove', TENANT, '--yes'];

describe('tenants pause', () => {
  it('names first how many jobs are held', async () => {
    const world = await createWorld();
    const { code, stderr } = await world.run('tenants', 'pause', TENANT);
    expect(code).toBe(0);
    expect(stderr).toMatch(new RegExp(`^warning: 2 jobs of tenant ${TENANT} are held, `));
    expect(await world.runJson('tenants', 'pause', TENANT)).toMatchObject({ json: { status: 'paused', heldJobs: 2 } });
    expect(world.wishes()).toBe(0);
  });

  it('says nothing of held jobs where there are none', async () => {
    const world = createCliWorld();
    await world.addTenant();
    expect(await world.run('tenants', 'pause', TENANT)).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('tenants remove', () => {
  it('ends held jobs while the customer is still active, and shows progress', async () => {
    const world = await createWorld('running');
    const update = world.tenants.update.bind(world.tenants);
    const heldAtUpdate: number[] = [];
    world.tenants.update = async (...change) => {
      let held = 0;
      for await (const _job of world.ledger.listHeld(TENANT, {})) held += 1;
      heldAtUpdate.push(held);
      return update(...change);
    };
    const { code, stdout, stderr } = await world.run(...remove, '--force');
    expect(code).toBe(0);
    expect(stdout).toContain(`Removed tenant ${TENANT}`);
    expect(stderr).toBe('1 job still held\n');
    expect(heldAtUpdate[0]).toBe(0);
    expect(world.wishes()).toBe(2);
  });

  it('removes nothing while jobs are held', async () => {
    const world = await createWorld();
    world.graph.next('GET', () => ({ value: [] }));
    world.administrator.next('GET', () => ({ value: [] }));
    const { code, stdout, stderr } = await world.run(...remove);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`2 jobs of tenant ${TENANT} could not be ended within two minutes. See why: jobs list`);
    expect((await world.tenants.get(TENANT))?.status).toBe('active');
  });

  it('--force continues, with a warning', async () => {
    const world = await createWorld();
    const { code, stderr, json } = await world.runJson(...remove, '--force');
    expect({ code, json }).toMatchObject({ code: 0, json: { status: 'removed', heldJobs: 2 } });
    expect(stderr).toContain('The sweep ends their tasks by onFailure.');
  });
});

it('jobs list shows held jobs', async () => {
  const world = await createWorld();
  const { json } = await world.runJson('jobs', 'list', '--tenant', TENANT, '--status', 'held');
  expect(json).toHaveLength(2);
});
