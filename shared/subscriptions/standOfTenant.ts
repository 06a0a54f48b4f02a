import type { Tenant } from '../tenants/tenants';
import { retryDelayMs } from '../backoff';
import type { SubscriptionDeps } from './subscriptionDeps';

/**
 * Flags a tenant that refused everything (its consent was taken back, or a permission or our credential is missing) in
 * the words of the refusal, and leaves it alone for a time that grows to an hour: every watch would be refused alike.
 *
 * @returns the tenant as it stands now; undefined when it is not listed any more
 */
export async function flagTenant(
  { tenants, clock, random, logger }: SubscriptionDeps,
  tenantId: string,
  refusal: string,
): Promise<Tenant | undefined> {
  const flagged = await tenants.update(tenantId, (tenant) => {
    const failures = (tenant.failures ?? 0) + 1;
    const nextTryAt = new Date(clock.now() + retryDelayMs(failures, random())).toISOString();
    return { ...tenant, failures, nextTryAt, lastError: refusal };
  });
  logger.warn('tenant.refused', { tenantId, failures: flagged?.failures, nextTryAt: flagged?.nextTryAt });
  return flagged;
}

/** Takes the flag away once the tenant has let something through; the sweep need not wait any longer either. */
export async function unflagTenant(
  { tenants, logger }: Pick<SubscriptionDeps, 'tenants' | 'logger'>,
  tenantId: string,
): Promise<void> {
  await tenants.update(tenantId, (tenant) => {
    const {
      failures: _failures,
      nextTryAt: _nextTryAt,
      lastError: _lastError,
      sweepRefusals: _refusals,
      ...reached
    } = tenant;
    return isFlagged(tenant) ? reached : tenant;
  });
  logger.info('tenant.reached', { tenantId });
}

/** Whether the last run was refused everything. */
export function isFlagged(tenant: Tenant): boolean {
  return tenant.failures !== undefined;
}

/** Until when a flagged tenant is left alone, in milliseconds since 1970; undefined when it may be tried now. */
export function tenantWaitsUntil(tenant: Tenant, now: number): number | undefined {
  const until = Date.parse(tenant.nextTryAt ?? '');
  return until > now ? until : undefined;
}
