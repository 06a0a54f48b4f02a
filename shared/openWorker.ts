import type { Clock } from './clock';
import type { PlacesAndTurns } from './fairness/openFairQueues';
import type { GraphService } from './graph/service';
import { createLocateJob } from './graph/api/printerShares';
import { createReadAccess } from './jobs/access';
import { createFindPrinter } from './jobs/decision';
import type { Ledger } from './jobs/ledger';
import type { ProcessDeps } from './jobs/processNotification';
import type { RulesStore } from './rules/store';
import type { MessageQueue } from './storage/queues';
import { createRequestRenewal } from './subscriptions/renewalRequests';
import { createRequestSweep } from './subscriptions/sweepRequests';
import type { Tenants } from './tenants/tenants';
import type { Watches } from './watches/watches';

/** What the worker is built from. */
export interface WorkerParts {
  ledger: Ledger;
  tenants: Tenants;
  watches: Watches;
  graph: Pick<GraphService, 'callGraph' | 'throttle' | 'silence'>;
  places: PlacesAndTurns;
  rules: RulesStore;
  queues: ProcessDeps['queues'];
  subscriptionEvents: MessageQueue;
  clock: Clock;
}

/** The dependencies of the worker, with the memory of this process: known tenants, places, printers and requests. */
export function openWorker({
  ledger,
  tenants,
  watches,
  graph: { callGraph, throttle, silence },
  places,
  rules,
  queues,
  subscriptionEvents,
  clock,
}: WorkerParts): Omit<ProcessDeps, 'logger'> {
  return {
    ledger,
    readAccess: createReadAccess({ tenants, watches, clock }),
    readClientStates: () => watches.clientStates.read(),
    callGraph,
    locateJob: createLocateJob(clock),
    throttle,
    silence,
    ...places,
    rules,
    findPrinter: createFindPrinter(clock),
    queues,
    requestRenewal: createRequestRenewal({ queue: subscriptionEvents, clock }),
    requestSweep: createRequestSweep({ watches, queue: subscriptionEvents, clock }),
    clock,
    random: Math.random,
  };
}
