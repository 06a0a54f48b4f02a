import type { CallRecord, Violation } from './controlTypes';

// The caller has to receive and read the 429 before it can hold back its other calls.
const NOTICE_MS = 250;
// Bounds the memory of a long run: the list keeps this many calls, the latest.
const REMEMBERED = 200_000;

/** Remembers every call, and finds those that came too early. */
export interface CallReport {
  start: (call: Omit<CallRecord, 'n' | 'at' | 'startedAt' | 'status'>) => CallRecord;
  /** Notes that the answer has left, or with status 0 that there was none. */
  finish: (record: CallRecord, status: number, retryAfterMs?: number) => void;
  list: () => CallRecord[];
  /** What violationsOf sees, of all calls since `clear`, also of those that the list has forgotten. */
  violations: () => Violation[];
  clear: () => void;
}

/** The time by which a caller waits for Retry-After: the real one, or that of `Date`, which a preload may shift. */
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
    finish: (record, status, retryAfterMs) => {
      record.answeredAt = clock.realNow();
      record.status = status;
      if (retryAfterMs !== undefined) record.retryAfterMs = retryAfterMs;
      // A call that such an answer forbade started after it, so every one of them is known by now. One is forgotten an
      // hour after its end: no answer takes longer.
      const by = passing();
      const now = by === 'real' ? clock.realNow() : clock.now();
      throttles = throttles.filter((throttle) => (endOf(throttle, by) ?? 0) + 3_600_000 > now);
      violations.push(...violationsOf(record, throttles, by));
      if (status >= 400 && retryAfterMs !== undefined) throttles.push(record);
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
 * What `call` did too early, by those of `answers` that told to wait: the same method and path of the tenant before the
 * Retry-After of its own answer ended, and any call of the tenant that began more than 250 ms after a 429 and before its
 * Retry-After ended.
 */
export function violationsOf(
  call: CallRecord,
  answers: readonly CallRecord[],
  passing: PassingTime,
): Violation[] {
  if (call.target !== 'graph' || call.tenantId === undefined) return [];
  const startedAt = passing === 'real' ? call.startedAt : call.at;
  return answers.flatMap((throttledBy): Violation[] => {
    const answeredAt = answerTime(throttledBy, passing);
    const end = endOf(throttledBy, passing);
    if (throttledBy.target !== 'graph' || throttledBy.tenantId !== call.tenantId) return [];
    if (throttledBy.status < 400 || answeredAt === undefined || end === undefined) return [];
    if (startedAt <= answeredAt || startedAt >= end) return [];
    const same = isSameCall(call, throttledBy);
    // A 503 speaks of its own call alone (RFC 9110, Retry-After).
    if (!same && (throttledBy.status !== 429 || startedAt <= answeredAt + NOTICE_MS)) return [];
    const kind = same ? 'repeatedTooEarly' : 'startedWhileThrottled';
    return [{ kind, call, throttledBy, earlyByMs: end - startedAt }];
  });
}

function answerTime({ at, startedAt, answeredAt }: CallRecord, passing: PassingTime): number | undefined {
  if (answeredAt === undefined) return undefined;
  return passing === 'real' ? answeredAt : at + (answeredAt - startedAt);
}

/** When its Retry-After ends. */
function endOf(record: CallRecord, passing: PassingTime): number | undefined {
  const answeredAt = answerTime(record, passing);
  return answeredAt === undefined || record.retryAfterMs === undefined
    ? undefined
    : answeredAt + record.retryAfterMs;
}

/** Creates share one path, so a POST is the same call only with the same body. */
function isSameCall(a: CallRecord, b: CallRecord): boolean {
  return a.method === b.method && a.path === b.path && (a.method !== 'POST' || a.bodyDigest === b.bodyDigest);
}
