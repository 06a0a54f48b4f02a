import { countSweeps, sweepAll } from '../../../shared/sweep/sweepAll';
import { graphError } from '../../support/createFakeGraph';
import { DEFINITION, OTHER_TENANT, PRINTER, TENANT } from '../../support/createSubscriptionWorld';
import { createSweepWorld, type SweepWorld } from '../../support/createSweepWorld';

let world: SweepWorld;
beforeEach(async () => {
  world = createSweepWorld();
  for (const tenantId of [TENANT, OTHER_TENANT]) {
    await world.addTenant(tenantId);
    world.putDefinition(DEFINITION, tenantId);
    await world.put({ tenantId, kind: 'jobStarted', id: DEFINITION });
    world.putTask(`task-${tenantId[0] ?? ''}`, { tenant: tenantId });
  }
});

it('sweeps every tenant, however it goes with the others', async () => {
  world.refuse(new RegExp(`^${TENANT}`), graphError('throttled'));
  const summary = await sweepAll(world.deps);
  expect(summary.tenants.map(({ tenantId, outcome }) => [tenantId, outcome]).sort()).toEqual([
    [TENANT, 'postponed'],
    [OTHER_TENANT, 'swept'],
  ]);
  expect(world.found()).toEqual([`jobStarted_${DEFINITION}_task-2`]);
});

it('sweeps one tenant alone when asked', async () => {
  const steps: string[] = [];
  await sweepAll(world.deps, { tenantId: OTHER_TENANT, onProgress: ({ tenantId }) => steps.push(tenantId) });
  expect(steps).toEqual([OTHER_TENANT]);
  expect(new Set(world.calls.map(({ tenantId }) => tenantId))).toEqual(new Set([OTHER_TENANT]));
});

it('passes over rows that nobody can read, and tells of them', async () => {
  await world.tenantTable.insert({ partitionKey: 'tenant', rowKey: 'x', status: 'odd' });
  await world.watchTable.insert({ partitionKey: TENANT, rowKey: 'odd' });
  const summary = await sweepAll(world.deps);
  expect(summary.unreadable).toEqual([
    expect.stringContaining('Tenants'),
    expect.stringContaining('Subscriptions'),
  ]);
  expect(summary.tenants).toHaveLength(2);
});

it('is counted for one log line', async () => {
  await world.put({ id: PRINTER });
  world.refuse(new RegExp(`^${OTHER_TENANT}`), graphError('throttled'));
  expect(countSweeps(await sweepAll(world.deps))).toEqual({
    swept: 1,
    postponed: 1,
    refused: 0,
    error: 0,
    listings: 4,
    seen: 1,
    enqueued: 1,
    lostByGraph: 0,
    triggersLost: 0,
    failures: 1,
    unreadable: 0,
  });
});

it('rejects when the list of tenants cannot be read', async () => {
  const list = () => {
    throw new Error('out');
  };
  await expect(sweepAll({ ...world.deps, tenants: { ...world.tenants, list } })).rejects.toThrow('out');
});
