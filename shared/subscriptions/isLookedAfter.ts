import type { Tenant } from '../tenants/tenants';
import type { WatchKind } from '../watches/watchKey';

/**
 * Whether the subscription of a watch is to be kept up. What a paused or removed customer has is left to lapse, but the
 * triggers of a paused one go on holding its jobs: unheard, each of them would block a print until the sweep comes by.
 */
export function isLookedAfter(tenant: Pick<Tenant, 'status'> | undefined, kind: WatchKind): boolean {
  return tenant?.status === 'active' || (tenant?.status === 'paused' && kind === 'jobStarted');
}
