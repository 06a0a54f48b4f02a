import type { StoredWatch } from '../watches/watches';
import { plan, type PlanOptions } from './plan';

export interface TenantWork {
  tenantId: string;
  rows: StoredWatch[];
}

/** How soon something must happen: smaller is sooner. */
interface Need {
  failing: boolean;
  /** Milliseconds since 1970; infinite where nothing is due. */
  endsAt: number;
}

/**
 * Tenants, and the watches of each, in the order of their need at `now` (milliseconds since 1970): by what ends first,
 * a watch without a subscription before all. What failed last time comes after what did not: a tenant whose calls hang
 * is never renewed, so by its expiry alone it would come first in every run and keep the others waiting.
 */
export function orderByNeed(
  tenants: readonly TenantWork[],
  now: number,
  options: PlanOptions = {},
): TenantWork[] {
  const ranked = tenants.map(({ tenantId, rows }) => {
    const needs = rows
      .map((row) => ({ row, need: needOf(row, now, options) }))
      .sort((a, b) => compare(a.need, b.need));
    const need: Need = {
      failing: needs.some(({ need: { failing } }) => failing),
      endsAt: Math.min(...needs.map(({ need: { endsAt } }) => endsAt)),
    };
    return { need, work: { tenantId, rows: needs.map(({ row }) => row) } };
  });
  return ranked.sort((a, b) => compare(a.need, b.need)).map(({ work }) => work);
}

function needOf({ watch }: StoredWatch, now: number, options: PlanOptions): Need {
  const failing = watch.lastError !== undefined;
  if (plan(watch, now, options) === 'nothing') return { failing, endsAt: Infinity };
  const endsAt = watch.subscriptionId === undefined ? NaN : Date.parse(watch.expirationDateTime ?? '');
  return { failing, endsAt: Number.isNaN(endsAt) ? 0 : endsAt };
}

function compare(a: Need, b: Need): number {
  if ((a.endsAt === Infinity) !== (b.endsAt === Infinity)) return a.endsAt === Infinity ? 1 : -1;
  if (a.failing !== b.failing) return a.failing ? 1 : -1;
  // Two infinite ends must not be subtracted.
  return a.endsAt === b.endsAt ? 0 : a.endsAt - b.endsAt;
}
