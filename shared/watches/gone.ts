import { elapsedMs } from '../clock';
import type { Tenant } from '../tenants/tenants';
import { withoutSubscription, type Watch, type WatchKind } from './watches';

/**
 * Whether the subscription of a wanted watch is kept up, unless its printer or definition is gone. Those of a paused or removed
 * customer expire, except JobStarted of a paused one: its triggers keep holding jobs, and each of these would block a print
 * until the next sweep.
 */
export function isMaintained(tenant: Pick<Tenant, 'status'> | undefined, kind: WatchKind): boolean {
  return tenant?.status === 'active' || (tenant?.status === 'paused' && kind === 'jobStarted');
}

/** So far apart two answers of 404 must be: one day of wrong answers must not end a watch. */
export const GONE_AFTER_MS = 24 * 60 * 60_000;

/**
 * The watch after Graph answered with 404 for its printer or definition: the first time its row says since when, a day later
 * that it is gone. The same object where nothing is to be written.
 *
 * Its subscription is left to expire. While it lives, its notifications are handled.
 *
 * @param now milliseconds since 1970
 */
export function afterMissing(watch: Watch, now: number): Watch {
  // A run that creates its subscription writes the row next. The following look says the same.
  if (watch.status === 'gone' || watch.heldMs !== undefined) return watch;
  const missingMs = elapsedMs(watch.missingSince, now);
  // Infinity: the first time, or the time of a wrong clock.
  if (missingMs === Infinity) return { ...watch, missingSince: new Date(now).toISOString() };
  if (missingMs < GONE_AFTER_MS) return watch;
  return { ...withoutSubscription(watch), ...NEITHER, status: 'gone' };
}

/** Neither a subscription nor a failure to create one. */
const NEITHER = {
  ...{ subscriptionId: undefined, expirationDateTime: undefined },
  ...{ failures: 0, lastError: undefined, nextTryAt: undefined, retryAfterUntil: undefined },
};

/**
 * The watch after Graph showed its printer or definition, or a person added it again. One that was gone gets a subscription from
 * the next run, and a sweep, because its jobs were not notified. The same object where nothing is to be written.
 *
 * @param now milliseconds since 1970
 */
export function afterFound(watch: Watch, now: number): Watch {
  const found = { missingSince: undefined };
  if (watch.status === 'gone') {
    return { ...watch, ...found, status: 'pending', sweepWanted: new Date(now).toISOString() };
  }
  return watch.missingSince === undefined || watch.heldMs !== undefined ? watch : { ...watch, ...found };
}
