import { notifyLifecycle } from './notifications';
import type { Simulation } from './simulation';
import { liveSubscriptions } from './subscriptionStore';
import type { Subscription } from './world';

// How long before its end is not published; a quarter of the token's life leaves time to react.
const NOTICE_SHARE = 0.75;

/** Whether any lifecycle event can fall due by the passing of time alone. */
export function sendsNotices(simulation: Pick<Simulation, 'variants'>): boolean {
  return simulation.variants.subscriptionTokenMinutes > 0 || simulation.variants.expiryNoticeMinutes > 0;
}

/** Sends reauthorizationRequired where a token or a subscription is about to lapse (concepts/change-notifications-lifecycle-events.md). */
export function sendDueNotices(simulation: Simulation): void {
  if (!sendsNotices(simulation)) return;
  for (const subscription of liveSubscriptions(simulation))
    if (isDue(simulation, subscription)) noticeOne(simulation, subscription);
}

/** Tells every subscription of a tenant to reauthorize, as after an administrator changed permissions. */
export function noticePermissionChange(simulation: Simulation, tenantId: string): void {
  if (!simulation.variants.noticeAtPermissionChange) return;
  for (const subscription of liveSubscriptions(simulation))
    if (subscription.tenantId === tenantId) noticeOne(simulation, subscription);
}

function noticeOne(simulation: Simulation, subscription: Subscription): void {
  subscription.noticedAt = simulation.now();
  if (simulation.random() >= simulation.variants.lifecycleRate) return;
  notifyLifecycle(simulation, subscription, 'reauthorizationRequired');
}

function isDue(simulation: Simulation, subscription: Subscription): boolean {
  const { subscriptionTokenMinutes, expiryNoticeMinutes, lifecycleRepeatMinutes } = simulation.variants;
  const now = simulation.now();
  const { noticedAt, authorizedAt, expiresAt } = subscription;
  const repeatMs = lifecycleRepeatMinutes * 60_000;
  if (noticedAt !== undefined && (repeatMs === 0 || now - noticedAt < repeatMs)) return false;
  const tokenNoticeMs = subscriptionTokenMinutes * 60_000 * NOTICE_SHARE;
  return (
    (subscriptionTokenMinutes > 0 && now >= authorizedAt + tokenNoticeMs) ||
    (expiryNoticeMinutes > 0 && now >= expiresAt - expiryNoticeMinutes * 60_000)
  );
}
