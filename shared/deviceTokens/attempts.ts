import { createCache } from '../cache';
import type { Clock } from '../clock';

export interface Refusal {
  /** `tooMany`: so many refusals are being delayed that this one is answered at once with 429. */
  outcome: 'delayed' | 'tooMany';
  /** Refused attempts of this caller in the current minute, this one included. */
  attempts: number;
  /** The same of all callers. */
  total: number;
}

/** Counts refused attempts, and resolves when this one may be answered. Never rejects. */
export type RefuseAttempt = (caller: string) => Promise<Refusal>;

const WINDOW_MS = 60_000;
/** A person who mistypes, or a reader that restarts, is answered at once. */
const FREE_OF_CALLER = 5;
/** Attempts from many addresses are delayed from this number on. */
const FREE_IN_TOTAL = 100;
const FIRST_DELAY_MS = 250;
const MOST_DELAY_MS = 4_000;
/** A delayed answer holds an invocation of the host. */
const MOST_DELAYED = 16;
/** A bound on memory: beyond it the caller that was not seen for longest is forgotten, and the total still counts. */
const MOST_CALLERS = 1_000;

/**
 * Slows callers that guess. The delay of a caller doubles with each refused attempt of a minute. It applies to refused
 * attempts alone, so that no attempt of others delays a device with a valid token.
 */
export function createRefuseAttempt(clock: Clock): RefuseAttempt {
  const counters = createCache<{ attempts: number }>({ most: MOST_CALLERS, keepMs: WINDOW_MS, clock });
  let all = { since: clock.now(), attempts: 0 };
  let delayed = 0;
  const count = (caller: string) => {
    // A counter is stored once, so that its minute begins with the first attempt.
    const counter = counters.get(caller) ?? { attempts: 0 };
    if (counter.attempts === 0) counters.set(caller, counter);
    if (clock.now() - all.since >= WINDOW_MS) all = { since: clock.now(), attempts: 0 };
    return { attempts: (counter.attempts += 1), total: (all.attempts += 1) };
  };
  return async (caller) => {
    const { attempts, total } = count(caller);
    const delayMs = total > FREE_IN_TOTAL ? MOST_DELAY_MS : delayOf(attempts);
    if (delayMs === 0) return { outcome: 'delayed', attempts, total };
    if (delayed >= MOST_DELAYED) return { outcome: 'tooMany', attempts, total };
    delayed += 1;
    try {
      await clock.sleep(delayMs);
    } finally {
      delayed -= 1;
    }
    return { outcome: 'delayed', attempts, total };
  };
}

function delayOf(attempts: number): number {
  const over = attempts - FREE_OF_CALLER;
  return over <= 0 ? 0 : Math.min(MOST_DELAY_MS, FIRST_DELAY_MS * 2 ** (over - 1));
}
