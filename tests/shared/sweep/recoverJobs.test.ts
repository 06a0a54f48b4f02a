import { claimJob, finishClaim, releaseClaim } from '../../../shared/jobs/claims';
import { ledgerRowKey, type JobReference } from '../../../shared/jobs/message';
import { recoverJobs } from '../../../shared/sweep/recoverJobs';
import { graphError } from '../../support/createFakeGraph';
import { createSweepWorld, type SweepWorld } from '../../support/createSweepWorld';
import { DEFINITION, MINUTE, OTHER_TENANT, PRINTER, started, TENANT } from '../../support/createSubscriptionWorld';

const TASK: JobReference = { kind: 'jobStarted', tenantId: TENANT, definitionId: DEFINITION, taskId: 'task-1' };
const JOB: JobReference = { kind: 'jobFetchable', tenantId: TENANT, printerId: PRINTER, jobId: '5182' };
/** The lease of 90 seconds and the margin of 15. */
const LEASE_OVER = 105_000;

async function claim({ ledger, clock }: SweepWorld, reference: JobReference, runId = 'run') {
  const result = await claimJob({ ledger, clock }, reference, { runId, foundBy: 'graph' });
  if (result.outcome !== 'claimed') throw new Error(result.outcome);
  return result.claim;
}

let world: SweepWorld;
beforeEach(async () => {
  world = createSweepWorld();
  await world.addTenant();
  await world.watches.add({ ...started(), since: new Date(world.clock.now()).toISOString() });
  world.putDefinition();
});

describe('claims whose run has died', () => {
  it.each([TASK, JOB])('are enqueued once their lease is over, and not before: %j', async (reference) => {
    await claim(world, reference);
    world.clock.advance(LEASE_OVER - 1);
    expect(await recoverJobs(world.deps, { tasks: false })).toEqual({ claims: 0, tasks: 0, due: 0 });
    world.clock.advance(1);
    expect(await recoverJobs(world.deps, { tasks: false })).toEqual({ claims: 1, tasks: 0, due: 0 });
    expect(world.found()).toEqual([ledgerRowKey(reference)]);
    expect(world.calls).toEqual([]);
  });

  it('are enqueued once in five minutes while a backlog keeps them from being claimed', async () => {
    await claim(world, TASK);
    world.clock.advance(LEASE_OVER);
    for (let minute = 0; minute < 5; minute += 1) {
      await recoverJobs(world.deps, { tasks: false });
      world.clock.advance(MINUTE);
    }
    expect(world.found()).toHaveLength(1);
    await recoverJobs(world.deps, { tasks: false });
    expect(world.found()).toHaveLength(2);
  });

  it('are enqueued again without that wait when the message was received, and its run has died too', async () => {
    await claim(world, TASK);
    world.clock.advance(LEASE_OVER);
    await recoverJobs(world.deps, { tasks: false });
    world.clock.advance(1_000);
    await claim(world, TASK, 'run-2');
    world.clock.advance(LEASE_OVER);
    expect(await recoverJobs(world.deps, { tasks: false })).toEqual({ claims: 1, tasks: 0, due: 0 });
  });

  it('do not include claims that were finished or released', async () => {
    const deps = { ledger: world.ledger, clock: world.clock };
    await finishClaim(deps, await claim(world, TASK), { outcome: 'released', event: 'sent' }, 30);
    await releaseClaim(deps, await claim(world, JOB), { status: 'waiting', cause: 'graphThrottled' });
    world.clock.advance(LEASE_OVER);
    expect(await recoverJobs(world.deps, { tasks: false })).toEqual({ claims: 0, tasks: 0, due: 0 });
  });

  it('are found for paused and removed customers too, and one customer that fails does not stop the others', async () => {
    await world.addTenant(OTHER_TENANT, 'paused');
    await claim(world, TASK);
    await claim(world, { ...TASK, tenantId: OTHER_TENANT });
    world.clock.advance(LEASE_OVER);
    const { ledger } = world;
    const broken = {
      ...ledger,
      listOpen: (tenantId: string) => {
        if (tenantId === TENANT) throw new Error('down');
        return ledger.listOpen(tenantId);
      },
    };
    expect(await recoverJobs({ ...world.deps, ledger: broken }, { tasks: false })).toEqual({
      claims: 1,
      tasks: 0,
      due: 0,
    });
    expect(world.logger.events).toMatchObject([{ level: 'error', event: 'jobs.notRecovered', tenantId: TENANT }]);
  });
});

