import { claimJob, holdClaim } from '../../../shared/jobs/claims';
import { ledgerRowKey, type JobStartedReference } from '../../../shared/jobs/message';
import { recoverJobs } from '../../../shared/sweep/recoverJobs';
import { createSweepTime } from '../../../shared/sweep/sweepRun';
import { sweepTenant } from '../../../shared/sweep/sweepTenant';
import { graphError } from '../../support/createFakeGraph';
import { DEFINITION, MINUTE, TENANT } from '../../support/createSubscriptionWorld';
import { createSweepWorld, type SweepWorld } from '../../support/createSweepWorld';

const HELD = {
  kind: 'jobStarted',
  tenantId: TENANT,
  definitionId: DEFINITION,
  taskId: 't1',
} as const satisfies JobStartedReference;

let world: SweepWorld;
beforeEach(async () => {
  world = createSweepWorld();
  await world.addTenant();
  await world.put({ kind: 'jobStarted', id: DEFINITION });
  world.putDefinition();
});

/** Holds the task for so many minutes. */
async function hold(minutes: number, reference: JobStartedReference = HELD): Promise<void> {
  const deps = { ledger: world.ledger, clock: world.clock };
  const result = await claimJob(deps, reference, { runId: 'run', foundBy: 'graph' });
  if (result.outcome !== 'claimed') throw new Error(result.outcome);
  const heldUntil = new Date(world.clock.now() + minutes * MINUTE).toISOString();
  const { definitionId, taskId } = reference;
  expect(await holdClaim(deps, result.claim, { heldUntil, heldElse: 'release', definitionId, taskId })).toBe(true);
}

async function sweep() {
  const tenant = await world.tenants.get(TENANT);
  if (!tenant) throw new Error('no tenant');
  return sweepTenant(world.deps, tenant, {
    time: createSweepTime(world.clock, { runMs: Infinity, rounds: () => 1 }),
    everyTrigger: false,
    retryNow: false,
    onUnreadable: () => undefined,
  });
}

describe('the recovery of every minute', () => {
  it('enqueues a held job when its time is up, and not before', async () => {
    await hold(240);
    world.clock.advance(239 * MINUTE);
    expect(await recoverJobs(world.deps, { tasks: false })).toMatchObject({ due: 0 });
    world.clock.advance(MINUTE + 1);
    expect(await recoverJobs(world.deps, { tasks: false })).toMatchObject({ due: 1 });
    expect(world.found()).toEqual([ledgerRowKey(HELD)]);
  });

  it('enqueues it also when the sweep enqueued it a minute before', async () => {
    await hold(60);
    world.putTask('t1', { state: 'completed' });
    world.clock.advance(59 * MINUTE);
    await sweep();
    expect(world.found()).toHaveLength(1);
    world.clock.advance(MINUTE + 1);
    expect(await recoverJobs(world.deps, { tasks: false })).toMatchObject({ due: 1 });
  });

  it('leaves the end of a hold that a run works on to its own message', async () => {
    await hold(1);
    world.clock.advance(2 * MINUTE);
    await claimJob({ ledger: world.ledger, clock: world.clock }, HELD, { runId: 'run-2', foundBy: 'sweep' });
    expect(await recoverJobs(world.deps, { tasks: false })).toMatchObject({ due: 0 });
  });
});

describe('the sweep', () => {
  it('does not enqueue a held job whose task is open, however old it is', async () => {
    world.putTask('t1');
    await hold(240);
    world.clock.advance(200 * MINUTE);
    expect(await sweep()).toMatchObject({ seen: 1, enqueued: 0 });
  });

  it.each([
    ['has ended', () => world.putTask('t1', { state: 'completed', job: '1' })],
    ['is listed no more', () => undefined],
  ])('enqueues a held job whose task %s', async (_how, prepare) => {
    prepare();
    await hold(240);
    expect(await sweep()).toMatchObject({ enqueued: 1 });
    expect(world.found()).toEqual([ledgerRowKey(HELD)]);
  });

  it('does not enqueue the held jobs of a definition whose listing was not completed', async () => {
    await hold(240);
    world.refuse(/\/tasks/, graphError('unavailable'), 1);
    await sweep();
    expect(world.found()).toEqual([]);
  });
});
