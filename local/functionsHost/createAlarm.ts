/** Calls back when `Date` has reached a moment. */
export interface Alarm {
  /** `epochMs` in the past calls back on the next look. Returns a way to cancel. */
  at(epochMs: number, callback: () => void): () => void;
  stop(): void;
}

/**
 * How often the clock is looked at. A preloaded shim may move `Date` by days at once, which no long setTimeout would
 * notice.
 */
const LOOK_EVERY_MS = 200;

/** An alarm on `now` (epoch milliseconds); its one interval does not keep the process alive. */
export function createAlarm(now: () => number): Alarm {
  const pending = new Map<object, { epochMs: number; callback: () => void }>();
  const interval = setInterval(() => {
    const time = now();
    for (const [key, { epochMs, callback }] of [...pending]) {
      if (time < epochMs || !pending.delete(key)) continue;
      callback();
    }
  }, LOOK_EVERY_MS);
  interval.unref();
  return {
    at(epochMs, callback) {
      const key = {};
      pending.set(key, { epochMs, callback });
      return () => void pending.delete(key);
    },
    stop() {
      clearInterval(interval);
      pending.clear();
    },
  };
}
