import { LONGEST_RETRY_MS, retryDelayMs } from '../backoff';
import { type Clock, waitEnd } from '../clock';
import type { Logger } from '../logger';
import type { Tenant, Tenants } from './tenants';

export interface GraphAccessDeps {
  tenants: Tenants;
  clock: Pick<Clock, 'now'>;
  /** 0 inclusive to 1 exclusive. */
  random: () => number;
  logger: Logger;
}

/**
 * Records that every call for a tenant was refused: its consent was withdrawn, or a permission or our credential is
 * missing. The next attempt comes after a back-off of up to an hour, because every watch would be refused alike.
 *
 * @param refusal why, with the remedy
 * @returns the tenant as it is now, or undefined when it is not listed any more
 */
export async function recordRefusedAccess(
  { tenants, clock, random, logger }: GraphAccessDeps,
  tenantId: string,
  refusal: string,
): Promise<Tenant | undefined> {
  const refused = await tenants.update(tenantId, (tenant) => {
    const failures = tenant.failures + 1;
    const nextTryAt = new Date(clock.now() + retryDelayMs(failures, random())).toISOString();
    return { ...tenant, graphAccess: 'refused', failures, nextTryAt, lastError: refusal };
  });
  const { failures, nextTryAt } = refused ?? {};
  logger.warn('tenant.accessRefused', { tenantId, message: refusal, failures, nextTryAt });
  return refused;
}

/** Records that a call for a tenant succeeded again. The back-off of the sweep ends too. */
export async function recordRestoredAccess(
  { tenants, logger }: Pick<GraphAccessDeps, 'tenants' | 'logger'>,
  tenantId: string,
): Promise<void> {
  await tenants.update(tenantId, (tenant) => {
    if (tenant.graphAccess === 'ok') return tenant;
    const { nextTryAt: _nextTryAt, lastError: _lastError, ...rest } = tenant;
    return { ...rest, graphAccess: 'ok', failures: 0, sweepRefusals: 0 };
  });
  logger.info('tenant.accessRestored', { tenantId });
}

/** Until when a tenant that refused access is not tried, in milliseconds since 1970; undefined when it may be tried now. */
export function accessRetryAt({ nextTryAt }: Pick<Tenant, 'nextTryAt'>, now: number): number | undefined {
  return waitEnd(nextTryAt, now, LONGEST_RETRY_MS);
}
