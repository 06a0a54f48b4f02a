import type { Clock } from '../clock';
import type { CallGraph } from '../graph/client';
import type { RandomBytes } from '../jobs/message';
import type { Logger } from '../logger';
import type { Ledger } from '../jobs/ledger';
import type { MessageQueue } from '../storage/queues';
import type { Tenants } from '../tenants/tenants';
import type { Watches } from '../watches/watches';
import type { SweepMemory } from './createSweepMemory';

/** What the sweep needs. It reads the ledger and never writes it: everything it finds goes through the queue. */
export interface SweepDeps {
  callGraph: CallGraph;
  /** GRAPH_BASE_URL without a slash at the end. */
  graphBaseUrl: string;
  tenants: Tenants;
  watches: Pick<Watches, 'get' | 'list'>;
  ledger: Pick<Ledger, 'list'>;
  /** print-notifications */
  jobs: MessageQueue;
  /** What this process has brought back lately. */
  memory: SweepMemory;
  clock: Clock;
  /** 0 inclusive to 1 exclusive. */
  random: () => number;
  randomBytes: RandomBytes;
  logger: Logger;
}
