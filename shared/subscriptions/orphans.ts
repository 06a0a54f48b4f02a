import { acceptRemoval, listSubscriptions, removalPart } from '../graph/api/subscriptions';
import { MOST_PARTS, type PartResult } from '../graph/batch';
import type { Tenant } from '../tenants/tenants';
import { waitingForGraph } from './conflictListings';
import { callOf, notificationUrlOf } from './plan';
import type { SubscriptionDeps } from './record';

/** A cell holds 32 Ki characters and an id is a GUID. A deployment with more orphans loses them over several days. */
const MOST_REMEMBERED = 500;

/**
 * Deletes the orphans of a tenant: subscriptions with our URL that no watch has. They appear where Graph does not enforce
 * its 409, or where a run died between POST and save. An orphan is deleted when two daily listings in a row showed it,
 * because a create in progress looks the same. The tenant's row keeps what the first listing showed.
 *
 * @returns the number of deleted subscriptions
 * @throws GraphError as the listing; errors of storage
 */
export async function deleteOrphans(deps: SubscriptionDeps, tenant: Tenant): Promise<number> {
  const { tenantId } = tenant;
  const orphans = await findOrphans(deps, tenantId);
  const seenBefore = new Set((tenant.orphans ?? '').split(','));
  const deleted = await deleteAll(
    deps,
    tenantId,
    orphans.filter((id) => seenBefore.has(id)),
  );
  const left = orphans.filter((id) => !deleted.has(id)).slice(0, MOST_REMEMBERED);
  await deps.tenants.update(tenantId, ({ orphans: _before, ...row }) => ({
    ...row,
    listedAt: new Date(deps.clock.now()).toISOString(),
    ...(left.length > 0 ? { orphans: left.join(',') } : {}),
  }));
  if (orphans.length > 0) {
    deps.logger.warn('subscriptions.orphans', { tenantId, found: orphans.length, deleted: deleted.size });
  }
  return deleted.size;
}

/** GET /subscriptions needs the permission of any subscription. This is the one granted with JobFetchable. */
const LISTED_AS = 'jobFetchable';

async function findOrphans(deps: SubscriptionDeps, tenantId: string): Promise<string[]> {
  const ourUrl = notificationUrlOf(deps.config);
  const paging = { ...deps.config, callGraph: waitingForGraph(deps.callGraph, deps.clock) };
  const found: string[] = [];
  for await (const listed of listSubscriptions(paging, callOf({ tenantId, kind: LISTED_AS }))) {
    if (listed.notificationUrl === ourUrl) found.push(listed.id);
  }
  // Read after the listing: every subscription that was saved before it is known.
  const known = new Set<string | undefined>();
  let isComplete = true;
  const onUnreadable = () => (isComplete = false);
  for await (const { watch } of deps.watches.list(tenantId, onUnreadable)) known.add(watch.subscriptionId);
  // Any of them may be the one of a row that cannot be read.
  if (!isComplete) return [];
  return found.filter((id) => !known.has(id));
}

async function deleteAll(
  { callBatch }: SubscriptionDeps,
  tenantId: string,
  ids: readonly string[],
): Promise<Set<string>> {
  const { permission } = callOf({ tenantId, kind: LISTED_AS });
  const deleted = new Set<string>();
  for (let index = 0; index < ids.length; index += MOST_PARTS) {
    const chunk = ids.slice(index, index + MOST_PARTS);
    const parts = chunk.map((subscriptionId) => removalPart({ subscriptionId, permission }));
    const results = await callBatch(tenantId, parts);
    chunk.forEach((id, place) => {
      const result = results[place];
      if (result && isDeleted(result)) deleted.add(id);
    });
  }
  return deleted;
}

/** A subscription that could not be deleted is found again by the next listing. */
function isDeleted(result: PartResult): boolean {
  try {
    acceptRemoval(result);
    return true;
  } catch {
    return false;
  }
}
