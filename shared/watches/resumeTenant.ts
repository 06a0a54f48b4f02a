import type { Tenant, Tenants } from '../tenants/tenants';
import type { StoredWatch, Watches } from './watches';

/**
 * Serves a paused tenant again, from `now` (milliseconds since 1970) on: what was printed in the pause is none of our
 * business any more, so its watches begin anew before the tenant does. Only a paused tenant is changed.
 *
 * @returns the tenant as it is now, or undefined when it is not on the allow-list
 */
export async function resumeTenant(
  { tenants, watches }: { tenants: Tenants; watches: Watches },
  tenantId: string,
  now: number,
): Promise<Tenant | undefined> {
  const tenant = await tenants.get(tenantId);
  if (tenant?.status !== 'paused') return tenant;
  const since = new Date(now).toISOString();
  for await (const stored of watches.list(tenantId, () => undefined)) await beginAnew(watches, stored, since);
  return tenants.update(tenantId, (row) => (row.status === 'paused' ? { ...row, status: 'active' } : row));
}

async function beginAnew(watches: Watches, stored: StoredWatch, since: string): Promise<void> {
  for (let current: StoredWatch | undefined = stored; current; current = await watches.get(stored.watch)) {
    if ((await watches.save({ ...current.watch, since }, current.etag)) !== undefined) return;
  }
}
