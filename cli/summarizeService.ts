import { type Watch, type WatchState, isMaintained, watchState } from '../shared/watches/watches';
import type { Tenant, TenantStatus } from '../shared/tenants/tenants';

/** How the service stands, from its tables. Times are ISO 8601. */
export interface ServiceSummary {
  tenants: Record<TenantStatus, number>;
  /** Those of active tenants. */
  watches: Record<WatchState, number>;
  /** Those of tenants that are paused, removed or not listed. All but the JobStarted ones of paused tenants lapse in good order. */
  watchesNotServed: number;
  /**
   * Every key of the ring and every key that a live subscription, or one that is being made, still stands on, whoever's it
   * is. A key may leave the ring once no watch stands on it; `missing` has left too early: the notifications of its
   * watches are answered with 503, and Graph comes again with them for four hours. What is past its expiry sends nothing and does not count.
   */
  keys: { keyId: string; role: 'signs' | 'verifies' | 'missing'; watches: number }[];
  /** Until the first live subscription of an active tenant ends; undefined when there is none. */
  minutesToNearestExpiry?: number;
  lastRenewal?: string;
  /** The oldest last sweep among the active tenants that were swept to the end at all. */
  lastSweep?: string;
  /** Active tenants that no sweep has gone through to the end yet. */
  neverSwept: number;
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
  const active = tenants.filter(({ status }) => status === 'active');
  const byId = new Map(tenants.map((tenant) => [tenant.tenantId, tenant]));
  const served = watches.filter(({ tenantId }) => byId.get(tenantId)?.status === 'active');
  const byState: Record<WatchState, number> = { live: 0, failing: 0, lapsed: 0, pending: 0 };
  const byKey = new Map(keys.map((keyId) => [keyId, 0]));
  for (const watch of served) byState[watchState(watch, now)] += 1;
  for (const { tenantId, kind, keyId, expirationDateTime } of watches) {
    // One that is being created has no expiry yet; nobody is creating one that is left to lapse.
    const end = expirationDateTime ?? (isMaintained(byId.get(tenantId), kind) ? undefined : '');
    const isOver = end !== undefined && !(Date.parse(end) > now);
    if (keyId !== undefined && !isOver) byKey.set(keyId, (byKey.get(keyId) ?? 0) + 1);
  }
  const ends = served
    .map(({ expirationDateTime }) => Date.parse(expirationDateTime ?? ''))
    .filter((end) => end > now);
  const lastRenewal = texts(watches.map(({ renewedAt }) => renewedAt)).at(-1);
  const lastSweep = texts(active.map(({ sweptAt }) => sweptAt))[0];
  return {
    tenants: byStatus,
    watches: byState,
    watchesNotServed: watches.length - served.length,
    keys: [...byKey].map(([keyId, count]) => ({
      keyId,
      role: keyId === keys[0] ? 'signs' : keys.includes(keyId) ? 'verifies' : 'missing',
      watches: count,
    })),
    ...(ends.length === 0 ? {} : { minutesToNearestExpiry: Math.floor((Math.min(...ends) - now) / 60_000) }),
    ...(lastRenewal === undefined ? {} : { lastRenewal }),
    ...(lastSweep === undefined ? {} : { lastSweep }),
    neverSwept: active.filter(({ sweptAt }) => sweptAt === undefined).length,
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
