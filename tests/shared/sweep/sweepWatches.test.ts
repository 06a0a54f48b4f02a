import { sweepWatches } from '../../../shared/sweep/sweepWatches';
import { DEFINITION, fetchable, MINUTE, started } from '../../support/createSubscriptionWorld';
import { createSweepWorld } from '../../support/createSweepWorld';

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
  expect(await sweepWatches(world.deps, [started(), fetchable()])).toBe(2);
  expect(world.found()).toHaveLength(2);
  expect(world.logger.events.map(({ event }) => event)).toEqual(['watch.swept', 'watch.swept']);
});

it('leaves to the timer what fails', async () => {
  const world = await worldWithMissedJobs();
  const send = () => Promise.reject(new Error('out'));
  expect(await sweepWatches({ ...world.deps, jobs: { send } }, [fetchable()])).toBe(0);
  expect(world.logger.events).toMatchObject([{ level: 'error', event: 'watch.notSwept' }]);
  expect(await sweepWatches(world.deps, [fetchable('99999999-9999-9999-9999-999999999999')])).toBe(0);
});
