import type { Tenant, TenantStatus, Tenants } from '../tenants/tenants';
import type { Clock } from '../clock';
import type { CallGraphBatch } from '../graph/batch';
import type { CallGraph } from '../graph/client';
import type { RandomBytes } from '../jobs/message';
import type { Logger } from '../logger';
import type { Ledger } from '../jobs/ledger';
import type { MessageQueue } from '../storage/queues';
import type { Watches } from '../watches/watches';
import type { SweepMemory } from './sweepMemory';
import { ReceiverError } from '../errors';

/** How the sweep of one tenant ended. */
export interface TenantSweep {
  tenantId: string;
  /** The status when its sweep began. */
  status: TenantStatus;
  /**
   * `postponed`: Graph throttled the tenant or was unavailable, or the time of the run ended first. The next run continues.
   * `refused`: Entra or Graph refuses the tenant, or its first listings were all forbidden. `error`: storage failed.
   */
  outcome: 'swept' | 'postponed' | 'refused' | 'error';
  /** Listings requested, not their pages. */
  listings: number;
  /** Open tasks and ready jobs that Graph showed. */
  seen: number;
  /** How many of them were enqueued. */
  enqueued: number;
  /** Jobs of its listings whose notification did not arrive in time. */
  lostByGraph: number;
  /** Printers whose new jobs have no task of this app any more. */
  triggersLost: string[];
  /** Printers whose newest job has a task of this app, or that were deleted. */
  triggersSettled: string[];
  /** Graph throttled the customer for longer than a call waits. */
  wasThrottled?: true;
  /** Failed listings with the message of their error. */
  failures: { of: string; error: string }[];
}

/** The result of a tenant before its sweep. */
export function emptySweep({ tenantId, status }: Pick<Tenant, 'tenantId' | 'status'>): TenantSweep {
  const counts = { listings: 0, seen: 0, enqueued: 0, lostByGraph: 0 };
  return { tenantId, status, outcome: 'swept', ...counts, triggersLost: [], triggersSettled: [], failures: [] };
}

/** One completed listing. */
export interface SweepProgress {
  tenantId: string;
  /** RowKey of the watch, or the one that a watch of this definition would have. */
  of: string;
  seen: number;
  enqueued: number;
}

/** Dependencies of the sweep. It reads the ledger and never writes it: what it finds goes through the queue. */
export interface SweepDeps {
  callGraph: CallGraph;
  callBatch: CallGraphBatch;
  /** GRAPH_BASE_URL without a slash at the end. */
  graphBaseUrl: string;
  /** ENTRA_CLIENT_ID, lower-cased. */
  clientId: string;
  tenants: Tenants;
  watches: Pick<Watches, 'get' | 'list' | 'update'>;
  ledger: Pick<Ledger, 'getWithoutJob' | 'listOpen' | 'listHeld'>;
  /** print-notifications */
  jobs: MessageQueue;
  /** What the sweeps of this process have seen and enqueued. */
  memory: SweepMemory;
  clock: Clock;
  /** 0 inclusive to 1 exclusive. */
  random: () => number;
  randomBytes: RandomBytes;
  logger: Logger;
}

/**
 * How long a run of the timer starts new calls. A run that sweeps one minute of a round ends within it. After a gap it sweeps
 * the whole round, and the runs that the timer skips meanwhile are covered by the next one. The host ends a run after
 * `functionTimeout` (30 minutes, host.json). A call that has just started may take 45 s with its retries, and its jobs have to be enqueued
 * after it.
 */
export const SWEEP_RUN_MS = 8 * 60_000;

export type SweepTime = ReturnType<typeof createSweepTime>;

/**
 * The time that the sweeps of one run share.
 *
 * @param runMs Infinity where no host ends the run
 * @param rounds the remaining tenants divided by those that are swept side by side
 */
export function createSweepTime(clock: Pick<Clock, 'now'>, { runMs, rounds }: { runMs: number; rounds: () => number }) {
  const startedAt = clock.now();
  const leftMs = () => startedAt + runMs - clock.now();
  return {
    /** Milliseconds since 1970. */
    startedAt,
    /** True: no new call may start. */
    isUp: () => leftMs() <= 0,
    /** Milliseconds over which one tenant may spread its calls: the other half is for the calls themselves. */
    spreadMs: () => Math.max(0, leftMs()) / 2 / Math.max(1, rounds()),
  };
}

/**
 * The same calls until the time is up, then ReceiverError `deadlinePassed`. Each page of a listing is a call, so a long
 * listing ends too, and the jobs of its earlier pages are enqueued.
 */
export function withDeadline(callGraph: CallGraph, time: Pick<SweepTime, 'isUp'>): CallGraph {
  return async (call) => {
    if (!time.isUp()) return callGraph(call);
    throw timeIsUp();
  };
}

/** The same batches until the time is up, then the error of `withDeadline` for each part. */
export function withBatchDeadline(callBatch: CallGraphBatch, time: Pick<SweepTime, 'isUp'>): CallGraphBatch {
  return async (tenantId, parts) => {
    if (!time.isUp()) return callBatch(tenantId, parts);
    return parts.map(() => ({ error: timeIsUp() }));
  };
}

function timeIsUp(): ReceiverError {
  return new ReceiverError('deadlinePassed', 'The time of this sweep is up');
}
