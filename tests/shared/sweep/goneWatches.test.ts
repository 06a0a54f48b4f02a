import { createSweepTime } from '../../../shared/sweep/sweepRun';
import { sweepTenant } from '../../../shared/sweep/sweepTenant';
import { readUpkeep } from '../../../shared/status/upkeep';
import type { TenantStatus } from '../../../shared/tenants/tenants';
import { watchState } from '../../../shared/watches/watches';
import { graphError } from '../../support/createFakeGraph';
import { DEFINITION, MINUTE, PRINTER, TENANT } from '../../support/createSubscriptionWorld';
import { createSweepWorld, type SweepWorld } from '../../support/createSweepWorld';

const DAY = 24 * 60 * MINUTE;
const PRINTER_WATCH = { tenantId: TENANT, kind: 'jobFetchable', id: PRINTER } as const;
const DEFINITION_WATCH = { tenantId: TENANT, kind: 'jobStarted', id: DEFINITION } as const;

let world: SweepWorld;
beforeEach(() => {
  world = createSweepWorld();
  world.clock.advance(120 * MINUTE);
});

const served = { status: 'active', subscriptionId: 's', expirationDateTime: '2027-01-01T00:00:00.000Z' } as const;

async function sweep({ dueOnly = false } = {}) {
  const tenant = await world.tenants.get(TENANT);
  if (!tenant) throw new Error('no tenant');
  const time = createSweepTime(world.clock, { runMs: Infinity, rounds: () => 1 });
  const options = { everyTrigger: true, retryNow: false, onUnreadable: () => undefined };
  return sweepTenant(world.deps, tenant, { time, dueOnly, ...options });
}

async function stateOf(key: typeof PRINTER_WATCH | typeof DEFINITION_WATCH) {
  const stored = await world.watches.get(key);
  return stored && watchState(stored.watch, world.clock.now());
}

async function countMaintained() {
  const tenants = [await world.tenants.get(TENANT)].flatMap((tenant) => tenant ?? []);
  const stored = await Promise.all([PRINTER_WATCH, DEFINITION_WATCH].map((key) => world.watches.get(key)));
  const watches = stored.flatMap((one) => one?.watch ?? []);
  return readUpkeep({ tenants, watches, now: world.clock.now() }).maintained.length;
}

it.each<TenantStatus>(['active', 'paused'])(
  'a definition that is deleted is gone after a day, also where its customer is %s: it is maintained there too',
  async (status) => {
    world.putTenantInGraph();
    await world.addTenant(TENANT, status);
    await world.put({ ...served, kind: 'jobStarted', id: DEFINITION });
    await sweep();
    world.clock.advance(DAY);
    await sweep();
    expect(await stateOf(DEFINITION_WATCH)).toBe('definitionGone');
    expect(await countMaintained()).toBe(0);
  },
);

it('a printer whose first page Graph shows is not gone, whatever a later page answers', async () => {
  world.putTenantInGraph();
  await world.addTenant(TENANT, 'active');
  await world.put({ ...served, kind: 'jobFetchable', id: PRINTER });
  world.setPageSize(1);
  for (const id of ['1', '2']) world.putJob(id, 5);
  world.refuse(/skiptoken/, graphError('notFound'));
  await sweep();
  world.clock.advance(DAY);
  await sweep();
  expect(await stateOf(PRINTER_WATCH)).toBe('live');
});

it('a customer whose only printer is gone, and who granted no permission for definitions, is swept in time', async () => {
  world.refuse(/taskDefinitions/, graphError('forbidden'));
  await world.addTenant(TENANT, 'active');
  await world.put({ ...served, kind: 'jobFetchable', id: PRINTER });
  const sweptAgo = async () => world.clock.now() - Date.parse((await world.tenants.get(TENANT))?.sweptAt ?? '');
  await sweep();
  world.clock.advance(10 * MINUTE);
  await sweep();
  expect(await sweptAgo()).toBe(0);
  world.clock.advance(DAY);
  await sweep();
  expect(await stateOf(PRINTER_WATCH)).toBe('printerGone');
  for (const dueOnly of [true, false]) {
    world.clock.advance(2 * 60 * MINUTE);
    expect(await sweep({ dueOnly })).toMatchObject({ outcome: 'swept' });
    expect(await sweptAgo()).toBe(0);
  }
});

it('nothing but 404 is evidence', async () => {
  world.putTenantInGraph();
  await world.addTenant(TENANT, 'active');
  await world.put({ ...served, kind: 'jobFetchable', id: PRINTER });
  for (const kind of ['forbidden', 'unavailable', 'throttled', 'unauthorized'] as const) {
    world.refuse(/printers/, graphError(kind), 1);
    await sweep();
    world.clock.advance(2 * DAY);
  }
  expect((await world.watches.get(PRINTER_WATCH))?.watch.missingSince).toBeUndefined();
  expect(await stateOf(PRINTER_WATCH)).toBe('live');
});
