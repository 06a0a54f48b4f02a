import type { Simulation } from './simulation';
import type { Subscription } from './world';

/** The subscriptions that have not expired; expired ones are gone from here on (resources/subscription.md). */
export function liveSubscriptions(simulation: Pick<Simulation, 'world' | 'now'>): Subscription[] {
  const { subscriptions } = simulation.world;
  const now = simulation.now();
  for (const subscription of subscriptions.values())
    if (subscription.expiresAt <= now) subscriptions.delete(subscription.id);
  return [...subscriptions.values()];
}

/** What an app may see: only its own subscriptions in that tenant (api/subscription-list.md). */
export function ownSubscriptions(
  simulation: Pick<Simulation, 'world' | 'now'>,
  owner: { tenantId: string; appId: string },
): Subscription[] {
  return liveSubscriptions(simulation).filter(
    (subscription) => subscription.tenantId === owner.tenantId && subscription.appId === owner.appId,
  );
}
