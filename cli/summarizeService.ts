import type { Tenant, TenantStatus } from '../shared/tenants/tenants';
import type { Watch } from '../shared/watches/watches';
import { watchState, type WatchState } from '../shared/watches/watchState';

/** How the service stands, from its tables. Times are ISO 8601. */
export interface ServiceSummary {
  tenants: Record<TenantStatus, number>;
  watches: Record<WatchState, number>;
  /**
   * Every key of the ring and every key that a watch still stands on. A key may leave the ring once no watch stands on
   * it; `missing` has left too early, and the notifications of its watches are refused.
   */
  keys: { keyId: string; role: 'signs' | 'verifies' | 'missing'; watches: number }[];
  /** Until the first live subscription ends; undefined when there is none. */
  minutesToNearestExpiry?: number;
  lastRenewal?: string;
  /** The sweep that the most neglected active tenant waits longest for. */
  lastSweep?: string;
  foundOnlyBySweep: number;
  tenantErrors: { tenantId: string; error: string }[];
}

/** Sums up `tenants` and `watches` at `now` (milliseconds since 1970); `keys` are those of the ring, in order. */
export function summarizeService(seen: {
  tenants: readonly Tenant[];
  watches: readonly Watch[];
  keys: readonly string[];
  now: number;
}): ServiceSummary {
  const { tenants, watches, keys, now } = seen;
  const byStatus: Record<TenantStatus, number> = { active: 0, paused: 0, removed: 0 };
  for (const { status } of tenants) byStatus[status] += 1;
  const byState: Record<WatchState, number> = { live: 0, failing: 0, lapsed: 0, pending: 0 };
  const byKey = new Map(keys.map((keyId) => [keyId, 0]));
  for (const watch of watches) {
    byState[watchState(watch, now)] += 1;
    if (watch.keyId !== undefined) byKey.set(watch.keyId, (byKey.get(watch.keyId) ?? 0) + 1);
  }
  const ends = watches
    .map(({ expirationDateTime }) => Date.parse(expirationDateTime ?? ''))
    .filter((end) => end > now);
  const lastRenewal = texts(watches.map(({ renewedAt }) => renewedAt)).at(-1);
  const lastSweep = texts(
    tenants.filter(({ status }) => status === 'active').map(({ sweptAt }) => sweptAt),
  )[0];
  return {
    tenants: byStatus,
    watches: byState,
    keys: [...byKey].map(([keyId, count]) => ({
      keyId,
      role: keyId === keys[0] ? 'signs' : keys.includes(keyId) ? 'verifies' : 'missing',
      watches: count,
    })),
    ...(ends.length === 0 ? {} : { minutesToNearestExpiry: Math.floor((Math.min(...ends) - now) / 60_000) }),
    ...(lastRenewal === undefined ? {} : { lastRenewal }),
    ...(lastSweep === undefined ? {} : { lastSweep }),
    foundOnlyBySweep: tenants.reduce((sum, { lostByGraph = 0 }) => sum + lostByGraph, 0),
    tenantErrors: tenants.flatMap(({ tenantId, lastError }) =>
      lastError === undefined ? [] : [{ tenantId, error: lastError }],
    ),
  };
}

/** Those that are there, in order; ISO 8601 in UTC sorts as time does. */
function texts(values: readonly (string | undefined)[]): string[] {
  return values.filter((value) => value !== undefined).sort();
}
