import { ReceiverError } from '../../../shared/errors';
import { removeTenant } from '../../../shared/operations/removeTenant';
import {
  createSubscriptionWorld,
  fetchable,
  PRINTER,
  putServed,
  TENANT,
  watchOf,
} from '../../support/createSubscriptionWorld';

it('marks the tenant first, so that no run creates subscriptions for it', async () => {
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

it('also deletes a subscription that a run created in the meantime', async () => {
  const world = createSubscriptionWorld();
  await world.addTenant();
  await putServed(world);
  const before = { ...world.watches };
  let tries = 0;
  world.watches.remove = async (stored, removal) => {
    tries += 1;
    if (tries === 1)
      await before.save(watchOf({ ...(await world.read()).watch, subscriptionId: 'subscription-new' }), stored.etag);
    return before.remove(stored, removal);
  };
  expect(await removeTenant(world.deps, TENANT)).toMatchObject({ watches: 1 });
  expect(world.graph.said()).toEqual([
    'DELETE /subscriptions/subscription-0',
    'DELETE /subscriptions/subscription-new',
  ]);
  expect(await world.watches.get(fetchable())).toBeUndefined();
});

it.each([
  [new ReceiverError('tokenRefused', 'x'), { watches: 1, leftToLapse: 1 }],
  [new ReceiverError('graphUnauthorized', 'x'), { watches: 1, leftToLapse: 1 }],
  [
    new ReceiverError('tokenUnavailable', 'words'),
    {
      watches: 0,
      failures: [{ watch: `jobFetchable_${PRINTER}`, error: expect.stringContaining('words') as string }],
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

it('reports an unreadable row', async () => {
  const world = createSubscriptionWorld();
  await world.addTenant();
  await world.watchTable.insert({ partitionKey: TENANT, rowKey: 'broken' });
  expect(await removeTenant(world.deps, TENANT)).toMatchObject({ watches: 0, failures: [{ watch: '*' }] });
});
