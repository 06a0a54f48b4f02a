import type { GraphCall } from '../../../shared/graph/client';
import { ReceiverError } from '../../../shared/errors';
import { recordRestoredAccess } from '../../../shared/tenants/graphAccess';
import { countSweeps, sweepAll } from '../../../shared/sweep/sweepAll';
import type { TenantStatus } from '../../../shared/tenants/tenants';
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

it('skips unreadable rows and reports them', async () => {
  await world.tenantTable.insert({ partitionKey: 'tenant', rowKey: 'x', status: 'odd' });
  await world.watchTable.insert({ partitionKey: TENANT, rowKey: 'odd' });
  const summary = await sweepAll(world.deps);
  expect(summary.unreadable).toEqual([expect.stringContaining('Tenants'), expect.stringContaining('Subscriptions')]);
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

describe('a run that the host would end', () => {
  const MINUTE = 60_000;
  const HANGING = Array.from({ length: 20 }, (_, n) => `hanging-${String(n).padStart(2, '0')}`);
  beforeEach(async () => {
    for (const tenantId of HANGING) {
      await world.addTenant(tenantId, tenantId < 'hanging-10' ? 'active' : 'paused');
      world.putTenantInGraph(tenantId);
    }
  });
  /** Each call takes so long, one after the other. */
  const slow = (ms: number) => ({
    ...world.deps,
    callGraph: (call: GraphCall) => {
      world.clock.advance(ms);
      return world.deps.callGraph(call);
    },
  });
  const asked = () => new Set(world.calls.splice(0).map(({ tenantId }) => tenantId));

  it('starts nothing new when its time is up, and postpones and counts the rest', async () => {
    const summary = await sweepAll(slow(MINUTE), { runMs: 8 * MINUTE });
    expect(world.calls).toHaveLength(8);
    expect(summary.tenants).toHaveLength(22);
    const { swept = 0, postponed = 0 } = countSweeps(summary);
    expect(swept + postponed).toBe(22);
    expect(postponed).toBeGreaterThan(22 - 8);
    expect(world.logger.events).toContainEqual(expect.objectContaining({ level: 'warn', event: 'sweep.timeUp' }));
  });

  it('gives the next turn to those that waited longest, active or not', async () => {
    const turns = [];
    for (let run = 0; run < 3; run += 1) {
      await sweepAll(slow(MINUTE), { runMs: 8 * MINUTE });
      turns.push(...asked());
      world.clock.advance(MINUTE);
    }
    expect(new Set(turns)).toEqual(new Set([TENANT, OTHER_TENANT, ...HANGING]));
  });

  it('does not let those that keep failing go first', async () => {
    await sweepAll(world.deps);
    world.refuse(/^hanging/, graphError('throttled'));
    world.clock.advance(10 * MINUTE);
    await sweepAll(world.deps);
    asked();
    world.clock.advance(10 * MINUTE);
    await sweepAll(slow(MINUTE), { runMs: 4 * MINUTE });
    // All had their turn at the same time, and these two are the first of the table.
    expect([...asked()]).toEqual(expect.arrayContaining([TENANT, OTHER_TENANT]));
  });

  it('queues what a listing showed that was cut short', async () => {
    world.setPageSize(1);
    world.putTask('second', { tenant: TENANT });
    const summary = await sweepAll(slow(MINUTE), { tenantId: TENANT, runMs: 2 * MINUTE });
    expect(summary.tenants).toMatchObject([{ outcome: 'postponed', enqueued: 1, failures: [] }]);
    expect((await world.tenants.get(TENANT))?.sweptAt).toBeUndefined();
  });

  it('is not cut short where no host ends it', async () => {
    const summary = await sweepAll(slow(MINUTE));
    expect(countSweeps(summary)).toMatchObject({ swept: 22, postponed: 0 });
  });
});

describe('a tenant that is not served and refuses the app', () => {
  const MINUTE = 60_000;
  const DAY_RUNS = 144;
  const refusal = new ReceiverError('tokenRefused', 'no token');
  const become = (status: TenantStatus) => world.tenants.update(TENANT, (row) => ({ ...row, status }));
  const runs = async (count: number) => {
    const asked: number[] = [];
    for (let run = 0; run < count; run += 1) {
      const before = world.calls.length;
      const { tenants } = await sweepAll(world.deps);
      if (world.calls.slice(before).some(({ tenantId }) => tenantId === TENANT)) asked.push(run);
      expect(tenants).toHaveLength(2);
      world.clock.advance(10 * MINUTE);
    }
    return asked;
  };

  it.each(['paused', 'removed'] as const)('%s, is asked ever more rarely, at least daily', async (status) => {
    await become(status);
    world.refuse(new RegExp(`^${TENANT}`), refusal);
    const asked = await runs(4 * DAY_RUNS);
    expect(asked.slice(0, 8)).toEqual([0, 2, 6, 14, 29, 58, 116, 232]);
    const gaps = asked.slice(1).map((run, n) => run - (asked[n] ?? 0));
    expect(Math.max(...gaps)).toBe(DAY_RUNS);
    const { tenants } = await sweepAll(world.deps);
    expect(tenants).toContainEqual(expect.objectContaining({ tenantId: TENANT, outcome: 'refused' }));
  });

  it('is asked at once by its name and once it is active, and then in every run', async () => {
    await become('removed');
    world.refuse(new RegExp(`^${TENANT}`), refusal);
    await runs(30);
    world.clearRefusals();
    expect(await runs(5)).toEqual([]);
    expect((await sweepAll(world.deps, { tenantId: TENANT })).tenants).toMatchObject([{ enqueued: 1 }]);
    expect(await runs(3)).toEqual([0, 1, 2]);
    world.refuse(new RegExp(`^${TENANT}`), refusal);
    await runs(30);
    await become('active');
    expect(await runs(3)).toEqual([0, 1, 2]);
  });

  it('is asked in the next run once a renewal has got through', async () => {
    await become('paused');
    world.refuse(new RegExp(`^${TENANT}`), refusal);
    await runs(30);
    world.clearRefusals();
    await world.tenants.update(TENANT, (tenant) => ({ ...tenant, graphAccess: 'refused', failures: 3 }));
    await recordRestoredAccess({ tenants: world.tenants, logger: world.logger }, TENANT);
    expect(await runs(3)).toEqual([0, 1, 2]);
  });

  it('while its consent stands, or Graph is out, is swept in every run', async () => {
    await become('removed');
    expect(await runs(3)).toEqual([0, 1, 2]);
    world.refuse(new RegExp(`^${TENANT}`), graphError('throttled'));
    expect(await runs(3)).toEqual([0, 1, 2]);
  });
});

it('rejects when the list of tenants cannot be read', async () => {
  const list = () => {
    throw new Error('out');
  };
  await expect(sweepAll({ ...world.deps, tenants: { ...world.tenants, list } })).rejects.toThrow('out');
});
