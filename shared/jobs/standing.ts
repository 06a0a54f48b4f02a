import type { Clock } from '../clock';
import type { Tenant, Tenants } from '../tenants/tenants';
import { type Watch, type WatchKey, type Watches, watchRowKey } from '../watches/watches';

/** Whether we serve a watch of a tenant, and if not, why. */
export type Standing =
  { served: true; tenant: Tenant; watch: Watch } | { served: false; reason: UnservedReason };

export type UnservedReason =
  | 'unknownTenant'
  | 'pausedTenant'
  | 'removedTenant'
  | 'unknownWatch'
  | 'removedWatch'
  /** The clientState belongs to a subscription that has been replaced: it may have leaked. */
  | 'staleGeneration';

export interface StandingDeps {
  tenants: Pick<Tenants, 'get'>;
  watches: Pick<Watches, 'get'>;
  clock: Pick<Clock, 'now'>;
}

export type ReadStanding = (watch: WatchKey, generation: number | undefined) => Promise<Standing>;

const KNOWN_FOR_MS = 60_000;
/** A bound on memory; one instance serves far fewer watches within a minute. */
const MOST_KNOWN = 5_000;

/**
 * Reads tenant and watch, remembering for a minute those that are served. What is not served is never remembered, so
 * that a watch or tenant added a moment ago is served at once.
 */
export function createReadStanding(deps: StandingDeps): ReadStanding {
  const known = new Map<string, { tenant: Tenant; watch: Watch; until: number }>();
  return async (key, generation) => {
    const name = `${key.tenantId}/${watchRowKey(key)}`;
    const found = known.get(name);
    if (found && found.until > deps.clock.now()) return judge(found.tenant, found.watch, generation);
    known.delete(name);
    const [tenant, stored] = await Promise.all([deps.tenants.get(key.tenantId), deps.watches.get(key)]);
    const standing = judge(tenant, stored?.watch, generation);
    if (standing.served) {
      if (known.size >= MOST_KNOWN) known.clear();
      known.set(name, {
        tenant: standing.tenant,
        watch: standing.watch,
        until: deps.clock.now() + KNOWN_FOR_MS,
      });
    }
    return standing;
  };
}

function judge(
  tenant: Tenant | undefined,
  watch: Watch | undefined,
  generation: number | undefined,
): Standing {
  if (!tenant) return { served: false, reason: 'unknownTenant' };
  if (tenant.status === 'paused') return { served: false, reason: 'pausedTenant' };
  if (tenant.status === 'removed') return { served: false, reason: 'removedTenant' };
  if (!watch) return { served: false, reason: 'unknownWatch' };
  if (!watch.wanted) return { served: false, reason: 'removedWatch' };
  // Messages of the sweep and of operators carry no generation: nobody outside could have written them.
  if (generation !== undefined && generation < watch.generation)
    return { served: false, reason: 'staleGeneration' };
  return { served: true, tenant, watch };
}
