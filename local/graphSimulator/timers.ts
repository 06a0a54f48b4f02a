/** Timers that can all be ended at once, so that nothing outlives its owner. */
interface Timers {
  /** Runs the action once after so many milliseconds of real time. */
  later: (ms: number, action: () => void) => void;
  clear: () => void;
}

/** Makes an empty set of timers. */
export function createTimers(): Timers {
  const running = new Set<NodeJS.Timeout>();
  return {
    later: (ms, action) => {
      const timer = setTimeout(() => {
        running.delete(timer);
        action();
      }, ms);
      running.add(timer);
    },
    clear: () => {
      for (const timer of running) clearTimeout(timer);
      running.clear();
    },
  };
}
