import { ReceiverError } from '../errors';
import type { LedgerRow } from '../jobs/ledgerRow';
import { ledgerKey, type JobReference } from '../jobs/message';
import { doneRow, memoryName } from './sweepMemory';
import type { SweepDeps } from './sweepRun';

/** What the ledger says about one item of a listing. */
export type ItemRow = ItemState & {
  /** Graph lost its notification. */
  isLost: boolean;
  /** The work on it has ended, and its event was sent. */
  isSent: boolean;
};

type ItemState =
  /** `row` is undefined when there is none. `ageMs`: how long ago it was written, by the clock of the service. */
  | { state: 'read'; row: LedgerRow | undefined; ageMs: number }
  /** An earlier sweep read it as `done`. A row that is done is never reopened, except for an open task. */
  | { state: 'done' }
  /** The worker cannot read this row either. It was reported, and a person has to correct it. */
  | { state: 'unreadable' };

/**
 * Reads the row of one listed item, so that a sweep costs what Graph lists, however large the ledger is. A row that is done
 * is remembered. The row of an open task is always read. The claim settles what changes after the read.
 *
 * @throws ReceiverError `storageUnavailable`
 */
export async function readItemRow(
  deps: Pick<SweepDeps, 'ledger' | 'memory' | 'clock'>,
  reference: JobReference,
  isOpenTask: boolean,
  onUnreadable: (error: Error) => void,
): Promise<ItemRow> {
  const name = memoryName(reference);
  const remembered = isOpenTask ? undefined : deps.memory.done.get(name);
  if (remembered !== undefined) return { state: 'done', ...remembered };
  try {
    const stored = await deps.ledger.getWithoutJob(ledgerKey(reference));
    if (!stored) return { state: 'read', row: undefined, ageMs: 0, isLost: false, isSent: false };
    const { value: row, ageMs } = stored;
    const now = deps.clock.now();
    const isSent = row.status === 'done' && row.event === 'sent';
    // Graph sends no notification of the end of a job.
    const isNotified = reference.kind !== 'jobEnded';
    const isLost = isNotified && isLostByGraph(row, now);
    const isSettled = row.status === 'done' && !(isNotified && mayStillArrive(row, now));
    if (!isOpenTask && isSettled) deps.memory.done.set(name, doneRow({ isLost, isSent }));
    return { state: 'read', row, ageMs, isLost, isSent };
  } catch (error) {
    if (!(error instanceof ReceiverError) || error.code !== 'rowUnreadable') throw error;
    onUnreadable(error);
    return { state: 'unreadable', isLost: false, isSent: false };
  }
}

/** A notification that arrives later than this after the job's creation counts as lost. */
const IN_TIME_MS = 15 * 60_000;

/**
 * Whether the notification of a job was lost: the sweep found the job first, and Graph's notification did not arrive within
 * 15 minutes of the job's creation. A job without an event, because no watch covered it, does not count.
 *
 * @param now milliseconds since 1970
 */
export function isLostByGraph(row: LedgerRow, now: number): boolean {
  if (row.foundBy !== 'sweep' || row.event !== 'sent' || mayStillArrive(row, now)) return false;
  const inTime = Date.parse(row.notifiedAt ?? '') <= endOfTime(row);
  return !inTime;
}

function mayStillArrive(row: LedgerRow, now: number): boolean {
  return row.foundBy === 'sweep' && now < endOfTime(row);
}

function endOfTime(row: LedgerRow): number {
  return Date.parse(row.jobCreatedAt ?? row.firstSeenAt) + IN_TIME_MS;
}
