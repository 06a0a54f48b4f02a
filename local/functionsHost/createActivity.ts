/** Counts what is under way, so that a stop can wait for it and a test can see when nothing runs. */
export interface Activity {
  running(): number;
  track<T>(work: Promise<T>): Promise<T>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

export function createActivity(): Activity {
  const underWay = new Set<Promise<unknown>>();
  return {
    running: () => underWay.size,
    track(work) {
      underWay.add(work);
      const done = () => void underWay.delete(work);
      work.then(done, done);
      return work;
    },
    async idle() {
      while (underWay.size > 0) await Promise.allSettled(underWay);
    },
  };
}
