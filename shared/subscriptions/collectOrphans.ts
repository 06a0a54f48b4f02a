import { MOST_PARTS } from '../graph/batch';
import type { Tenant } from '../tenants/tenants';
import { notificationUrlOf } from './subscriptionBody';
import { listSubscriptions, readRemoval, removalPart } from './subscriptionCalls';
import type { SubscriptionDeps } from './subscriptionDeps';

/** Daily. */
const LIST_EVERY_MS = 24 * 60 * 60_000;
/** A cell holds 32 Ki characters and an id is a GUID; a deployment with more orphans loses them over several days. */
const MOST_REMEMBERED = 500;

/** Whether the subscriptions of `tenant` are to be listed at `now` (milliseconds since 1970); a day after it was added at first. */
export function isListingDue(tenant: Tenant, now: number): boolean {
  const last = Date.parse(tenant.listedAt ?? tenant.createdAt);
  return !(now - last < LIST_EVERY_MS);
}

/**
 * Deletes the subscriptions with our URL that no watch has, where Graph does not enforce its 409 or a run died between
 * POST and save. One goes when two daily listings in a row showed it: a create that is under way at this moment looks
 * the same. What the first listing showed is kept on the tenant's row.
 *
 * @returns how many were deleted
 * @throws GraphError as the listing; what storage throws
 */
export async function collectOrphans(deps: SubscriptionDeps, tenant: Tenant): Promise<number> {
  const { tenantId } = tenant;
  const url = notificationUrlOf(deps.config);
  const found: string[] = [];
  // The listing needs the permission of any subscription; this one is granted with JobFetchable.
  for await (const listed of listSubscriptions(
    { ...deps.config, callGraph: deps.callGraph },
    { tenantId, kind: 'jobFetchable' },
  )) {
    if (listed.notificationUrl === url) found.push(listed.id);
  }
  // Read after the listing: whatever was saved before it is known.
  const served = new Set<string | undefined>();
  for await (const { watch } of deps.watches.list(tenantId, () => undefined))
    served.add(watch.subscriptionId);
  const seenBefore = new Set((tenant.orphans ?? '').split(','));
  const orphans = found.filter((id) => !served.has(id));
  const twice = orphans.filter((id) => seenBefore.has(id));
  const deleted = new Set<string>();
  for (let index = 0; index < twice.length; index += MOST_PARTS) {
    const ids = twice.slice(index, index + MOST_PARTS);
    const parts = ids.map((id) => removalPart({ kind: 'jobFetchable' }, id));
    const results = await deps.callBatch(tenantId, parts);
    ids.forEach((id, place) => {
      const result = results[place];
      if (result && isRemoved(result)) deleted.add(id);
    });
  }
  const left = orphans.filter((id) => !deleted.has(id)).slice(0, MOST_REMEMBERED);
  await deps.tenants.update(tenantId, ({ orphans: _before, ...now }) => ({
    ...now,
    listedAt: new Date(deps.clock.now()).toISOString(),
    ...(left.length > 0 ? { orphans: left.join(',') } : {}),
  }));
  if (orphans.length > 0) {
    deps.logger.warn('subscriptions.orphans', { tenantId, found: orphans.length, deleted: deleted.size });
  }
  return deleted.size;
}

function isRemoved(result: Parameters<typeof readRemoval>[0]): boolean {
  try {
    readRemoval(result);
    return true;
  } catch {
    // Seen again by the next listing.
    return false;
  }
}
