import { settleJobs } from './jobLifecycle';
import type { Simulation } from './simulation';

// Date may jump by days at any moment, so a long wait is cut into looks.
const LOOK_MS = 200;

/** Looks at the jobs whose time is coming, as long as there are any. */
export function createJobClock(simulation: Simulation): { look: () => void; stop: () => void } {
  let timer: NodeJS.Timeout | undefined;

  const look = () => {
    clearTimeout(timer);
    timer = undefined;
    if (simulation.closed.aborted) return;
    settleJobs(simulation);
    const times = [...simulation.world.transforming].map((job) => job.fetchableAt ?? 0);
    if (times.length === 0) return;
    const wait = Math.max(1, Math.min(...times) - simulation.now());
    timer = setTimeout(look, Math.min(wait, LOOK_MS));
  };

  return {
    look,
    stop: () => {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
