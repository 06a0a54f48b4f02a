/** Counts work in progress, so that a stop can wait for it and a test can see when nothing runs. */
export type Activity = ReturnType<typeof createActivity>;

/** An activity without work. `idle` resolves when nothing is in progress. */
export function createActivity() {
  const inProgress = new Set<Promise<unknown>>();
  return {
    running: () => inProgress.size,
    track<T>(work: Promise<T>): Promise<T> {
      inProgress.add(work);
      const done = () => void inProgress.delete(work);
      work.then(done, done);
      return work;
    },
    async idle() {
      while (inProgress.size > 0) await Promise.allSettled(inProgress);
    },
  };
}
