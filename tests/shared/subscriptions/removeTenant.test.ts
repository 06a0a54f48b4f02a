import { ReceiverError } from '../../../shared/errors';
import { removeTenant } from '../../../shared/subscriptions/removeTenant';
import { createSubscriptionWorld, PRINTER, putServed, TENANT } from '../../support/createSubscriptionWorld';

it('marks the tenant first, so that nobody subscribes for it again', async () => {
  const world = createSubscriptionWorld();
  await world.addTenant();
  await putServed(world);
  world.graph.next('DELETE', () => undefined);
  const before = { ...world.watches };
  world.watches.remove = async (...argv) => {
    expect((await world.tenants.get(TENANT))?.status).toBe('removed');
    return before.remove(...argv);
  };
  expect(await removeTenant(world.deps, TENANT)).toEqual({ watches: 1, leftToLapse: 0, failures: [] });
  expect(await removeTenant(world.deps, TENANT)).toEqual({ watches: 0, leftToLapse: 0, failures: [] });
  expect(await removeTenant(world.deps, 'unknown')).toBeUndefined();
});

it('deletes the subscription too that a run made while it was removed', async () => {
  const world = createSubscriptionWorld();
  await world.addTenant();
  await putServed(world);
  const before = { ...world.watches };
  let tries = 0;
  world.watches.remove = async (key, etag) => {
    tries += 1;
    if (tries === 1)
      await before.save({ ...(await world.read()).watch, subscriptionId: 'subscription-new' }, etag);
    return before.remove(key, etag);
  };
  expect(await removeTenant(world.deps, TENANT)).toMatchObject({ watches: 1 });
  expect(world.graph.said()).toEqual([
    'DELETE /subscriptions/subscription-0',
    'DELETE /subscriptions/subscription-new',
  ]);
  expect(world.watchTable.size()).toBe(0);
});

it.each([
  [new ReceiverError('tokenRefused', 'x'), { watches: 1, leftToLapse: 1 }],
  [new ReceiverError('graphUnauthorized', 'x'), { watches: 1, leftToLapse: 1 }],
  [
    new ReceiverError('tokenUnavailable', 'words'),
    {
      watches: 0,
      failures: [
        { watch: `jobFetchable_${PRINTER}`, error: new ReceiverError('tokenUnavailable', 'words').message },
      ],
    },
  ],
  [new TypeError('secret'), { failures: [{ error: 'unexpected, see the log' }] }],
])('of %p', async (error, expected) => {
  const world = createSubscriptionWorld();
  await world.addTenant();
  await putServed(world);
  world.graph.nextError('DELETE', error);
  expect(await removeTenant(world.deps, TENANT)).toMatchObject(expected);
});

it('names a row that nobody can read', async () => {
  const world = createSubscriptionWorld();
  await world.addTenant();
  await world.watchTable.insert({ partitionKey: TENANT, rowKey: 'broken' });
  expect(await removeTenant(world.deps, TENANT)).toMatchObject({ watches: 0, failures: [{ watch: '*' }] });
});
