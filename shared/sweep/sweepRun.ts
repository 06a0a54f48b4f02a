import type { Tenant, TenantStatus, Tenants } from '../tenants/tenants';
import type { Clock } from '../clock';
import type { CallGraph } from '../graph/client';
import type { RandomBytes } from '../jobs/message';
import type { Logger } from '../logger';
import type { Ledger } from '../jobs/ledger';
import type { MessageQueue } from '../storage/queues';
import type { Watches } from '../watches/watches';
import { ReceiverError } from '../errors';

/** How the sweep of one tenant ended. */
export interface TenantSweep {
  tenantId: string;
  /** As it was when its turn came. */
  status: TenantStatus;
  /**
   * `postponed`: Graph throttled or could not serve it, or the time of the run was up before all of it was looked at; the
   * next run looks at the rest. `refused`: Entra or Graph will
   * have nothing of this tenant, or its first listings were all forbidden and the rest was left. `error`: storage failed on the way.
   */
  outcome: 'swept' | 'postponed' | 'refused' | 'error';
  /** Listings that were asked for, pages not counted. */
  listings: number;
  /** Open tasks and ready jobs that Graph showed. */
  seen: number;
  /** How many of them were put on the queue. */
  enqueued: number;
  /** Jobs in the ledger that Graph did not tell of in time. */
  lostByGraph: number;
  /** Printers whose new jobs carry no task of ours any more. */
  triggersLost: string[];
  /** Listings that failed by themselves, in words. */
  failures: { of: string; error: string }[];
}

/** A sweep that has not begun yet. */
export function emptySweep({ tenantId, status }: Pick<Tenant, 'tenantId' | 'status'>): TenantSweep {
  return {
    tenantId,
    status,
    outcome: 'swept',
    listings: 0,
    seen: 0,
    enqueued: 0,
    lostByGraph: 0,
    triggersLost: [],
    failures: [],
  };
}

/** One listing that has been gone through. */
export interface SweepProgress {
  tenantId: string;
  /** RowKey of the watch, or of the one that a definition would have. */
  of: string;
  seen: number;
  enqueued: number;
}

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

/** How often and when this process last brought a job event back. */
export interface Brought {
  times: number;
  /** Milliseconds since 1970. */
  at: number;
}

/**
 * Remembers what the sweep has put on the queue. The sweep never writes the ledger, and a row that the worker has not
 * reached says nothing of the message that waits for it: without this, each run would add one more. A process that has
 * just started knows nothing and may bring a job twice, which the claim settles.
 */
export interface SweepMemory {
  get(name: string): Brought | undefined;
  /** Notes that `name` was put on the queue at `now`. */
  note(name: string, now: number): void;
}

/** Longer than the longest spacing; what was last brought before it is no longer open. */
const FORGET_AFTER_MS = 3 * 60 * 60_000;
/** A bound on memory, far above the open jobs of one deployment. */
const MOST_REMEMBERED = 50_000;

export function createSweepMemory(most = MOST_REMEMBERED): SweepMemory {
  const brought = new Map<string, Brought>();
  return {
    get: (name) => brought.get(name),
    note(name, now) {
      const times = (brought.get(name)?.times ?? 0) + 1;
      // Put last: the map then runs from the oldest to the newest.
      brought.delete(name);
      brought.set(name, { times, at: now });
      for (const [oldest, { at }] of brought) {
        if (brought.size <= most && now - at < FORGET_AFTER_MS) return;
        brought.delete(oldest);
      }
    },
  };
}

/**
 * How long a run of the timer starts something new. The host ends it after `functionTimeout` (10 minutes, host.json) with
 * everything in flight; a call that has just begun may take 45 s with its tries, and what it shows has yet to be queued.
 */
export const SWEEP_RUN_MS = 8 * 60_000;

/** The time that the sweeps of one run share. */
export interface SweepTime {
  /** When the run began, in milliseconds since 1970. */
  startedAt: number;
  /** Nothing new may be asked of Graph. */
  isUp(): boolean;
  /** Milliseconds over which one tenant may spread what it asks. */
  spreadMs(): number;
}

/**
 * @param runMs Infinity where no host ends the run
 * @param rounds how often the tenants that have not ended yet, as many as are swept side by side, fill their places
 */
export function createSweepTime(
  clock: Pick<Clock, 'now'>,
  { runMs, rounds }: { runMs: number; rounds: () => number },
): SweepTime {
  const startedAt = clock.now();
  const leftMs = () => startedAt + runMs - clock.now();
  return {
    startedAt,
    isUp: () => leftMs() <= 0,
    // The other half is for the calls themselves.
    spreadMs: () => Math.max(0, leftMs()) / 2 / Math.max(1, rounds()),
  };
}

/**
 * Asks Graph nothing new once the time is up. Each page of a listing is a call: a long one ends too, and what its pages
 * showed is queued.
 *
 * @returns calls that throw ReceiverError `deadlinePassed` from then on
 */
export function whileThereIsTime(callGraph: CallGraph, time: Pick<SweepTime, 'isUp'>): CallGraph {
  return async (call) => {
    if (!time.isUp()) return callGraph(call);
    throw new ReceiverError('deadlinePassed', 'The time of this sweep is up; the next one looks again');
  };
}
