import { setTimeout as delay } from 'node:timers/promises';

/** Time as a dependency, so that tests decide what time it is and nothing waits for real. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => delay(ms, undefined, signal ? { signal } : {}),
};

/**
 * How far the clocks of two machines may be apart: ours, Graph's and those of other instances and operators. A time that
 * another machine wrote is compared with ours only with this margin (docs/decisions/0018).
 */
export const CLOCK_SKEW_MS = 15 * 60_000;

/**
 * Milliseconds since `time`, which another machine wrote, and at least 0. Infinity when it is missing, unreadable or further
 * ahead than clocks are apart: a wrong clock must not put off forever what is due after some time.
 */
export function elapsedMs(time: string | undefined, now: number): number {
  const elapsed = now - Date.parse(time ?? '');
  return elapsed >= -CLOCK_SKEW_MS ? Math.max(0, elapsed) : Infinity;
}

/**
 * When a wait ends that another machine wrote, in milliseconds since 1970; undefined when it is over, missing, or longer than
 * `longestMs` and the margin, so that it comes from a wrong clock.
 */
export function waitEnd(time: string | undefined, now: number, longestMs: number): number | undefined {
  const end = Date.parse(time ?? '');
  return end > now && end <= now + longestMs + CLOCK_SKEW_MS ? end : undefined;
}

/**
 * Whether `later` is surely after `earlier` by more than `byMs` milliseconds, where two machines wrote them. Not when one of
 * them is missing, or when `later` is further ahead than clocks are apart.
 */
export function isSurelyAfter(later: string | undefined, earlier: string, now: number, byMs = 0): boolean {
  return elapsedMs(later, now) < Infinity && Date.parse(later ?? '') - Date.parse(earlier) > byMs + CLOCK_SKEW_MS;
}
