import type { DeliveryItem } from './deliveryTypes';
import { currentOutage } from './outage';
import type { Simulation } from './simulation';

// concepts/change-notifications-delivery-webhooks.md: what was held back can still arrive for up to 4 hours.
const HELD_MS = 4 * 60 * 60 * 1000;

type Fate = 'send' | 'hold' | 'lose';

/** Sends a notification, keeps it until Graph may send it, or loses it: by consent, outage and token. */
export function sendOrHold(simulation: Simulation, item: DeliveryItem): void {
  const { world, delivery } = simulation;
  const fate = fateOf(simulation, item);
  if (fate === 'send') delivery.enqueue(item);
  else if (fate === 'lose') delivery.lose(item);
  else world.held.push({ item, since: simulation.now() });
}

/** Sends what waits no longer; what waited over 4 hours, or for a subscription that is gone, is lost. */
export function releaseHeld(simulation: Simulation): void {
  const { world, delivery } = simulation;
  if (world.held.length === 0) return;
  world.held = world.held.filter(({ item, since }) => {
    const late = simulation.now() - since >= HELD_MS || !world.subscriptions.has(item.subscriptionId);
    const fate = late ? 'lose' : fateOf(simulation, item);
    if (fate === 'send') delivery.enqueue(item);
    else if (fate === 'lose') delivery.lose(item);
    return fate === 'hold';
  });
}

function fateOf(simulation: Simulation, item: DeliveryItem): Fate {
  const { world, variants } = simulation;
  if (world.tenants.get(item.tenantId)?.consentRevoked === true) return 'lose';
  const outage = currentOutage(simulation);
  if (outage && outage.notifications !== 'normal') return outage.notifications === 'late' ? 'hold' : 'lose';
  const subscription = world.subscriptions.get(item.subscriptionId);
  const tokenMs = variants.subscriptionTokenMinutes * 60_000;
  // Without this exception nobody would hear that the token has to be renewed.
  const isLifecycle = 'lifecycleEvent' in item.body;
  if (isLifecycle || !variants.holdWithoutToken || tokenMs === 0 || !subscription) return 'send';
  return simulation.now() >= subscription.authorizedAt + tokenMs ? 'hold' : 'send';
}