describe('jobs that wait for the archive', () => {
  const send = async (reference: JobReference, tenantId = TENANT) => {
    const claimed = await claim(world, { ...reference, tenantId });
    const nextTryAt = new Date(world.clock.now() + 15 * MINUTE).toISOString();
    const wanted = { status: 'waiting', archive: 'wanted', cause: 'archive', nextTryAt } as const;
    await releaseClaim({ ledger: world.ledger, clock: world.clock }, claimed, wanted);
  };

  it.each([TASK, JOB])('are enqueued when their message is late by two minutes: %j', async (reference) => {
    await send(reference);
    world.clock.advance(17 * MINUTE - 1);
    expect(await recoverJobs(world.deps, { tasks: false })).toMatchObject({ claims: 0 });
    world.clock.advance(1);
    expect(await recoverJobs(world.deps, { tasks: false })).toMatchObject({ claims: 1 });
    expect(world.found()).toEqual([ledgerRowKey(reference)]);
  });

  it('stay as they are while their customer is paused and no task is open', async () => {
    await world.addTenant(OTHER_TENANT, 'paused');
    await send(JOB, OTHER_TENANT);
    await send(TASK, OTHER_TENANT);
    world.clock.advance(20 * MINUTE);
    await recoverJobs(world.deps, { tasks: false });
    expect(world.found()).toEqual([ledgerRowKey(TASK)]);
  });
});

describe('tasks that were notified and not claimed', () => {
  it('are enqueued when they are open and have no row', async () => {
    world.putTask('task-1', { job: '5182' });
    world.putTask('task-2', { state: 'pending' });
    world.putTask('task-3', { state: 'completed' });
    await claim(world, { ...TASK, taskId: 'task-2' });
    expect(await recoverJobs(world.deps, { tasks: false })).toEqual({ claims: 0, tasks: 0, due: 0 });
    expect(world.calls).toEqual([]);
    expect(await recoverJobs(world.deps, { tasks: true })).toEqual({ claims: 0, tasks: 1, due: 0 });
    expect(world.found()).toEqual([ledgerRowKey(TASK)]);
    expect(world.said()).toEqual([`/print/taskDefinitions/${DEFINITION}/tasks`]);
  });

  it('are asked of no customer that refuses the app: the sweep asks ever less often', async () => {
    world.putTask('task-1');
    await world.tenants.update(TENANT, (row) => ({ ...row, graphAccess: 'refused' }));
    expect(await recoverJobs(world.deps, { tasks: true })).toEqual({ claims: 0, tasks: 0, due: 0 });
    expect(world.calls).toEqual([]);
  });

  it('are left to the next run where Graph fails, or the time of this one is up', async () => {
    world.putTask('task-1');
    world.refuse(/tasks/, graphError('unavailable'), 1);
    expect(await recoverJobs(world.deps, { tasks: true })).toEqual({ claims: 0, tasks: 0, due: 0 });
    expect(world.logger.events).toMatchObject([{ level: 'warn', event: 'tasks.notListed', tenantId: TENANT }]);
    expect(await recoverJobs(world.deps, { tasks: true })).toEqual({ claims: 0, tasks: 1, due: 0 });
  });

  it('are enqueued when they wait and their message is late, so that they are ended within four minutes', async () => {
    world.putTask('task-1');
    const claimed = await claim(world, TASK);
    const nextTryAt = new Date(world.clock.now() + 2_000).toISOString();
    const waiting = { status: 'waiting', cause: 'graphNotFound', waitReason: 'notYet', nextTryAt } as const;
    await releaseClaim({ ledger: world.ledger, clock: world.clock }, claimed, waiting);
    // Its message may wait for a minute in the waiting queue.
    world.clock.advance(MINUTE);
    expect(await recoverJobs(world.deps, { tasks: true })).toMatchObject({ tasks: 0 });
    world.clock.advance(2 * MINUTE);
    expect(await recoverJobs(world.deps, { tasks: true })).toMatchObject({ tasks: 1 });
    expect(world.found()).toEqual([ledgerRowKey(TASK)]);
    // Under a backlog one message is enough.
    world.clock.advance(2 * MINUTE);
    expect(await recoverJobs(world.deps, { tasks: true })).toMatchObject({ tasks: 0 });
  });

  it('are listed although Graph answers no call of eight other customers within the run', async () => {
    for (let n = 0; n < 8; n += 1) {
      const tenantId = `00000000-0000-4000-8000-00000000000${n}`;
      await world.addTenant(tenantId);
      await world.watches.add({ ...started(tenantId), since: new Date(world.clock.now()).toISOString() });
    }
    world.putTask('task-1');
    const { clock } = world;
    const { callGraph } = world.deps;
    const hanging: SweepWorld['deps'] = {
      ...world.deps,
      callGraph: async (call) => {
        if (call.tenantId === TENANT) return callGraph(call);
        // A call ends after 45 s with its tries.
        await clock.sleep(45_000);
        throw graphError('unavailable');
      },
    };
    await recoverJobs(hanging, { tasks: true });
    clock.advance(MINUTE);
    await recoverJobs(hanging, { tasks: true });
    expect(world.found()).toEqual([ledgerRowKey(TASK)]);
  });
});
