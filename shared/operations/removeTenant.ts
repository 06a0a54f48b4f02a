import { errorFields, ReceiverError } from '../errors';
import { deleteSubscription } from '../graph/api/subscriptions';
import { watchRowKey, type StoredWatch } from '../watches/watches';
import { eachBounded } from '../concurrency';
import { callOf } from '../subscriptions/plan';
import { removalOf, type SubscriptionDeps } from '../subscriptions/record';

export interface RemovedTenant {
  /** Removed watches. */
  watches: number;
  /** Removed watches whose subscription could not be deleted, because the consent is withdrawn. They expire on their own. */
  leftToLapse: number;
  /** Watches that could not be removed. */
  failures: { watch: string; error: string }[];
}

type RemoveTenantDeps = Pick<SubscriptionDeps, 'callGraph' | 'tenants' | 'watches' | 'logger' | 'clock' | 'config'>;

/** Watches side by side: far under Graph's 500 subscription writes in 20 s per app and tenant. */
const WATCHES_AT_ONCE = 4;

/**
 * Removes a tenant: first its row says so, which stops renewal and worker, then its subscriptions and watches are deleted.
 * The row of the tenant stays, so that its open tasks are still ended, and each watch leaves a RemovedWatch, so that nothing
 * that was revoked is accepted again. May be repeated.
 *
 * @returns undefined when the tenant is not on the allow-list
 */
export async function removeTenant(deps: RemoveTenantDeps, tenantId: string): Promise<RemovedTenant | undefined> {
  const tenant = await deps.tenants.update(tenantId, (row) =>
    row.status === 'removed' ? row : { ...row, status: 'removed' },
  );
  if (!tenant) return undefined;
  const stored: StoredWatch[] = [];
  const removed: RemovedTenant = { watches: 0, leftToLapse: 0, failures: [] };
  const onUnreadable = (error: Error) => removed.failures.push({ watch: '*', error: error.message });
  for await (const row of deps.watches.list(tenantId, onUnreadable)) stored.push(row);
  await eachBounded(WATCHES_AT_ONCE, stored, async (row) => {
    try {
      if (await removeWatch(deps, row)) removed.leftToLapse += 1;
      removed.watches += 1;
    } catch (error) {
      const watch = watchRowKey(row.watch);
      deps.logger.error('tenant.watchNotRemoved', { ...errorFields(error), tenantId, watch });
      const words = error instanceof ReceiverError ? error.message : 'unexpected, see the log';
      removed.failures.push({ watch, error: words });
    }
  });
  return removed;
}

/** True when the subscription could not be deleted. */
async function removeWatch(deps: RemoveTenantDeps, stored: StoredWatch): Promise<boolean> {
  let left = false;
  for (let current: StoredWatch | undefined = stored; current; current = await deps.watches.get(stored.watch)) {
    const { watch } = current;
    if (watch.subscriptionId !== undefined) {
      try {
        const { tenantId, permission } = callOf(watch);
        const { subscriptionId } = watch;
        await deleteSubscription(deps.callGraph, tenantId, { subscriptionId, permission });
      } catch (error) {
        if (!isRefused(error)) throw error;
        left = true;
      }
    }
    // A run in progress may have changed the row, and created another subscription with it.
    if (await deps.watches.remove(current, removalOf(deps))) break;
  }
  return left;
}

function isRefused(error: unknown): boolean {
  if (!(error instanceof ReceiverError)) return false;
  const { code } = error;
  return code === 'graphForbidden' || code === 'graphUnauthorized' || code === 'tokenRefused';
}
