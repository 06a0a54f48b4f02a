import type { JobStateView, SimulatorState, SubscriptionState } from './controlTypes';
import type { Simulation } from './simulation';
import { liveSubscriptions } from './subscriptionStore';
import type { Job, Subscription } from './world';

/** Everything the simulator holds, secrets of subscriptions included. */
export function viewState(simulation: Simulation): SimulatorState {
  return {
    appId: simulation.appId,
    tenants: [...simulation.world.tenants.values()].map((tenant) => ({
      tenantId: tenant.id,
      name: tenant.name,
      roles: [...tenant.roles],
      consentRevoked: tenant.consentRevoked,
      printers: [...tenant.printers.values()].map(({ id, displayName, trigger }) => ({
        id,
        displayName,
        ...(trigger ? { trigger } : {}),
      })),
      definitions: [...tenant.definitions.values()].map(({ id, displayName, appId }) => ({
        id,
        displayName,
        appId,
      })),
      jobs: [...tenant.printers.values()].flatMap(({ jobs }) => [...jobs.values()].map(viewJobState)),
    })),
    subscriptions: liveSubscriptions(simulation).map(viewSubscription),
  };
}

/** A job as the control API shows it. */
export function viewJobState(job: Job): JobStateView {
  return {
    jobId: job.id,
    printerId: job.printerId,
    state: job.state,
    details: job.details,
    isFetchable: job.isFetchable,
    isAcquiredByPrinter: job.isAcquiredByPrinter,
    createdAt: job.createdAt,
    configuration: job.configuration,
    tasks: job.tasks.map(({ id, definitionId, state, description, createdAt, endedAt }) => ({
      id,
      definitionId,
      state,
      description,
      createdAt,
      ...(endedAt === undefined ? {} : { endedAt }),
    })),
    ...(job.redirectedTo === undefined ? {} : { redirectedTo: job.redirectedTo }),
    ...(job.redirectedFrom === undefined ? {} : { redirectedFrom: job.redirectedFrom }),
  };
}

/** A subscription as the control API shows it. */
export function viewSubscription(subscription: Subscription): SubscriptionState {
  const {
    kind: _kind,
    targetId: _targetId,
    latestSupportedTlsVersion: _tls,
    authorizedAt: _authorizedAt,
    noticedAt: _noticedAt,
    ...shown
  } = subscription;
  return shown;
}
