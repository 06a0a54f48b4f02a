import type { Clock } from '../../shared/clock';

/** A clock whose time passes only when all work waits for it: it then moves to the next end of a sleep. */
export interface VirtualTime extends Clock {
  /** Runs everything until `done` is true. @throws when nothing is left that could make it true */
  runUntil(done: () => boolean): Promise<void>;
}

/** @param isBusy whether something outside the clock is in progress, such as a request: no time passes until it has ended */
export function createVirtualTime(start = 0, isBusy: () => boolean = () => false): VirtualTime {
  let now = start;
  const sleeping: { at: number; wake: () => void }[] = [];
  return {
    now: () => now,
    sleep: (ms) => new Promise((wake) => sleeping.push({ at: now + ms, wake })),
    async runUntil(done) {
      for (;;) {
        // What can run without time passing.
        await new Promise(setImmediate);
        if (done()) return;
        if (isBusy()) continue;
        sleeping.sort((a, b) => a.at - b.at);
        const next = sleeping.shift();
        if (!next) throw new Error('Nothing is left to wait for');
        now = Math.max(now, next.at);
        next.wake();
      }
    },
  };
}
