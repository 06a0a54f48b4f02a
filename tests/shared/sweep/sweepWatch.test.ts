import { sweepWatch } from '../../../shared/sweep/sweepWatches';
import { graphError } from '../../support/createFakeGraph';
import { DEFINITION, fetchable, MINUTE, PRINTER, started } from '../../support/createSubscriptionWorld';
import { createSweepWorld, type SweepWorld } from '../../support/createSweepWorld';

let world: SweepWorld;
beforeEach(async () => {
  world = createSweepWorld();
  await world.addTenant();
  await world.put();
  await world.put({ kind: 'jobStarted', id: DEFINITION });
  world.clock.advance(60 * MINUTE);
  world.putDefinition();
  world.putTask('t1');
  world.putJob('1', 5);
});

it.each([
  ['a definition', started(), `jobStarted_${DEFINITION}_t1`],
  ['a printer', fetchable(), `jobFetchable_${PRINTER}_1`],
])('of %s takes one listing and brings back what is missing', async (_name, key, rowKey) => {
  expect(await sweepWatch(world.deps, key)).toEqual({ outcome: 'swept', seen: 1, enqueued: 1 });
  expect(world.calls).toHaveLength(1);
  expect(world.found()).toEqual([rowKey]);
});

it('leaves to the timer what Graph would not show', async () => {
  world.refuse(/./, graphError('throttled'));
  expect(await sweepWatch(world.deps, fetchable())).toEqual({
    outcome: 'postponed',
    enqueued: 0,
    error: 'Graph said throttled. The call is retried after the pause.',
  });
});

it('queues what the pages before a failed one showed', async () => {
  world.setPageSize(1);
  world.putJob('2', 5);
  world.refuse(/skiptoken/, graphError('unavailable'));
  expect(await sweepWatch(world.deps, fetchable())).toEqual({
    outcome: 'postponed',
    enqueued: 1,
    error: 'Graph said unavailable. The call is retried.',
  });
  expect(world.found()).toEqual([`jobFetchable_${PRINTER}_1`]);
});

it('rejects when storage fails, so that the message is redelivered', async () => {
  const send = () => Promise.reject(new Error('out'));
  await expect(sweepWatch({ ...world.deps, jobs: { send } }, fetchable())).rejects.toThrow('out');
});

it('skips an unreadable row', async () => {
  await world.ledgerTable.insert({ partitionKey: started().tenantId, rowKey: `jobStarted_${DEFINITION}_t1` });
  expect(await sweepWatch(world.deps, started())).toMatchObject({ enqueued: 0 });
  expect(world.logger.events).toMatchObject([{ event: 'row.unreadable' }]);
});

it('does nothing for a watch or tenant that is not served', async () => {
  const { watch, etag } = await world.read();
  await world.watches.save({ ...watch, wanted: false }, etag);
  expect(await sweepWatch(world.deps, fetchable())).toEqual({ outcome: 'notActive' });
  expect(await sweepWatch(world.deps, fetchable('22222222-2222-2222-2222-222222222222'))).toEqual({
    outcome: 'notActive',
  });
  expect(world.calls).toHaveLength(0);
});

it('of a paused tenant sweeps the definition, whose triggers go on holding jobs, and no printer', async () => {
  await world.tenants.update(started().tenantId, (tenant) => ({ ...tenant, status: 'paused' }));
  expect(await sweepWatch(world.deps, started())).toMatchObject({ outcome: 'swept', enqueued: 1 });
  expect(await sweepWatch(world.deps, fetchable())).toEqual({ outcome: 'notActive' });
});
