import type { ListedJob } from '../graph/api/printJobs';

/** A task follows its job within seconds; below this age its absence says nothing. */
const SETTLED_MS = 15 * 60_000;
/** Older jobs are history: their tasks may be forgotten. */
const NEW_MS = 24 * 60 * 60_000;

/** Names a job across printers. */
export function placeName({ printerId, jobId }: { printerId: string; jobId: string }): string {
  return `${printerId}/${jobId}`;
}

/**
 * Whether the newest jobs of a printer carry no task of ours any more, although earlier ones did: its trigger was lost
 * or taken away, and what is printed there passes us by.
 *
 * @param carried `placeName` of each job that is known to carry one
 */
export function isTriggerLost(
  printerId: string,
  jobs: readonly ListedJob[],
  carried: ReadonlySet<string>,
  now: number,
): boolean {
  const newestFirst = jobs
    .filter(({ createdAt, isRedirected }) => now - createdAt < NEW_MS && !isRedirected)
    .sort((a, b) => b.createdAt - a.createdAt);
  for (const { jobId, createdAt } of newestFirst) {
    if (carried.has(placeName({ printerId, jobId }))) return false;
    if (now - createdAt >= SETTLED_MS) return true;
  }
  return false;
}
