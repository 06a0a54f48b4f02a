import type { Tenant } from '../tenants/tenants';
import { isMaintained } from '../watches/gone';
import { type Watch } from '../watches/watches';
import type { StoredRows } from './summary';

/** How the subscriptions and sweeps of the customers that the app can reach are kept up. */
export interface Upkeep {
  /** Wanted watches whose subscription is kept up: not those whose printer or definition is gone. */
  maintained: Watch[];
  /** Those of them with a live subscription. */
  live: Watch[];
  /** When the last complete sweep of each active customer ended, or the customer was added; milliseconds since 1970. */
  sweptTimes: number[];
}

/** Customers that refuse the app are left out: their watches and sweeps have one cause, which is named once. */
export function readUpkeep({ tenants, watches, now }: StoredRows): Upkeep {
  const reachable = new Map(tenants.filter(isReachable).map((tenant) => [tenant.tenantId, tenant]));
  const maintained = watches.filter(
    ({ tenantId, kind, wanted, status }) => wanted && status !== 'gone' && isMaintained(reachable.get(tenantId), kind),
  );
  return {
    maintained,
    live: maintained.filter(({ expirationDateTime }) => Date.parse(expirationDateTime ?? '') > now),
    sweptTimes: [...reachable.values()]
      .filter(({ status }) => status === 'active')
      .map(({ sweptAt, createdAt }) => Date.parse(sweptAt ?? createdAt)),
  };
}

function isReachable({ lastError }: Tenant): boolean {
  return lastError === undefined;
}

/** Milliseconds since the last renewal of a watch, or since it was added. */
export function sinceRenewed({ renewedAt, since }: Watch, now: number): number {
  return now - Date.parse(renewedAt ?? since);
}
