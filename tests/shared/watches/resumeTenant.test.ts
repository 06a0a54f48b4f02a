import { resumeTenant } from '../../../shared/watches/resumeTenant';
import { createSubscriptionWorld, fetchable, START, TENANT } from '../../support/createSubscriptionWorld';

const LATER = Date.parse(START) + 60_000;

it('moves the watches before the tenant is served, whatever is written to them meanwhile', async () => {
  const world = createSubscriptionWorld();
  await world.addTenant(TENANT, 'paused');
  await world.put();
  const before = { ...world.watches };
  let saves = 0;
  world.watches.save = async (watch, etag) => {
    saves += 1;
    expect((await world.tenants.get(TENANT))?.status).toBe('paused');
    if (saves === 1) await before.save({ ...watch, since: START, generation: 7 }, etag);
    return before.save(watch, etag);
  };
  expect(await resumeTenant(world, TENANT, LATER)).toMatchObject({ status: 'active' });
  expect((await world.read()).watch).toMatchObject({ since: new Date(LATER).toISOString(), generation: 7 });
  expect(saves).toBe(2);
});

it('bears a watch that is removed meanwhile, and a tenant too', async () => {
  const world = createSubscriptionWorld();
  await world.addTenant(TENANT, 'paused');
  const { etag } = await world.put();
  world.watches.save = async () => {
    await world.watches.remove(fetchable(), etag);
    await world.tenants.update(TENANT, (row) => ({ ...row, status: 'removed' }));
    return undefined;
  };
  expect(await resumeTenant(world, TENANT, LATER)).toMatchObject({ status: 'removed' });
  expect(await resumeTenant(world, 'unknown', LATER)).toBeUndefined();
});
