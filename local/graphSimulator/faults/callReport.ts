import type { CallRecord, Violation } from '../control/controlTypes';
import type { Reply } from '../http/server';

// The caller has to receive and read the 429 before it can delay its other calls.
const NOTICE_MS = 250;
// Bounds the memory of a long run: the list keeps this many calls, the latest.
const REMEMBERED = 200_000;

/** Records every call, and finds those that came before the end of a Retry-After. */
export interface CallReport {
  start: (call: Omit<CallRecord, 'n' | 'at' | 'startedAt' | 'status'>) => CallRecord;
  /** Notes that the answer has left, or that the connection was cut (status 0). */
  finish: (record: CallRecord, reply: Reply | 'reset') => void;
  list: () => CallRecord[];
  /** The violations of all calls since `clear`, also of calls that the list has dropped. */
  violations: () => Violation[];
  clear: () => void;
}

/** The time by which a caller waits for Retry-After: real time, or `Date`, which a preload may shift. */
export type PassingTime = 'real' | 'date';

/** Makes an empty report. `realNow` must not follow a shifted `Date`. */
export function createCallReport(
  clock: { now: () => number; realNow: () => number },
  passing: () => PassingTime,
  remembered = REMEMBERED,
): CallReport {
  let records: CallRecord[] = [];
  let violations: Violation[] = [];
  let throttles: CallRecord[] = [];
  let next = 1;
  return {
    start: (call) => {
      const record = { ...call, n: next++, at: clock.now(), startedAt: clock.realNow(), status: 0 };
      records.push(record);
      if (records.length > remembered) records = records.slice(-remembered / 2);
      return record;
    },
    finish: (record, reply) => {
      record.answeredAt = clock.realNow();
      record.status = reply === 'reset' ? 0 : reply.status;
      const retryAfter = reply === 'reset' ? undefined : reply.headers?.['retry-after'];
      if (retryAfter !== undefined) record.retryAfterMs = Number(retryAfter) * 1000;
      // A throttled answer is kept for an hour after its Retry-After: no call takes longer to be answered.
      const by = passing();
      const now = by === 'real' ? clock.realNow() : clock.now();
      throttles = throttles.filter((throttle) => (endOf(throttle, by) ?? 0) + 3_600_000 > now);
      violations.push(...violationsOf(record, throttles, by));
      if (record.status >= 400 && retryAfter !== undefined) throttles.push(record);
    },
    list: () => records.map((record) => ({ ...record })),
    violations: () => [...violations],
    clear: () => {
      records = [];
      violations = [];
      throttles = [];
    },
  };
}

/**
 * The violations of `call` against earlier `answers` with a Retry-After. A call of the same tenant violates an answer when
 * it has the same method and path and starts before the Retry-After ends. After a 429 any call of the tenant does, when
 * it starts more than 250 ms after the answer (concepts/throttling.md).
 */
export function violationsOf(call: CallRecord, answers: readonly CallRecord[], passing: PassingTime): Violation[] {
  if (call.target !== 'graph' || call.tenantId === undefined) return [];
  const startedAt = passing === 'real' ? call.startedAt : call.at;
  return answers.flatMap((throttledBy): Violation[] => {
    const answeredAt = answerTime(throttledBy, passing);
    const end = endOf(throttledBy, passing);
    if (throttledBy.target !== 'graph' || throttledBy.tenantId !== call.tenantId) return [];
    if (throttledBy.status < 400 || answeredAt === undefined || end === undefined) return [];
    if (startedAt <= answeredAt || startedAt >= end) return [];
    const same = isSameCall(call, throttledBy);
    // The Retry-After of a 503 concerns the same call only (RFC 9110).
    if (!same && (throttledBy.status !== 429 || startedAt <= answeredAt + NOTICE_MS)) return [];
    const kind = same ? 'repeatedTooEarly' : 'startedWhileThrottled';
    return [{ kind, call, throttledBy }];
  });
}

function answerTime({ at, startedAt, answeredAt }: CallRecord, passing: PassingTime): number | undefined {
  if (answeredAt === undefined) return undefined;
  return passing === 'real' ? answeredAt : at + (answeredAt - startedAt);
}

/** When its Retry-After ends. */
function endOf(record: CallRecord, passing: PassingTime): number | undefined {
  const answeredAt = answerTime(record, passing);
  return answeredAt === undefined || record.retryAfterMs === undefined ? undefined : answeredAt + record.retryAfterMs;
}

/** Creates share one path, so a POST is the same call only with the same body. */
function isSameCall(a: CallRecord, b: CallRecord): boolean {
  return a.method === b.method && a.path === b.path && (a.method !== 'POST' || a.bodyDigest === b.bodyDigest);
}
