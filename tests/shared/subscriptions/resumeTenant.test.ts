import { resumeTenant } from '../../../shared/subscriptions/manage';
import { createSubscriptionWorld, fetchable, START, TENANT } from '../../support/createSubscriptionWorld';

const LATER = Date.parse(START) + 60_000;

it('moves the start of the watches before the tenant becomes active, whatever else is written meanwhile', async () => {
  const world = createSubscriptionWorld();
  await world.addTenant(TENANT, 'paused');
  await world.put();
  const replace = world.watchTable.replace.bind(world.watchTable);
  let saves = 0;
  world.watchTable.replace = async (row, etag) => {
    saves += 1;
    expect((await world.tenants.get(TENANT))?.status).toBe('paused');
    if (saves === 1) await replace({ ...row, since: START, generation: 7 }, etag);
    return replace(row, etag);
  };
  expect(await resumeTenant(world, TENANT, LATER)).toMatchObject({ status: 'active' });
  expect((await world.read()).watch).toMatchObject({ since: new Date(LATER).toISOString(), generation: 7 });
  expect(saves).toBe(2);
});

it('continues when a watch is removed meanwhile, and reports a tenant that is removed meanwhile', async () => {
  const world = createSubscriptionWorld();
  await world.addTenant(TENANT, 'paused');
  const { etag } = await world.put();
  world.watchTable.replace = async () => {
    await world.watchTable.remove(TENANT, `jobFetchable_${fetchable().id}`, etag);
    await world.tenants.update(TENANT, (row) => ({ ...row, status: 'removed' }));
    return undefined;
  };
  expect(await resumeTenant(world, TENANT, LATER)).toMatchObject({ status: 'removed' });
  expect(await resumeTenant(world, 'unknown', LATER)).toBeUndefined();
});
