import type { AdvanceWorld } from './advanceWorld';
import { sendsNotices } from './lifecycleNotices';
import type { Simulation } from './simulation';

// Date may jump by days at any moment, so a long wait is cut into looks.
const LOOK_MS = 200;
// What falls due without anybody asking Graph may be a second late.
const SLOW_LOOK_MS = 1_000;

/** Looks at what is going to fall due, as long as there is anything. */
export function createJobClock(
  simulation: Simulation,
  advance: AdvanceWorld,
): { look: () => void; stop: () => void } {
  let timer: NodeJS.Timeout | undefined;

  const nextLookMs = (): number | undefined => {
    const times = [...simulation.world.transforming].map((job) => job.fetchableAt ?? 0);
    if (times.length > 0) return Math.min(Math.max(1, Math.min(...times) - simulation.now()), LOOK_MS);
    const { subscriptions, held } = simulation.world;
    const waiting = held.length > 0 || (sendsNotices(simulation) && subscriptions.size > 0);
    return waiting ? SLOW_LOOK_MS : undefined;
  };
  const look = () => {
    clearTimeout(timer);
    timer = undefined;
    if (simulation.closed.aborted) return;
    advance();
    const wait = nextLookMs();
    if (wait !== undefined) timer = setTimeout(look, wait);
  };

  return {
    look,
    stop: () => {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
