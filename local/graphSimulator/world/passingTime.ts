import { createHourlyLoss, sendDueNotices } from '../subscriptions/lifecycle';
import { sendWaiting } from '../subscriptions/notifications';
import { finishTransforming } from './jobs';
import { finishPrinterCreations } from './printers';
import { isOpen, type Simulation } from './simulation';

const MINUTE_MS = 60_000;
// Date may jump by days at any moment, so a timer of its own for each event would come too late.
const INTERVAL_MS = 50;

/**
 * Applies what falls due as `Date` passes, many times a second until the simulator closes. Every call applies it first
 * with the returned function, so that no answer shows a world older than `Date`.
 */
export function startPassingTime(simulation: Simulation): () => void {
  const loseHourly = createHourlyLoss(simulation);
  const forgetOld = createForgetOld(simulation);
  const advance = (): void => {
    finishTransforming(simulation);
    finishPrinterCreations(simulation);
    forgetOld();
    loseHourly();
    sendDueNotices(simulation);
    sendWaiting(simulation);
  };
  const timer = setInterval(advance, INTERVAL_MS);
  simulation.closed.addEventListener('abort', () => clearInterval(timer));
  return advance;
}

/**
 * Makes the housekeeping that bounds the memory of a long run, once a minute of `Date`: old jobs leave the listings with
 * their tasks and documents, and so do expired downloads and codes.
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
    for (const codes of [world.deviceCodes, world.authorizationCodes])
      for (const [code, { expiresAt }] of codes)
        // Kept for an hour, so that a late call learns that its code has expired.
        if (expiresAt + 60 * MINUTE_MS <= now) codes.delete(code);
  };
}

function forgetJobs({ world }: Simulation, createdBefore: number): void {
  for (const { printers, pullPrintPrinters, definitions } of world.tenants.values())
    for (const printer of [...printers.values(), ...pullPrintPrinters.values()])
      for (const job of printer.jobs.values()) {
        if (job.createdAt > createdBefore || job.tasks.some(isOpen)) continue;
        printer.jobs.delete(job.id);
        world.transforming.delete(job);
        for (const task of job.tasks) definitions.get(task.definitionId)?.tasks.delete(task.id);
      }
}
