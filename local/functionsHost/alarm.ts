/** Calls back when `Date` reaches a moment. */
export interface Alarm {
  /** A time in the past (epoch milliseconds) calls back at the next check. Returns a function that cancels. */
  at(epochMs: number, callback: () => void): () => void;
  stop(): void;
}

/** A preloaded shim may move `Date` by days at once. A long setTimeout would not notice that. */
const CHECK_EVERY_MS = 200;

/** An alarm on the clock `now` (epoch milliseconds). It does not keep the process alive. */
export function createAlarm(now: () => number): Alarm {
  const pending = new Map<object, { epochMs: number; callback: () => void }>();
  const interval = setInterval(() => {
    const time = now();
    for (const [key, { epochMs, callback }] of [...pending]) {
      if (time >= epochMs && pending.delete(key)) callback();
    }
  }, CHECK_EVERY_MS);
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
