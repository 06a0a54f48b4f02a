import type { CallRecord, Violation } from './controlTypes';

// The caller has to receive and read the 429 before it can hold back its other calls.
const NOTICE_MS = 250;

/** Remembers every call, with real times, and finds those that came too early. */
export interface CallReport {
  start: (call: Omit<CallRecord, 'n' | 'at' | 'startedAt' | 'status'>) => CallRecord;
  /** Notes that the answer has left, or with status 0 that there was none. */
  finish: (record: CallRecord, status: number, retryAfterMs?: number) => void;
  list: () => CallRecord[];
  clear: () => void;
}

/** Makes an empty report. `realNow` must not follow a shifted `Date`: Retry-After passes in real time. */
export function createCallReport(clock: { now: () => number; realNow: () => number }): CallReport {
  let records: CallRecord[] = [];
  let next = 1;
  return {
    start: (call) => {
      const record = { ...call, n: next++, at: clock.now(), startedAt: clock.realNow(), status: 0 };
      records.push(record);
      return record;
    },
    finish: (record, status, retryAfterMs) => {
      record.answeredAt = clock.realNow();
      record.status = status;
      if (retryAfterMs !== undefined) record.retryAfterMs = retryAfterMs;
    },
    list: () => records.map((record) => ({ ...record })),
    clear: () => {
      records = [];
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
