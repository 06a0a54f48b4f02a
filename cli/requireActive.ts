import { ReceiverError } from '../shared/errors';
import { notListed } from './arguments';
import type { CliContext } from './context';

/**
 * For verbs that create subscriptions: the timer does not renew those of a tenant that is not active.
 *
 * @throws ReceiverError `tenantNotActive`
 */
export async function requireActive(context: CliContext, tenantId: string): Promise<void> {
  const tenant = await (await (await context.services()).tenants()).get(tenantId);
  if (tenant?.status === 'active') return;
  if (tenant?.status !== 'paused') throw notListed(tenantId, tenant !== undefined);
  throw new ReceiverError('tenantNotActive', `Tenant ${tenantId} is paused`, {
    remedy: `Resume it first: tenants resume ${tenantId}`,
  });
}
