import { errorFields, ReceiverError } from '../errors';
import { watchRowKey } from '../watches/watchKey';
import type { StoredWatch } from '../watches/watches';
import { eachBounded } from '../concurrency';
import { deleteSubscription } from './subscriptionCalls';
import type { SubscriptionDeps } from './subscriptionDeps';

export interface RemovedTenant {
  /** Watches that are gone, with their subscriptions. */
  watches: number;
  /** Of these, those whose subscription Graph let nobody delete, the consent being withdrawn: they lapse by themselves. */
  leftToLapse: number;
  /** Watches that are still there: to be tried again. */
  failures: { watch: string; error: string }[];
}

type RemoveTenantDeps = Pick<SubscriptionDeps, 'callGraph' | 'tenants' | 'watches' | 'logger'>;

/** Watches side by side: far under Graph's 500 subscription writes in 20 s per app and tenant. */
const WATCHES_AT_ONCE = 4;

/**
 * Stops serving a tenant for good: first its row says so, which keeps renewal and worker away; then its subscriptions
 * and watches go. The row of the tenant stays, so that tasks that are still open are ended. May be repeated.
 *
 * @returns undefined when the tenant is not on the allow-list
 */
export async function removeTenant(
  deps: RemoveTenantDeps,
  tenantId: string,
): Promise<RemovedTenant | undefined> {
  const tenant = await deps.tenants.update(tenantId, (row) =>
    row.status === 'removed' ? row : { ...row, status: 'removed' },
  );
  if (!tenant) return undefined;
  const stored: StoredWatch[] = [];
  const removed: RemovedTenant = { watches: 0, leftToLapse: 0, failures: [] };
  const tell = (error: Error) => removed.failures.push({ watch: '*', error: error.message });
  for await (const row of deps.watches.list(tenantId, tell)) stored.push(row);
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

/** True when Graph let nobody delete the subscription. */
async function removeWatch(deps: RemoveTenantDeps, stored: StoredWatch): Promise<boolean> {
  let left = false;
  for (
    let current: StoredWatch | undefined = stored;
    current;
    current = await deps.watches.get(stored.watch)
  ) {
    const { watch, etag } = current;
    if (watch.subscriptionId !== undefined) {
      try {
        await deleteSubscription(deps.callGraph, watch, watch.subscriptionId);
      } catch (error) {
        if (!isRefused(error)) throw error;
        left = true;
      }
    }
    // A run that was under way may have written the row, and another subscription with it.
    if (await deps.watches.remove(watch, etag)) break;
  }
  return left;
}

function isRefused(error: unknown): boolean {
  if (!(error instanceof ReceiverError)) return false;
  const { code } = error;
  return code === 'graphForbidden' || code === 'graphUnauthorized' || code === 'tokenRefused';
}
