/** Lets callers wait until nothing is left to do. */
interface IdleWatch {
  /** To be called whenever something was finished. */
  look: () => void;
  /** Resolves true once nothing is pending, false after limitMs. */
  whenIdle: (limitMs: number) => Promise<boolean>;
}

/** Makes a watch over a count of pending work. */
export function createIdleWatch(pending: () => number): IdleWatch {
  const waiting = new Set<() => void>();
  return {
    look: () => {
      if (pending() === 0) for (const resolve of waiting) resolve();
    },
    whenIdle: (limitMs) =>
      new Promise((resolve) => {
        if (pending() === 0) {
          resolve(true);
          return;
        }
        const end = (idle: boolean) => {
          clearTimeout(limit);
          waiting.delete(onIdle);
          resolve(idle);
        };
        const onIdle = () => {
          end(true);
        };
        const limit = setTimeout(() => {
          end(false);
        }, limitMs);
        waiting.add(onIdle);
      }),
  };
}
