/** Runs work, at most so much at a time; the rest waits its turn. Resolves and rejects as the work does. */
export type Limit = <T>(work: () => Promise<T>) => Promise<T>;

/** A limit of `most` at a time, in the order of the calls. */
export function createLimit(most: number): Limit {
  const waiting: (() => void)[] = [];
  let free = most;
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      // The place is handed on, so nobody who comes just now can take it first.
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
