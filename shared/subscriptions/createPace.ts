import type { Clock } from '../clock';

/** Resolves when so many more writes may start. */
export type Pace = (writes: number) => Promise<void>;

/**
 * Holds writes to at most `most` in any `windowMs` milliseconds, in the order of the calls. One call of more than `most`
 * waits until nothing else is in the window.
 */
export function createPace(clock: Clock, { most, windowMs }: { most: number; windowMs: number }): Pace {
  const started: { at: number; writes: number }[] = [];
  let turn = Promise.resolve();
  const wait = async (writes: number) => {
    for (;;) {
      const now = clock.now();
      while (started[0] !== undefined && now - started[0].at >= windowMs) started.shift();
      const [oldest] = started;
      const total = started.reduce((sum, one) => sum + one.writes, writes);
      if (oldest === undefined || total <= most) break;
      await clock.sleep(oldest.at + windowMs - now);
    }
    started.push({ at: clock.now(), writes });
  };
  return (writes) => (turn = turn.then(() => wait(writes)));
}
