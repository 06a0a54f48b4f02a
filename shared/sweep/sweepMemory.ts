import { createCache } from '../cache';
import type { Clock } from '../clock';
import { ledgerRowKey, type JobReference } from '../jobs/message';
import { watchRowKey, type WatchKey } from '../watches/watches';
import { createTaskPlaces } from './taskPlaces';

/** How often the sweep of this process enqueued a job event, and when last. */
export interface Enqueued {
  times: number;
  /** Milliseconds since 1970. */
  at: number;
}

/** What the sweep remembers of a row that is done. */
export type DoneRow = (typeof DONE_ROWS)[number];
/** Each value once, because a deployment may have 100,000 of them. */
const DONE_ROWS = [
  { isLost: false, isSent: false },
  { isLost: false, isSent: true },
  { isLost: true, isSent: true },
] as const;

/** @param row isLost: Graph lost its notification. isSent: its event was sent. A lost row always has an event */
export function doneRow({ isLost, isSent }: { isLost: boolean; isSent: boolean }): DoneRow {
  return DONE_ROWS[isLost ? 2 : isSent ? 1 : 0];
}

/** What the last complete listing of a watched printer by this process showed. */
export interface PrinterLook {
  /** When it was listed, in minutes since 1970. */
  minute: number;
  /** No job of the last day, nothing to queue, and the watch is older than a day. */
  isQuiet: boolean;
}

/** Longer than the longest spacing (`sweepSpacingMs`): a job that was last enqueued before it is no longer open. */
const KEEP_MS = 3 * 60 * 60_000;
/** A bound on memory, far above the open jobs of one deployment. */
const MOST_REMEMBERED = 50_000;
/** A bound on memory, above the printers of one deployment. A printer beyond it counts as busy. */
const MOST_PRINTERS = 200_000;
const MOST_TENANTS = 2_000;
/**
 * So long a complete listing of a customer's definitions is recent: longer than a round, and shorter than the age from which
 * a job without a task is judged (`findLostTriggers`).
 */
const DEFINITIONS_RECENT_MS = 14 * 60_000;
/** Some 25 MiB. Rows beyond it are read again by each sweep, 16 at a time. */
const MOST_DONE = 100_000;

export type SweepMemory = ReturnType<typeof createSweepMemory>;

/** The name of a watch in the memory of the sweep. */
export const watchName = (watch: WatchKey) => `${watch.tenantId}/${watchRowKey(watch)}`;

/** The name of a job event in the memory of the sweep. */
export const memoryName = (reference: JobReference) => `${reference.tenantId}/${ledgerRowKey(reference)}`;

/**
 * Remembers what the sweep enqueued. The sweep never writes the ledger, and the row of a job does not show the message that
 * waits for it: without this memory each run would enqueue one more. A process that has just started may enqueue a job
 * twice, which the claim settles.
 */
export function createSweepMemory(clock: Pick<Clock, 'now'>, most = MOST_REMEMBERED) {
  const enqueued = createCache<Enqueued>({ most, keepMs: KEEP_MS, clock });
  return {
    get: (name: string): Enqueued | undefined => enqueued.get(name),
    /** Notes that `name` was enqueued now. */
    note(name: string): void {
      enqueued.set(name, { times: (enqueued.get(name)?.times ?? 0) + 1, at: clock.now() });
    },
    forget: (name: string): void => void enqueued.delete(name),
    /** The job events whose row was read as `done`. */
    done: createCache<DoneRow>({ most: MOST_DONE, clock }),
    taskPlaces: createTaskPlaces(clock),
    /** By `watchName`. */
    looks: createCache<PrinterLook>({ most: MOST_PRINTERS, clock }),
    /** Jobs of each watch whose notification did not arrive in time, by tenant and by row key of the watch. */
    lostOfWatches: createCache<Map<string, number>>({ most: MOST_TENANTS, clock }),
    /** The customers whose open tasks the last attempt of this process could not list. */
    tasksNotListed: createCache<true>({ most: MOST_TENANTS, clock }),
    /** The customers all of whose definitions were listed recently, with a known printer for each task. */
    definitionsListed: createCache<true>({ most: MOST_TENANTS, keepMs: DEFINITIONS_RECENT_MS, clock }),
  };
}
