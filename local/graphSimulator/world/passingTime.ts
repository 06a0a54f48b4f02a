import { createHourlyLoss, sendDueNotices, sendsNotices } from '../subscriptions/lifecycle';
import { releaseHeld } from '../subscriptions/notifications';
import { finishTransforming } from './jobs';
import { isOpen, type Simulation } from './simulation';

const MINUTE_MS = 60_000;
// Date may jump by days at any moment, so a long wait is cut into short ones.
const LOOK_MS = 200;
// What falls due without a call of Graph may be a second late.
const SLOW_LOOK_MS = 1_000;

/** Applies what falls due as `Date` passes. */
export type PassingTime = ReturnType<typeof createPassingTime>;

/** Makes the passing of time over a simulation. Nothing happens until it is called. */
export function createPassingTime(simulation: Simulation) {
  const loseHourly = createHourlyLoss(simulation);
  const forgetOld = createForgetOld(simulation);
  let timer: NodeJS.Timeout | undefined;

  /** Applies everything due by now. Every call begins with it, so that no answer shows a world older than `Date`. */
  const advance = (): void => {
    finishTransforming(simulation);
    forgetOld();
    loseHourly();
    sendDueNotices(simulation);
    releaseHeld(simulation);
  };
  const nextLookMs = (): number | undefined => {
    const { transforming, subscriptions, held } = simulation.world;
    const times = [...transforming].map((job) => job.fetchableAt ?? 0);
    if (times.length > 0) return Math.min(Math.max(1, Math.min(...times) - simulation.now()), LOOK_MS);
    const waiting = held.length > 0 || (sendsNotices(simulation) && subscriptions.size > 0);
    return waiting ? SLOW_LOOK_MS : undefined;
  };
  /** Advances now and, as long as anything can still fall due, again by itself. */
  const follow = (): void => {
    clearTimeout(timer);
    if (simulation.closed.aborted) return;
    advance();
    const wait = nextLookMs();
    if (wait !== undefined) timer = setTimeout(follow, wait);
  };
  return { advance, follow, stop: (): void => clearTimeout(timer) };
}

/**
 * Makes the housekeeping that bounds the memory of a long run, once a minute of `Date`: old jobs leave the listings with
 * their tasks and documents, and so do expired downloads and device codes.
 */
function createForgetOld(simulation: Simulation): () => void {
  let done = '';
  return () => {
    const { world, variants } = simulation;
    const now = simulation.now();
    const minute = `${Math.floor(now / MINUTE_MS)} ${variants.jobKeptMinutes}`;
    if (minute === done) return;
    done = minute;
    if (variants.jobKeptMinutes > 0) forgetJobs(simulation, now - variants.jobKeptMinutes * MINUTE_MS);
    for (const [id, { expiresAt }] of world.downloads) if (expiresAt <= now) world.downloads.delete(id);
    for (const [code, { expiresAt }] of world.deviceCodes)
      // Kept for an hour, so that a late poll is told that the code has expired.
      if (expiresAt + 60 * MINUTE_MS <= now) world.deviceCodes.delete(code);
  };
}

function forgetJobs({ world }: Simulation, createdBefore: number): void {
  for (const { printers, definitions } of world.tenants.values())
    for (const printer of printers.values())
      for (const job of printer.jobs.values()) {
        if (job.createdAt > createdBefore || job.tasks.some(isOpen)) continue;
        printer.jobs.delete(job.id);
        world.transforming.delete(job);
        for (const task of job.tasks) definitions.get(task.definitionId)?.tasks.delete(task.id);
      }
}
