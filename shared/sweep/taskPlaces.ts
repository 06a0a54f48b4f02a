import type { LRUCache } from 'lru-cache';
import { createCache } from '../cache';
import type { Clock } from '../clock';
import { pullPrintId, type JobPlace } from '../jobPlace';

/** The jobs of the last day are compared with their tasks. Tasks of older jobs may be deleted. */
export const NEW_JOB_MS = 24 * 60 * 60_000;
/** A printer without a task of this app for this long has no trigger. */
const RECENT_MS = 7 * 24 * 60 * 60_000;

/** Bounds on memory: the jobs of a day, the tenants of one deployment, the printers of one tenant. */
const MOST_JOBS = 100_000;
const MOST_TENANTS = 2_000;
const MOST_PRINTERS = 5_000;

/**
 * Remembers which jobs and printers had a task of this app, as the sweeps of this process have seen them: Graph forgets a
 * task some time after its end (api/printtaskdefinition-list-tasks.md). A process that has just started knows the tasks
 * that Graph still lists.
 */
export function createTaskPlaces(clock: Pick<Clock, 'now'>) {
  const jobs = createCache<true>({ most: MOST_JOBS, keepMs: NEW_JOB_MS, clock });
  const printers = createCache<LRUCache<string, true>>({ most: MOST_TENANTS, clock });
  const nameOf = (tenantId: string, { printerId, jobId }: JobPlace) => `${tenantId}/${printerId}/${jobId}`;
  return {
    /** @param isWatched whether its definition is watched: its trigger is then missed when it is lost */
    note(tenantId: string, place: JobPlace, isWatched: boolean): void {
      jobs.set(nameOf(tenantId, place), true);
      // A pull print printer has no triggers (resources/pullprintprinter.md).
      if (!isWatched || pullPrintId(place.printerId) !== undefined) return;
      const known = printers.get(tenantId) ?? createCache<true>({ most: MOST_PRINTERS, keepMs: RECENT_MS, clock });
      known.set(place.printerId, true);
      printers.set(tenantId, known);
    },
    hasTask: (tenantId: string, place: JobPlace): boolean => jobs.has(nameOf(tenantId, place)),
    /** The printers of a tenant with a task of a watched definition within a week. */
    printersOf: (tenantId: string): string[] => [...(printers.get(tenantId)?.keys() ?? [])],
  };
}
