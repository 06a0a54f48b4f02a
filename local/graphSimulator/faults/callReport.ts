import type { CallRecord, Violation } from '../control/controlTypes';
import type { Reply } from '../http/server';

// The caller has to receive and read the 429 before it can delay its other calls.
const NOTICE_MS = 250;
// Bounds the memory of a long run: the list keeps this many calls, the latest.
const REMEMBERED = 200_000;

/** The report of every call, and of those that came before the end of a Retry-After. */
export type CallReport = ReturnType<typeof createCallReport>;

/** Makes an empty report. `waitNow` gives milliseconds of the time by which a caller waits for Retry-After. */
export function createCallReport(clock: { now: () => number; waitNow: () => number }, remembered = REMEMBERED) {
  let records: CallRecord[] = [];
  let violations: Violation[] = [];
  let throttles: CallRecord[] = [];
  let next = 1;
  return {
    start: (call: Omit<CallRecord, 'n' | 'at' | 'startedAt' | 'status'>): CallRecord => {
      const record = { ...call, n: next++, at: clock.now(), startedAt: clock.waitNow(), status: 0 };
      records.push(record);
      if (records.length > remembered) records = records.slice(-remembered / 2);
      return record;
    },
    /** Notes that the answer has left, or that the connection was cut (status 0). */
    finish: (record: CallRecord, reply: Reply): void => {
      const now = clock.waitNow();
      record.answeredAt = now;
      record.status = reply.status;
      const retryAfter = reply.headers?.['retry-after'];
      if (retryAfter !== undefined) record.retryAfterMs = Number(retryAfter) * 1000;
      // A throttled answer is kept for an hour after its Retry-After: no call takes longer to be answered.
      throttles = throttles.filter((throttle) => endOf(throttle) + 3_600_000 > now);
      violations.push(...violationsOf(record, throttles));
      if (record.status >= 400 && retryAfter !== undefined) throttles.push(record);
      // The answers of the parts leave with the batch: before that no caller can know their Retry-After.
      for (const part of throttles) if (part.batch === record.n) part.answeredAt = now;
    },
    list: (): CallRecord[] => records.map((record) => ({ ...record })),
    /** The violations of all calls since `clear`, also of calls that the list has dropped. */
    violations: (): Violation[] => [...violations],
    clear: (): void => {
      records = [];
      violations = [];
      throttles = [];
    },
  };
}

/**
 * The violations of `call` against earlier answers with a Retry-After. A call of the same tenant violates an answer when it
 * has the same method and path and starts before the Retry-After ends. After a 429 any call of the tenant does
 * (concepts/throttling.md). Another call, and the same one once alone and once in a `$batch`, may have been in progress when
 * the answer left: it violates only from 250 ms after the answer on.
 */
function violationsOf(call: CallRecord, throttles: readonly CallRecord[]): Violation[] {
  if (call.target !== 'graph' || call.tenantId === undefined) return [];
  return throttles.flatMap((throttledBy): Violation[] => {
    const { target, tenantId, status, answeredAt = Infinity, batch } = throttledBy;
    if (target !== 'graph' || tenantId !== call.tenantId) return [];
    const same = isSameCall(call, throttledBy);
    // The Retry-After of a 503 concerns the same call only (RFC 9110).
    if (!same && status !== 429) return [];
    const isRepeat = same && (batch === undefined) === (call.batch === undefined);
    const violatesFrom = answeredAt + (isRepeat ? 0 : NOTICE_MS);
    if (call.startedAt <= violatesFrom || call.startedAt >= endOf(throttledBy)) return [];
    return [{ kind: same ? 'repeatedTooEarly' : 'startedWhileThrottled', call, throttledBy }];
  });
}

/** When its Retry-After ends. */
function endOf({ answeredAt = 0, retryAfterMs = 0 }: CallRecord): number {
  return answeredAt + retryAfterMs;
}

/** Creates share one path, so a POST is the same call only with the same body. */
function isSameCall(a: CallRecord, b: CallRecord): boolean {
  return a.method === b.method && a.path === b.path && (a.method !== 'POST' || a.bodyDigest === b.bodyDigest);
}
