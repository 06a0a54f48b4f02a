import type { Principal } from '../signIn/permissions';
import type { Variants } from '../world/variants';

/** Counts calls against the published limits. */
export interface Throttle {
  /** Counts a call. Gives the whole seconds to wait when it is over a limit, and then does not count it. */
  take: (caller: Pick<Principal, 'appId' | 'tenantId'>, method: string, path: string) => number | undefined;
  clear: () => void;
}

interface Limit {
  name: string;
  windowMs: number;
  perApp: number;
  perAppAndTenant: number;
}

// concepts/throttling-limits.md, 2026-02-06. Universal Print has no section of its own.
const everything: Limit = { name: 'all', windowMs: 10_000, perApp: 130_000, perAppAndTenant: Infinity };
const subscriptionLimits = {
  write: { name: 'write', windowMs: 20_000, perApp: 2_000, perAppAndTenant: 500 },
  reauthorize: { name: 'reauthorize', windowMs: 20_000, perApp: 4_000, perAppAndTenant: 1_000 },
  get: { name: 'get', windowMs: 20_000, perApp: 2_000, perAppAndTenant: 500 },
  list: { name: 'list', windowMs: 20_000, perApp: 40, perAppAndTenant: 25 },
} satisfies Record<string, Limit>;

// A window is counted in so many slots, so that 130,000 calls cost no memory; a call leaves it at most one slot late.
const SLOTS = 20;

/** Makes the counters; `clock` gives milliseconds of the time in which the windows pass. */
export function createThrottle(
  clock: () => number,
  variants: Pick<Variants, 'throttling' | 'throttlingScale'>,
): Throttle {
  const counters = new Map<string, Map<number, number>>();

  const slotsOf = (key: string, limit: Limit, now: number): Map<number, number> => {
    const slots = counters.get(key) ?? new Map<number, number>();
    counters.set(key, slots);
    const oldest = Math.floor(now / (limit.windowMs / SLOTS)) - SLOTS;
    for (const slot of slots.keys()) if (slot < oldest) slots.delete(slot);
    return slots;
  };
  const waitMs = (key: string, limit: Limit, allowed: number, now: number): number => {
    const slots = slotsOf(key, limit, now);
    const used = [...slots.values()].reduce((sum, count) => sum + count, 0);
    if (used < Math.max(1, allowed * variants.throttlingScale)) return 0;
    const [first = 0] = slots.keys();
    return (first + SLOTS + 1) * (limit.windowMs / SLOTS) - now;
  };

  return {
    take: ({ appId, tenantId }, method, path) => {
      if (variants.throttling === 'off') return undefined;
      const now = clock();
      const checks = limitsOf(method, path).flatMap((limit) => [
        { key: `${limit.name} ${appId}`, limit, allowed: limit.perApp },
        { key: `${limit.name} ${appId} ${tenantId}`, limit, allowed: limit.perAppAndTenant },
      ]);
      const wait = Math.max(...checks.map(({ key, limit, allowed }) => waitMs(key, limit, allowed, now)));
      if (wait > 0) return Math.ceil(wait / 1000);
      for (const { key, limit } of checks) {
        const slots = slotsOf(key, limit, now);
        const slot = Math.floor(now / (limit.windowMs / SLOTS));
        slots.set(slot, (slots.get(slot) ?? 0) + 1);
      }
      return undefined;
    },
    clear: () => counters.clear(),
  };
}

function limitsOf(method: string, path: string): Limit[] {
  if (!path.startsWith('/subscriptions')) return [everything];
  if (path.endsWith('/reauthorize')) return [everything, subscriptionLimits.reauthorize];
  if (method !== 'GET') return [everything, subscriptionLimits.write];
  return [everything, path === '/subscriptions' ? subscriptionLimits.list : subscriptionLimits.get];
}
