import { createCache } from '../cache';
import type { Clock } from '../clock';
import type { Ledger } from '../jobs/ledger';
import { watchOf, type JobReference } from '../jobs/message';
import { watchRowKey } from '../watches/watches';
import { HOUR_MS, hoursToRead, type JobsOfHour } from './silence';

/** Jobs by watch, the RowKey of its row. */
type Counts = Map<string, number>;

/** What a process remembers of the jobs of complete hours: a later run reads only what is new. */
export type ActivityMemory = ReturnType<typeof createActivityMemory>;

/** A bound on memory. A customer has 72 hours here, each with the watches that had a job in it. */
const MOST_TENANTS = 2_000;

export function createActivityMemory(clock: Pick<Clock, 'now'>) {
  return createCache<Map<number, Counts>>({ most: MOST_TENANTS, clock });
}

/** The jobs of one customer. */
export interface Activity {
  /** The last complete hour, counted from 1970. */
  last: number;
  /** For the hours of `hoursToRead`. */
  jobsOf: JobsOfHour;
  /** The watches with a job since the last complete hour. */
  busy: ReadonlySet<string>;
  /** Jobs of the last ten minutes by printer. */
  byPrinter: ReadonlyMap<string, number>;
}

const TEN_MINUTES_MS = 10 * 60_000;
/** An hour is complete when its last rows have been written, also where the clocks differ. */
const SETTLED_AFTER_MS = 5 * 60_000;

/**
 * Reads the jobs of one customer from the index of the ledger by day: those since the last complete hour in each run, and each
 * complete hour once in a process. That is one listing in most runs, and three more in the first run of an hour.
 *
 * @throws errors of storage
 */
export async function readActivity(
  deps: { ledger: Pick<Ledger, 'listSeen'>; memory: ActivityMemory; now: number },
  tenantId: string,
): Promise<Activity> {
  const { ledger, memory, now } = deps;
  const last = Math.floor((now - SETTLED_AFTER_MS) / HOUR_MS) - 1;
  const known = memory.get(tenantId) ?? new Map<number, Counts>();
  const wanted = hoursToRead(last);
  for (const { first, end } of rangesOf(wanted.filter((hour) => !known.has(hour)))) {
    const hours = Array.from(
      { length: end - first },
      (_, index) => [first + index, new Map<string, number>()] as const,
    );
    const read = new Map<number, Counts>(hours);
    for await (const { reference, at } of listJobs(ledger, tenantId, first * HOUR_MS, end * HOUR_MS)) {
      count(read.get(Math.floor(at / HOUR_MS)), watchRowKey(watchOf(reference)));
    }
    for (const [hour, counts] of read) known.set(hour, counts);
  }
  for (const hour of known.keys()) if (!wanted.includes(hour)) known.delete(hour);
  memory.set(tenantId, known);
  const busy = new Set<string>();
  const recent: JobReference[] = [];
  const from = Math.min((last + 1) * HOUR_MS, now - TEN_MINUTES_MS);
  for await (const { reference, at } of listJobs(ledger, tenantId, from, now + SETTLED_AFTER_MS)) {
    if (at >= (last + 1) * HOUR_MS) busy.add(watchRowKey(watchOf(reference)));
    if (at >= now - TEN_MINUTES_MS) recent.push(reference);
  }
  const jobsOf: JobsOfHour = (hour, watch) => known.get(hour)?.get(watch) ?? 0;
  return { last, jobsOf, busy, byPrinter: countByPrinter(recent) };
}

/** The sweep finds the end of a job, whatever Graph notifies: it says nothing about a watch. */
async function* listJobs(ledger: Pick<Ledger, 'listSeen'>, tenantId: string, from: number, before: number) {
  // The sweep and the recovery report rows that cannot be read.
  for await (const seen of ledger.listSeen(tenantId, { from, before }, () => undefined)) {
    if (seen.reference.kind !== 'jobEnded') yield seen;
  }
}

/** Runs of hours that follow each other, so that each run is one listing. */
function rangesOf(hours: readonly number[]): { first: number; end: number }[] {
  const ranges: { first: number; end: number }[] = [];
  for (const hour of [...hours].sort((a, b) => a - b)) {
    const current = ranges.at(-1);
    if (current?.end === hour) current.end += 1;
    else ranges.push({ first: hour, end: hour + 1 });
  }
  return ranges;
}

/**
 * Where a printer has both watches, one job has two events. JobFetchable may follow hours after the creation of the job, so it
 * counts only at a printer whose jobs have no other event.
 */
function countByPrinter(references: readonly JobReference[]): Counts {
  const started: Counts = new Map();
  const fetchable: Counts = new Map();
  for (const { kind, printerId } of references) {
    if (printerId !== undefined) count(kind === 'jobStarted' ? started : fetchable, printerId);
  }
  return new Map([...fetchable, ...started]);
}

function count(counts: Counts | undefined, name: string): void {
  counts?.set(name, (counts.get(name) ?? 0) + 1);
}
