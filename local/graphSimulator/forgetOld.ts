import type { Simulation } from './simulation';
import { isOpen } from './world';

const MINUTE_MS = 60_000;

/**
 * Makes the housekeeping that bounds the memory of a long run: old jobs leave the listings with their tasks and documents,
 * and so do downloads and device codes that have lapsed. It works once a minute of `Date`.
 */
export function createForgetOld(simulation: Simulation): () => void {
  let done = '';
  return () => {
    const { world, variants } = simulation;
    const now = simulation.now();
    const minute = `${String(Math.floor(now / MINUTE_MS))} ${String(variants.jobKeptMinutes)}`;
    if (minute === done) return;
    done = minute;
    forgetJobs(simulation, now - variants.jobKeptMinutes * MINUTE_MS);
    for (const [id, { expiresAt }] of world.downloads) if (expiresAt <= now) world.downloads.delete(id);
    for (const [code, { expiresAt }] of world.deviceCodes)
      // Kept for a while, so that a late poll hears that the code has expired.
      if (expiresAt + 60 * MINUTE_MS <= now) world.deviceCodes.delete(code);
  };
}

function forgetJobs(simulation: Simulation, createdBefore: number): void {
  if (simulation.variants.jobKeptMinutes === 0) return;
  for (const tenant of simulation.world.tenants.values())
    for (const printer of tenant.printers.values())
      for (const job of printer.jobs.values()) {
        // A job that a task blocks has a rule of its own: blockedJobMinutes.
        if (job.createdAt > createdBefore || job.tasks.some(isOpen)) continue;
        printer.jobs.delete(job.id);
        simulation.world.transforming.delete(job);
        for (const task of job.tasks) tenant.definitions.get(task.definitionId)?.tasks.delete(task.id);
      }
}
