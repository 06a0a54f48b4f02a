import { ReceiverError } from '../../../shared/errors';
import type { SweepDeps } from '../../../shared/sweep/sweepRun';
import { sweepWatches } from '../../../shared/sweep/sweepWatches';
import { DEFINITION, fetchable, MINUTE, started, TENANT } from '../../support/createSubscriptionWorld';
import { createSweepWorld, type SweepWorld } from '../../support/createSweepWorld';

async function worldWithMissedJobs() {
  const world = createSweepWorld();
  await world.addTenant();
  await world.put();
  await world.put({ kind: 'jobStarted', id: DEFINITION });
  world.clock.advance(60 * MINUTE);
  world.putDefinition();
  world.putTask('t1');
  world.putJob('1', 5);
  return world;
}

it('sweeps each watch and counts what it put on the queue', async () => {
  const world = await worldWithMissedJobs();
  expect(await sweepWatches(world.deps, [started(), fetchable()])).toEqual({ enqueued: 2, failed: 0 });
  expect(world.found()).toHaveLength(2);
  expect(world.logger.events.map(({ event }) => event).sort()).toEqual([
    'sweep.jobsQueued',
    'sweep.jobsQueued',
    'watch.swept',
    'watch.swept',
  ]);
});

it('leaves to the timer what fails', async () => {
  const world = await worldWithMissedJobs();
  const send = () => Promise.reject(new ReceiverError('queueUnavailable', 'out'));
  expect(await sweepWatches({ ...world.deps, jobs: { send } }, [fetchable()])).toEqual({ enqueued: 0, failed: 1 });
  expect(world.logger.events).toMatchObject([{ level: 'error', event: 'watch.notSwept' }]);
  expect(await sweepWatches(world.deps, [fetchable('99999999-9999-9999-9999-999999999999')])).toEqual({
    enqueued: 0,
    failed: 0,
  });
});

/** Each call takes a minute. */
function slow({ deps, clock }: SweepWorld): SweepDeps {
  return {
    ...deps,
    callGraph(call) {
      clock.advance(MINUTE);
      return deps.callGraph(call);
    },
  };
}

describe('once the time of its run is up', () => {
  it('starts no watch more and says how many it leaves to the timer', async () => {
    const world = await worldWithMissedJobs();
    const keys = [started(), fetchable()];
    expect(await sweepWatches(world.deps, keys, world.clock.now())).toMatchObject({ enqueued: 0 });
    expect(world.calls).toEqual([]);
    expect(world.logger.events).toMatchObject([{ level: 'warn', event: 'watches.timeUp', watches: 2 }]);
    expect(await sweepWatches(world.deps, keys, world.clock.now() + 1)).toMatchObject({ enqueued: 2 });
  });

  it('counts only those that were not begun', async () => {
    const world = await worldWithMissedJobs();
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const id of ids) {
      await world.put({ id });
      world.putPrinter(id);
    }
    await sweepWatches(
      slow(world),
      ids.map((id) => fetchable(TENANT, id)),
      world.clock.now() + 4 * MINUTE,
    );
    expect(world.calls).toHaveLength(4);
    expect(world.logger.events.at(-1)).toMatchObject({ event: 'watches.timeUp', watches: 2 });
  });

  it('asks for no further page and queues what was shown', async () => {
    const world = await worldWithMissedJobs();
    world.setPageSize(1);
    world.putJob('2', 5);
    expect(await sweepWatches(slow(world), [fetchable()], world.clock.now() + MINUTE)).toMatchObject({
      enqueued: 1,
    });
    expect(world.calls).toHaveLength(1);
    expect(world.logger.events).toMatchObject([
      { event: 'sweep.jobsQueued', missed: 1, again: 0, unnotified: 0 },
      { event: 'watch.swept', outcome: 'postponed', enqueued: 1 },
    ]);
  });
});
