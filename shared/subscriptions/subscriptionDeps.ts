import type { Clock } from '../clock';
import type { CallGraphBatch } from '../graph/batch';
import type { CallGraph } from '../graph/client';
import type { Logger } from '../logger';
import type { Tenants } from '../tenants/tenants';
import type { Watches } from '../watches/watches';
import type { SubscriptionSettings } from './subscriptionBody';

/** What the use cases of this folder need; a `Config` serves as `config`. */
export interface SubscriptionDeps {
  callGraph: CallGraph;
  callBatch: CallGraphBatch;
  tenants: Tenants;
  watches: Watches;
  clock: Clock;
  /** 0 inclusive to 1 exclusive, as Math.random. */
  random: () => number;
  logger: Logger;
  config: SubscriptionSettings & { graphBaseUrl: string };
}
