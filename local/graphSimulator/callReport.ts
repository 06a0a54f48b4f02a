import type { CallRecord, Violation } from './controlTypes';

// The caller has to receive and read the 429 before it can hold back its other calls.
const NOTICE_MS = 250;
// Bounds the memory of a long run: the list keeps this many calls, the latest.
const REMEMBERED = 200_000;

/** Remembers every call, with real times, and finds those that came too early. */
export interface CallReport {
  start: (call: Omit<CallRecord, 'n' | 'at' | 'startedAt' | 'status'>) => CallRecord;
  /** Notes that the answer has left, or with status 0 that there was none. */
  finish: (record: CallRecord, status: number, retryAfterMs?: number) => void;
  list: () => CallRecord[];
  /** What findViolations sees, of all calls since `clear`, also of those that the list has forgotten. */
  violations: () => Violation[];
  clear: () => void;
}

/** Makes an empty report. `realNow` must not follow a shifted `Date`: Retry-After passes in real time. */
export function createCallReport(
  clock: { now: () => number; realNow: () => number },
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
      // A call that a 429 forbade started after it was answered, so every such 429 is known by now. One is forgotten an
      // hour after its end: no answer takes longer.
      const now = clock.realNow();
      throttles = throttles.filter(
        ({ answeredAt = 0, retryAfterMs: waitMs = 0 }) => answeredAt + waitMs + 3_600_000 > now,
      );
      const found = findViolations([...throttles, record]).filter(({ call }) => call === record);
      violations.push(...found);
      if (status === 429 && retryAfterMs !== undefined) throttles.push(record);
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
 * Calls to Graph that a 429 forbade: the same method and path of the tenant before its own Retry-After ended, and any
 * call of the tenant that began more than 250 ms after a 429 had been answered and before its Retry-After ended.
 */
export function findViolations(records: readonly CallRecord[]): Violation[] {
  const graph = records.filter(({ target, tenantId }) => target === 'graph' && tenantId !== undefined);
  const violations: Violation[] = [];
  for (const throttledBy of graph) {
    const { answeredAt, retryAfterMs } = throttledBy;
    if (throttledBy.status !== 429 || answeredAt === undefined || retryAfterMs === undefined) continue;
    const end = answeredAt + retryAfterMs;
    for (const call of graph) {
      if (call.tenantId !== throttledBy.tenantId || call.startedAt <= answeredAt || call.startedAt >= end)
        continue;
      const same = isSameCall(call, throttledBy);
      if (!same && call.startedAt <= answeredAt + NOTICE_MS) continue;
      violations.push({
        kind: same ? 'repeatedTooEarly' : 'startedWhileThrottled',
        call,
        throttledBy,
        earlyByMs: end - call.startedAt,
      });
    }
  }
  return violations;
}

/** Creates share one path, so a POST is the same call only with the same body. */
function isSameCall(a: CallRecord, b: CallRecord): boolean {
  return a.method === b.method && a.path === b.path && (a.method !== 'POST' || a.bodyDigest === b.bodyDigest);
}
