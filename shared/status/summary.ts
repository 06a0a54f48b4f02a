import type { Tenant, TenantStatus } from '../tenants/tenants';
import { watchState, type Watch, type WatchState } from '../watches/watches';

/** Tenants, watches and the runs of the timers, from their tables. Times are ISO 8601. */
export interface ServiceSummary {
  tenants: Record<TenantStatus, number>;
  /** Watches of active tenants. */
  watches: Record<WatchState, number>;
  /** Watches of tenants that are paused, removed or not listed. Except the JobStarted watches of paused tenants, they expire. */
  watchesOfInactiveTenants: number;
  /** Until the first live subscription of an active tenant expires. Undefined when there is none. */
  minutesToNearestExpiry?: number;
  lastRenewal?: string;
  /** The oldest last complete sweep of an active tenant. Tenants that were never swept do not count. */
  lastSweep?: string;
  /** Active tenants without a complete sweep. */
  neverSwept: number;
  foundOnlyBySweep: number;
  tenantErrors: { tenantId: string; error: string }[];
}

/** What the tables of tenants and watches hold at `now` (milliseconds since 1970). */
export interface StoredRows {
  tenants: readonly Tenant[];
  watches: readonly Watch[];
  now: number;
}

export function summarizeService({ tenants, watches, now }: StoredRows): ServiceSummary {
  const byStatus: Record<TenantStatus, number> = { active: 0, paused: 0, removed: 0 };
  for (const { status } of tenants) byStatus[status] += 1;
  const active = tenants.filter(({ status }) => status === 'active');
  const byId = new Map(tenants.map((tenant) => [tenant.tenantId, tenant]));
  const ofActive = watches.filter(({ tenantId }) => byId.get(tenantId)?.status === 'active');
  const byState: Record<WatchState, number> = {
    ...{ live: 0, failing: 0, lapsed: 0, pending: 0 },
    ...{ printerGone: 0, definitionGone: 0 },
  };
  for (const watch of ofActive) byState[watchState(watch, now)] += 1;
  const ends = ofActive
    .map(({ expirationDateTime }) => Date.parse(expirationDateTime ?? ''))
    .filter((end) => end > now);
  const lastRenewal = sorted(watches.map(({ renewedAt }) => renewedAt)).at(-1);
  const lastSweep = sorted(active.map(({ sweptAt }) => sweptAt))[0];
  return {
    tenants: byStatus,
    watches: byState,
    watchesOfInactiveTenants: watches.length - ofActive.length,
    ...(ends.length === 0 ? {} : { minutesToNearestExpiry: Math.floor((earliest(ends) - now) / 60_000) }),
    ...(lastRenewal === undefined ? {} : { lastRenewal }),
    ...(lastSweep === undefined ? {} : { lastSweep }),
    neverSwept: active.filter(({ sweptAt }) => sweptAt === undefined).length,
    foundOnlyBySweep: tenants.reduce((sum, { lostByGraph = 0 }) => sum + lostByGraph, 0),
    tenantErrors: tenants.flatMap(({ tenantId, lastError }) =>
      lastError === undefined ? [] : [{ tenantId, error: lastError }],
    ),
  };
}

/** The least of the times. A call takes some 100,000 arguments at most, and a deployment may have more watches. */
export function earliest(times: readonly number[]): number {
  return times.reduce((least, time) => Math.min(least, time), Infinity);
}

/** The defined values in order. ISO 8601 in UTC sorts by time. */
function sorted(values: readonly (string | undefined)[]): string[] {
  return values.filter((value) => value !== undefined).sort();
}
