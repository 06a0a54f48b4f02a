import type { Clock } from '../clock';
import { createTrace, type RandomBytes } from '../jobs/message';
import type { MessageQueue } from '../storage/queues';
import { formatSubscriptionMessage } from '../subscriptions/message';

export interface SweepAllRequests {
  /** Notes that notifications may have been refused unread. True when this process asks for a sweep because of it. */
  note(): boolean;
  /** Sends what was noted. To be called after an answer. Never rejects: the timer sweeps every ten minutes anyway. */
  send(): Promise<void>;
}

/** Anyone can post a body that is too large. */
const SWEEP_EVERY_MS = 10 * 60_000;

/**
 * Asks for a sweep of all watches through the queue subscription-events, at most once in ten minutes over all processes.
 *
 * @param deps.claim true for one of the processes that ask within `everyMs`; `now` in milliseconds since 1970
 */
export function createSweepAllRequests(deps: {
  queue: MessageQueue;
  claim: (now: number, everyMs: number) => Promise<boolean>;
  clock: Pick<Clock, 'now'>;
  randomBytes: RandomBytes;
}): SweepAllRequests {
  let notedAt = -Infinity;
  let isNoted = false;
  return {
    note() {
      if (deps.clock.now() - notedAt < SWEEP_EVERY_MS) return false;
      notedAt = deps.clock.now();
      isNoted = true;
      return true;
    },
    async send() {
      if (!isNoted) return;
      isNoted = false;
      try {
        if (!(await deps.claim(notedAt, SWEEP_EVERY_MS))) return;
        const traceparent = createTrace(deps.randomBytes).nextTraceparent();
        const receivedAt = new Date(notedAt).toISOString();
        await deps.queue.send(formatSubscriptionMessage({ kind: 'sweepAll', receivedAt, traceparent }));
      } catch {
        // Storage is down. The invocation has ended, so nothing can be logged any more.
      }
    },
  };
}
