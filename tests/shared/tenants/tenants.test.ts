import { createTenants, type Tenant } from '../../../shared/tenants/tenants';
import { createMemoryTable } from '../../support/memoryTable';

const tenant: Tenant = {
  tenantId: '11111111-1111-1111-1111-111111111111',
  name: 'A customer',
  status: 'paused',
  taskDeadlineMinutes: 20,
  retentionDays: 10,
  documentDays: 5,
  personalDataDays: 0,
  quietPrinterMinutes: 30,
  blankedTo: '2026-11-01',
  completionEvents: 'on',
  onFailure: 'abort',
  createdAt: '2026-11-22T00:00:00.000Z',
  graphAccess: 'refused',
  lastError: 'words',
  failures: 2,
  nextTryAt: '2026-11-22T01:00:00.000Z',
  listedAt: '2026-11-22T00:30:00.000Z',
  orphans: 'a,b',
  sweepRefusals: 1,
  lostByGraph: 3,
};

async function listAll(listing: AsyncIterable<Tenant>): Promise<Tenant[]> {
  const found: Tenant[] = [];
  for await (const one of listing) found.push(one);
  return found;
}

describe('the table Tenants', () => {
  it('stores a tenant under PartitionKey tenant and reads all of it back', async () => {
    const table = createMemoryTable();
    const tenants = createTenants(table);
    expect(await tenants.add(tenant)).toBe(true);
    expect((await table.get('tenant', tenant.tenantId))?.cells).toMatchObject({ name: 'A customer' });
    expect(await tenants.get(tenant.tenantId)).toEqual(tenant);
    expect(await tenants.get('other')).toBeUndefined();
  });

  it('adds a tenant once', async () => {
    const tenants = createTenants(createMemoryTable());
    await tenants.add(tenant);
    expect(await tenants.add({ ...tenant, name: 'Another' })).toBe(false);
    expect((await tenants.get(tenant.tenantId))?.name).toBe('A customer');
  });

  it('updates the current row after lost races', async () => {
    const table = createMemoryTable();
    const tenants = createTenants(table);
    await tenants.add(tenant);
    let runs = 0;
    const replace = table.replace.bind(table);
    table.replace = async (row, etag) => {
      runs += 1;
      if (runs === 1) await replace({ partitionKey: 'tenant', rowKey: tenant.tenantId, status: 'active' }, etag);
      return replace(row, etag);
    };
    const { lastError: _none, ...cleared } = tenant;
    const updated = await tenants.update(tenant.tenantId, (now) => ({ ...cleared, status: now.status }));
    expect(updated).toEqual({ ...cleared, status: 'active' });
    expect(await tenants.get(tenant.tenantId)).toEqual({ ...cleared, status: 'active' });
    expect(runs).toBe(2);
    expect(await tenants.update('other', (same) => same)).toBeUndefined();
  });

  it('does not write an unchanged row, and rejects when the row changes under every attempt', async () => {
    const table = createMemoryTable();
    const tenants = createTenants(table);
    await tenants.add(tenant);
    table.replace = () => Promise.resolve(undefined);
    expect(await tenants.update(tenant.tenantId, (same) => same)).toEqual(tenant);
    await expect(tenants.update(tenant.tenantId, (now) => ({ ...now }))).rejects.toMatchObject({
      retryable: true,
    });
  });

  it.each(['active', 'paused', 'removed'])(
    'reads a bare row of status %s with the defaults of the contract',
    async (status) => {
      const table = createMemoryTable();
      await table.insert({ partitionKey: 'tenant', rowKey: 't1', status });
      expect(await createTenants(table).get('t1')).toEqual({
        tenantId: 't1',
        name: '',
        status,
        taskDeadlineMinutes: 15,
        retentionDays: 30,
        documentDays: 30,
        personalDataDays: 30,
        quietPrinterMinutes: 60,
        completionEvents: 'off',
        onFailure: 'release',
        createdAt: '',
        graphAccess: 'ok',
        failures: 0,
        sweepRefusals: 0,
        lostByGraph: 0,
      });
    },
  );

  it('rejects an unreadable row, or reports and skips it', async () => {
    const table = createMemoryTable();
    const tenants = createTenants(table);
    await tenants.add(tenant);
    await table.insert({ partitionKey: 'tenant', rowKey: 'broken', status: 'maybe' });
    await expect(tenants.get('broken')).rejects.toMatchObject({ code: 'rowUnreadable' });
    await expect(listAll(tenants.list())).rejects.toMatchObject({ code: 'rowUnreadable' });
    const reported: string[] = [];
    expect(await listAll(tenants.list(({ code }) => reported.push(code)))).toEqual([tenant]);
    expect(reported).toEqual(['rowUnreadable']);
  });

  it('refuses a row without a key', async () => {
    const table = createMemoryTable();
    table.get = () => Promise.resolve({ cells: { status: 'active' }, etag: 'e' });
    await expect(createTenants(table).get('t1')).rejects.toMatchObject({ code: 'rowUnreadable' });
  });
});
