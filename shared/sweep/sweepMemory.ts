import { createCache } from '../cache';
import type { Clock } from '../clock';
import { ledgerRowKey, type JobReference } from '../jobs/message';
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

/** Longer than the longest spacing (`sweepSpacingMs`): a job that was last enqueued before it is no longer open. */
const KEEP_MS = 3 * 60 * 60_000;
/** A bound on memory, far above the open jobs of one deployment. */
const MOST_REMEMBERED = 50_000;
/** Some 25 MiB. Rows beyond it are read again by each sweep, 16 at a time. */
const MOST_DONE = 100_000;

export type SweepMemory = ReturnType<typeof createSweepMemory>;

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
  };
}
