/** How often and when this process last brought a job event back. */
export interface Brought {
  times: number;
  /** Milliseconds since 1970. */
  at: number;
}

/**
 * Remembers what the sweep has put on the queue. The sweep never writes the ledger, and a row that the worker has not
 * reached says nothing of the message that waits for it: without this, each run would add one more. A process that has
 * just started knows nothing and may bring a job twice, which the claim settles.
 */
export interface SweepMemory {
  get(name: string): Brought | undefined;
  /** Notes that `name` was put on the queue at `now`. */
  note(name: string, now: number): void;
}

/** Longer than the longest spacing; what was last brought before it is no longer open. */
const FORGET_AFTER_MS = 3 * 60 * 60_000;
/** A bound on memory, far above the open jobs of one deployment. */
const MOST_REMEMBERED = 50_000;

export function createSweepMemory(most = MOST_REMEMBERED): SweepMemory {
  const brought = new Map<string, Brought>();
  return {
    get: (name) => brought.get(name),
    note(name, now) {
      const times = (brought.get(name)?.times ?? 0) + 1;
      // Put last: the map then runs from the oldest to the newest.
      brought.delete(name);
      brought.set(name, { times, at: now });
      for (const [oldest, { at }] of brought) {
        if (brought.size <= most && now - at < FORGET_AFTER_MS) return;
        brought.delete(oldest);
      }
    },
  };
}
