import { createCache } from '../cache';
import { ReceiverError } from '../errors';
import type { RemovedWatch, WatchKey, Watch, Watches } from '../watches/watches';
import type { Clock } from '../clock';
import type { Ending } from './ledgerRow';
import type { Tenant, Tenants } from '../tenants/tenants';

/** Whether a watch of a tenant is active, and why not. */
export type Access =
  | { active: true; tenant: Tenant; watch: Watch }
  | {
      active: false;
      reason: InactiveReason;
      onFailure: Ending;
      personalDataDays: number;
      /** Of a stale generation that an active watch had until then: what was received before is genuine. */
      acceptedUntil?: string;
    };

export type InactiveReason =
  | 'unknownTenant'
  | 'pausedTenant'
  | 'removedTenant'
  | 'unknownWatch'
  | 'removedWatch'
  /** The clientState belongs to a subscription that has been replaced: it may have leaked. */
  | 'staleGeneration';

export type ReadAccess = (watch: WatchKey, generation: number | undefined) => Promise<Access>;

const KNOWN_FOR_MS = 60_000;
/** A bound on memory. One instance works for far fewer tenants within a minute. */
const MOST_KNOWN = 5_000;

/**
 * Reads tenant and watch. An active tenant is remembered for a minute, so that a resumed one becomes active immediately.
 * The watch is read each time: after a revocation no instance may accept the old clientState.
 *
 * @throws ReceiverError `storageUnavailable`, also where a row is unreadable
 */
export function createReadAccess(deps: {
  tenants: Pick<Tenants, 'get'>;
  watches: Pick<Watches, 'getRecord'>;
  clock: Pick<Clock, 'now'>;
}): ReadAccess {
  const known = createCache<Tenant>({ most: MOST_KNOWN, keepMs: KNOWN_FOR_MS, clock: deps.clock });
  return async (key, generation) => {
    const remembered = known.get(key.tenantId);
    const [tenant, record] = await unlessUnreadable(
      Promise.all([remembered ?? deps.tenants.get(key.tenantId), deps.watches.getRecord(key)]),
    );
    if (!remembered && tenant?.status === 'active') known.set(key.tenantId, tenant);
    return checkAccess(tenant, record, generation);
  };
}

/** Until a person has corrected a row of the customer, its messages wait as in an outage: none is poisoned. */
async function unlessUnreadable<T>(read: Promise<T>): Promise<T> {
  try {
    return await read;
  } catch (error) {
    if (!(error instanceof ReceiverError) || error.code !== 'rowUnreadable') throw error;
    throw new ReceiverError('storageUnavailable', error.problem, { remedy: error.remedy, cause: error });
  }
}

/** The generation comes first: a revoked clientState stays revoked when the watch or tenant is paused or removed. */
function checkAccess(
  tenant: Tenant | undefined,
  record: Watch | RemovedWatch | undefined,
  generation: number | undefined,
): Access {
  // What ends an open task that may be worked on all the same, as the customer's rules say.
  const { onFailure = 'release', personalDataDays = 0 } = tenant ?? {};
  const inactive = (reason: InactiveReason): Access => ({ active: false, reason, onFailure, personalDataDays });
  // Messages of the sweep and of operators carry no generation, because they do not come from a subscription.
  if (record && generation !== undefined && generation < record.generation) {
    const acceptedUntil = lastAccepted(tenant, record, generation);
    return { ...inactive('staleGeneration'), ...(acceptedUntil === undefined ? {} : { acceptedUntil }) };
  }
  if (!tenant) return inactive('unknownTenant');
  // A notification that has left nothing to compare it with, also while its tenant is paused or removed.
  if (!record && generation !== undefined) return inactive('unknownWatch');
  if (tenant.status === 'paused') return inactive('pausedTenant');
  if (tenant.status === 'removed') return inactive('removedTenant');
  if (!record) return inactive('unknownWatch');
  if (record.status === 'removed' || !record.wanted) return inactive('removedWatch');
  return { active: true, tenant, watch: record };
}

/** When the generation was revoked, where it is the last one that was. An inactive tenant or watch has no job to find. */
function lastAccepted(
  tenant: Tenant | undefined,
  record: Watch | RemovedWatch,
  generation: number,
): string | undefined {
  const isActive = tenant?.status === 'active' && record.status !== 'removed' && record.wanted;
  return isActive && generation === record.generation - 1 ? record.lastRevokedAt : undefined;
}
