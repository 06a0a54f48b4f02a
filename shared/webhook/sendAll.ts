import { setMaxListeners } from 'node:events';
import { untilAborted } from '../concurrency';

/** Enough for any batch of Graph's; a longer one must not take every socket of the process from the other tenants. */
export const SENDS_AT_ONCE = 128;

export interface SendResult {
  /** How many sends have succeeded so far. */
  stored: number;
  /** Why the first of the others has not. */
  failure?: unknown;
}

/** Runs all sends side by side, each whatever becomes of the others, until the signal ends the waiting. Never rejects. */
export async function sendAll(
  sends: readonly (() => Promise<void>)[],
  signal: AbortSignal,
): Promise<SendResult> {
  // Each send listens to the signal, and Node warns of a leak from the eleventh listener on.
  setMaxListeners(0, signal);
  const result: SendResult = { stored: 0 };
  const waiting = sends.values();
  const lane = async () => {
    for (const send of waiting) {
      if (signal.aborted) return;
      try {
        await send();
        result.stored += 1;
      } catch (error) {
        result.failure ??= error;
      }
    }
  };
  const lanes = Array.from({ length: Math.min(sends.length, SENDS_AT_ONCE) }, lane);
  try {
    await untilAborted(signal, Promise.all(lanes));
  } catch (reason) {
    result.failure ??= reason;
  }
  // A copy: sends that nobody waits for any more may still end.
  return { ...result };
}
