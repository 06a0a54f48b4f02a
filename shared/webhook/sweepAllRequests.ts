import type { Clock } from '../clock';
import { createTrace, type RandomBytes } from '../jobs/message';
import type { MessageQueue } from '../storage/queues';
import { formatSubscriptionMessage } from '../subscriptions/message';
import type { FromGraph } from './verify';

export interface SweepAllRequests {
  /** Notes that notifications may have been refused unread. True when this process asks for a sweep because of it. */
  note(): boolean;
  /**
   * Counts an answer to Graph that took `ms`. Notes that notifications may be dropped when more than a tenth of the answers of
   * this process in ten minutes took longer than Graph waits. Answers to others do not count, or many of them would hide slow
   * ones. A body that was not read in time may be Graph's: it counts where its answer was slow.
   */
  answered(ms: number, fromGraph: FromGraph): void;
  /** Sends what was noted. To be called after an answer. Never rejects: the timer sweeps every ten minutes anyway. */
  send(): Promise<void>;
}

/** Anyone can post a body that is too large. */
const SWEEP_EVERY_MS = 10 * 60_000;

/**
 * Graph delays the notifications of an endpoint of which more than a tenth of the answers of ten minutes take longer than 3 s,
 * and drops them when more than 15 % take longer than 10 s (concepts/change-notifications-delivery-webhooks.md). The rest of
 * the 3 s is for the way back.
 */
const SLOW_MS = 2_900;
const SLOW_WINDOW_MS = 10 * 60_000;
const SLOW_SHARE = 0.1;

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
  let answers = { since: -Infinity, all: 0, slow: 0 };
  const note = () => {
    if (deps.clock.now() - notedAt < SWEEP_EVERY_MS) return false;
    notedAt = deps.clock.now();
    isNoted = true;
    return true;
  };
  return {
    note,
    answered(ms, fromGraph) {
      const isSlow = ms > SLOW_MS;
      if (fromGraph === false || (fromGraph === 'unknown' && !isSlow)) return;
      const now = deps.clock.now();
      if (now - answers.since >= SLOW_WINDOW_MS) answers = { since: now, all: 0, slow: 0 };
      answers.all += 1;
      if (!isSlow) return;
      answers.slow += 1;
      if (answers.slow > answers.all * SLOW_SHARE) note();
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
