import { createCliWorld } from '../support/createCliWorld';
import { fetchable, PRINTER, TENANT } from '../support/createSubscriptionWorld';

it('one is singular', async () => {
  const world = createCliWorld();
  await world.addTenant();
  await world.put({ ...fetchable(), failures: 0 });
  const poisoned = { event: { v: 1, kind: 'jobFetchable', tenantId: TENANT, printerId: PRINTER, jobId: '1' } };
  await world.queue('print-notifications-poison').send(JSON.stringify(poisoned));
  expect((await world.run('poison', 'replay', '--all')).stdout).toBe('Replayed 1 message.\n');
  expect((await world.run('events', 'list')).stdout).toContain('0 events waiting');
  await world.queue('print-job-events').send('{}');
  expect((await world.run('events', 'list')).stdout).toContain('1 event waiting');
  expect((await world.run('tenants', 'remove', TENANT, '--force', '--yes')).stdout).toContain('with 1 watch.');
});
