import type { Clock } from '../clock';

/**
 * How long a run of the timer starts something new. The host ends it after `functionTimeout` (10 minutes, host.json) with
 * everything in flight; a call that has just begun may take 45 s with its tries, and what it shows has yet to be queued.
 */
export const SWEEP_RUN_MS = 8 * 60_000;

/** The time that the sweeps of one run share. */
export interface SweepTime {
  /** When the run began, in milliseconds since 1970. */
  startedAt: number;
  /** Nothing new may be asked of Graph. */
  isUp(): boolean;
  /** Milliseconds over which one tenant may spread what it asks. */
  spreadMs(): number;
}

/**
 * @param runMs Infinity where no host ends the run
 * @param rounds how often the tenants that have not ended yet, as many as are swept side by side, fill their places
 */
export function createSweepTime(
  clock: Pick<Clock, 'now'>,
  { runMs, rounds }: { runMs: number; rounds: () => number },
): SweepTime {
  const startedAt = clock.now();
  const leftMs = () => startedAt + runMs - clock.now();
  return {
    startedAt,
    isUp: () => leftMs() <= 0,
    // The other half is for the calls themselves.
    spreadMs: () => Math.max(0, leftMs()) / 2 / Math.max(1, rounds()),
  };
}
