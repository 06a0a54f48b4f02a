import type { Clock } from '../../shared/clock';

/** A clock that stands still until a test moves it; its sleeps take no time and move it. */
export function createFakeClock(start = Date.UTC(2026, 10, 22)): Clock & { advance(ms: number): void } {
  let time = start;
  return {
    now: () => time,
    sleep: (ms) => {
      time += ms;
      return Promise.resolve();
    },
    advance: (ms) => {
      time += ms;
    },
  };
}
