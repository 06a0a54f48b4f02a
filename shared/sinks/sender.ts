import { createLimit } from '../concurrency';
import type { Clock } from '../clock';
import { parseText } from '../parse';
import { parseHttpDate, parseRetryAfter } from '../backoff';
import type { EventText } from './event';
import { LONGEST_WAIT_MS, MOST_CALLS, SHORTEST_WAIT_MS } from './limits';
import type { PostAnswer } from './post';

/** Sends one event to where the vendor receives events. Never rejects. */
export type Sink = (event: EventText) => Promise<PostAnswer>;

/**
 * How a delivery has ended. `failed`: the sink has not accepted the event. `paused`: it was not called, because it failed
 * before. `waitMs`: no call before that time has passed, 0 where nothing says so.
 */
export type Delivery =
  { outcome: 'accepted'; status: number } | { outcome: 'failed' | 'paused'; reason: string; waitMs: number };

/** Delivers events to the sink of this process. */
export type Sender = (event: EventText) => Promise<Delivery>;

/** One event that the sink cannot process must not pause the others. */
const FAILURES_BEFORE_PAUSE = 3;

/**
 * A bounded number of calls to a sink, side by side. After three failures in a row, or a Retry-After of any failure, the
 * sink is not called for a while, so that the events of an outage do not each wait for a time-out.
 */
export function createSender({ sink, clock }: { sink: Sink; clock: Pick<Clock, 'now'> }): Sender {
  const limit = createLimit(MOST_CALLS);
  let failuresInRow = 0;
  let pause = { until: 0, reason: '' };
  return (event) =>
    limit(async () => {
      const waitMs = pause.until - clock.now();
      if (waitMs > 0) return { outcome: 'paused', reason: pause.reason, waitMs };
      const answer = await sink(event);
      if ('status' in answer && answer.status >= 200 && answer.status < 300) {
        failuresInRow = 0;
        return { outcome: 'accepted', status: answer.status };
      }
      failuresInRow += 1;
      const reason = 'status' in answer ? `status ${answer.status}` : answer.noAnswer;
      const askedMs = readRetryAfter(answer, clock.now());
      const pauseMs = Math.max(askedMs, failuresInRow < FAILURES_BEFORE_PAUSE ? 0 : SHORTEST_WAIT_MS);
      const until = clock.now() + pauseMs;
      if (pauseMs > 0 && until > pause.until) pause = { until, reason };
      return { outcome: 'failed', reason, waitMs: askedMs };
    });
}

function readRetryAfter(answer: PostAnswer, now: number): number {
  if (!('status' in answer)) return 0;
  const answeredAt = parseHttpDate(parseText(answer.headers.date)) ?? now;
  return Math.min(LONGEST_WAIT_MS, parseRetryAfter(answer.headers['retry-after'], answeredAt) ?? 0);
}
