import type { Principal } from '../signIn/permissions';

/** Counts calls against the published limits. */
export type Throttle = ReturnType<typeof createThrottle>;

type Caller = Pick<Principal, 'appId' | 'tenantId'> & Partial<Pick<Principal, 'kind'>>;

// concepts/throttling-limits.md, 2026-02-06. Universal Print has no section of its own.
const limits = {
  all: { windowMs: 10_000, perApp: 130_000, perAppAndTenant: Infinity },
  write: { windowMs: 20_000, perApp: 2_000, perAppAndTenant: 500 },
  reauthorize: { windowMs: 20_000, perApp: 4_000, perAppAndTenant: 1_000 },
  get: { windowMs: 20_000, perApp: 2_000, perAppAndTenant: 500 },
  list: { windowMs: 20_000, perApp: 40, perAppAndTenant: 25 },
};

const DELEGATED_WINDOW_MS = 10_000;

/**
 * Makes the counters; `clock` gives milliseconds of the time in which the windows pass. A window begins with its first call.
 *
 * @param delegatedLimit calls of signed-in users in 10 s for each app and tenant; 0 = no limit
 */
export function createThrottle(clock: () => number, delegatedLimit: () => number = () => 0) {
  const windows = new Map<string, { endsAt: number; calls: number }>();
  const windowOf = (key: string, windowMs: number, now: number) => {
    const known = windows.get(key);
    if (known && known.endsAt > now) return known;
    const fresh = { endsAt: now + windowMs, calls: 0 };
    windows.set(key, fresh);
    return fresh;
  };

  return {
    /** Counts a call. Gives the whole seconds to wait when it is over a limit, and then does not count it. */
    take: ({ appId, tenantId, kind }: Caller, method: string, path: string): number | undefined => {
      const now = clock();
      const counted = limitsOf(method, path).flatMap((name) => {
        const { windowMs, perApp, perAppAndTenant } = limits[name];
        return [
          { window: windowOf(`${name} ${appId}`, windowMs, now), allowed: perApp },
          { window: windowOf(`${name} ${appId} ${tenantId}`, windowMs, now), allowed: perAppAndTenant },
        ];
      });
      const ofUsers = delegatedLimit();
      if (kind === 'user' && ofUsers > 0) {
        const window = windowOf(`users ${appId} ${tenantId}`, DELEGATED_WINDOW_MS, now);
        counted.push({ window, allowed: ofUsers });
      }
      const full = counted.filter(({ window, allowed }) => window.calls >= allowed);
      if (full.length > 0) return Math.ceil(Math.max(...full.map(({ window }) => window.endsAt - now)) / 1000);
      for (const { window } of counted) window.calls += 1;
      return undefined;
    },
    clear: (): void => windows.clear(),
  };
}

function limitsOf(method: string, path: string): (keyof typeof limits)[] {
  if (!path.startsWith('/subscriptions')) return ['all'];
  if (path.endsWith('/reauthorize')) return ['all', 'reauthorize'];
  if (method !== 'GET') return ['all', 'write'];
  return ['all', path === '/subscriptions' ? 'list' : 'get'];
}
