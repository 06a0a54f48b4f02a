import { notifyLifecycle } from './notifications';
import type { Simulation } from './simulation';
import { liveSubscriptions } from './subscriptionStore';

const HOUR_MS = 60 * 60 * 1000;

/**
 * Removes a share of the subscriptions (of one tenant, if named) and gives those. Print gets no word of it
 * (concepts/change-notifications-lifecycle-events.md lists other resources only); `announce` sends subscriptionRemoved all the same.
 */
export function loseSubscriptions(
  simulation: Simulation,
  order: { rate: number; tenantId?: string; announce?: boolean },
): { id: string; tenantId: string; resource: string }[] {
  const lost = liveSubscriptions(simulation).filter(
    ({ tenantId }) =>
      (order.tenantId === undefined || tenantId === order.tenantId) && simulation.random() < order.rate,
  );
  for (const subscription of lost) {
    if (order.announce === true) notifyLifecycle(simulation, subscription, 'subscriptionRemoved');
    simulation.world.subscriptions.delete(subscription.id);
  }
  return lost.map(({ id, tenantId, resource }) => ({ id, tenantId, resource }));
}

/** Removes the triggers of a share of the printers, as a change by an administrator would, and gives those. */
export function loseTriggers(
  simulation: Simulation,
  order: { rate: number; tenantId?: string },
): { tenantId: string; printerId: string; triggerId: string; definitionId: string }[] {
  const lost = [];
  for (const tenant of simulation.world.tenants.values()) {
    if (order.tenantId !== undefined && tenant.id !== order.tenantId) continue;
    for (const printer of tenant.printers.values()) {
      if (!printer.trigger || simulation.random() >= order.rate) continue;
      const { id: triggerId, definitionId } = printer.trigger;
      delete printer.trigger;
      lost.push({ tenantId: tenant.id, printerId: printer.id, triggerId, definitionId });
    }
  }
  return lost;
}

/** Loses subscriptions by the rate per hour; the hours count from the first look at which a rate was set. */
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
