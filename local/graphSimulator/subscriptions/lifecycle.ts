import { liveSubscriptions, type Simulation, type Subscription } from '../world/simulation';
import { notifyLifecycle } from './notifications';

const HOUR_MS = 60 * 60 * 1000;
// How long before the token expires is not published; a quarter of its lifetime leaves time to react.
const NOTICE_SHARE = 0.75;

/** Sends reauthorizationRequired where a token or a subscription is about to expire (concepts/change-notifications-lifecycle-events.md). */
export function sendDueNotices(simulation: Simulation): void {
  for (const subscription of liveSubscriptions(simulation))
    if (isDue(simulation, subscription)) {
      subscription.noticedAt = simulation.now();
      notifyLifecycle(simulation, subscription, 'reauthorizationRequired');
    }
}

/**
 * Removes a share of the subscriptions (of one tenant, if named) and gives those. Print subscriptions get no event for it
 * (concepts/change-notifications-lifecycle-events.md lists other resources only); `announce` sends subscriptionRemoved.
 */
export function loseSubscriptions(
  simulation: Simulation,
  order: { rate: number; tenantId?: string | undefined; announce?: boolean },
): Subscription[] {
  const lost = liveSubscriptions(simulation).filter(
    ({ tenantId }) => (order.tenantId === undefined || tenantId === order.tenantId) && simulation.random() < order.rate,
  );
  for (const subscription of lost) {
    if (order.announce === true) notifyLifecycle(simulation, subscription, 'subscriptionRemoved');
    simulation.world.subscriptions.delete(subscription.id);
  }
  return lost;
}

/** Loses subscriptions by the rate per hour; the hours count from the first call at which a rate was set. */
export function createHourlyLoss(simulation: Simulation): () => void {
  let since: number | undefined;
  return () => {
    const rate = simulation.variants.subscriptionLossPerHour;
    if (rate === 0) {
      since = undefined;
      return;
    }
    since ??= simulation.now();
    const hours = Math.floor((simulation.now() - since) / HOUR_MS);
    if (hours < 1) return;
    since += hours * HOUR_MS;
    loseSubscriptions(simulation, { rate: 1 - (1 - rate) ** hours });
  };
}

function isDue(simulation: Simulation, { noticedAt, authorizedAt, expiresAt }: Subscription): boolean {
  const { subscriptionTokenMinutes, expiryNoticeMinutes, lifecycleRepeatMinutes } = simulation.variants;
  const now = simulation.now();
  const repeatMs = lifecycleRepeatMinutes * 60_000;
  if (noticedAt !== undefined && (repeatMs === 0 || now - noticedAt < repeatMs)) return false;
  const tokenNoticeMs = subscriptionTokenMinutes * 60_000 * NOTICE_SHARE;
  return (
    (subscriptionTokenMinutes > 0 && now >= authorizedAt + tokenNoticeMs) ||
    (expiryNoticeMinutes > 0 && now >= expiresAt - expiryNoticeMinutes * 60_000)
  );
}
