import type { CallRecord, Violation } from '../control/controlTypes';
import type { Reply } from '../http/server';
import type { SocketLooks } from './socketLooks';

// The caller has to receive and read the 429 before it can delay its other calls.
const NOTICE_MS = 250;
// Bounds the memory of a long run: the list keeps this many calls, the latest.
const REMEMBERED = 200_000;
// A caller may look with one call whether a Retry-After of hours still holds.
const LOOK_AFTER_MS = 15 * 60_000;

/** An answer that asked to wait, and when that wait ends. */
interface Throttled {
  by: CallRecord;
  endsAt: () => number;
}

/** The report of every call, and of those that came before the end of a Retry-After. */
export type CallReport = ReturnType<typeof createCallReport>;

export interface ReportClock {
  now: () => number;
  /** The time by which a caller waits for Retry-After, in milliseconds. */
  waitNow: () => number;
  /** By the same time. */
  looks: Pick<SocketLooks, 'sentBy' | 'note'>;
}

/** Makes an empty report. */
export function createCallReport(clock: ReportClock, remembered = REMEMBERED) {
  let records: CallRecord[] = [];
  let violations: Violation[] = [];
  let looks: Violation[] = [];
  let throttles: Throttled[] = [];
  let next = 1;
  return {
    start: (call: Omit<CallRecord, 'n' | 'at' | 'startedAt' | 'sentBy' | 'status'>): CallRecord => {
      // The parts of a batch were sent with it.
      const batch = call.batch === undefined ? undefined : records.findLast(({ n }) => n === call.batch);
      const sentBy = batch?.sentBy ?? clock.looks.sentBy();
      const record = { ...call, n: next++, at: clock.now(), startedAt: clock.waitNow(), sentBy, status: 0 };
      records.push(record);
      if (records.length > remembered) records = records.slice(-remembered / 2);
      return record;
    },
    /** Notes that the answer has left, or that the connection was cut (status 0). */
    finish: (record: CallRecord, reply: Reply): void => {
      const now = clock.waitNow();
      clock.looks.note();
      record.answeredAt = now;
      record.status = reply.status;
      const retryAfter = reply.headers?.['retry-after'];
      if (retryAfter !== undefined) record.retryAfterMs = Number(retryAfter) * 1000;
      // A throttled answer is kept for an hour after its Retry-After: no call takes longer to be answered.
      throttles = throttles.filter(({ endsAt }) => endsAt() + 3_600_000 > now);
      const found = violationsOf(record, throttles);
      const [first] = found;
      if (first && isLook(found, looks)) {
        looks.push({ ...first, kind: 'look' });
        // Answered like any other call: what is sent from now on need not wait.
        if (record.status > 0 && record.status < 500 && retryAfter === undefined && record.status !== 429) {
          throttles = throttles.map((one) =>
            one.by.tenantId === record.tenantId ? { ...one, endsAt: () => Math.min(one.endsAt(), now) } : one,
          );
        }
      } else violations.push(...found);
      if (record.status >= 400 && retryAfter !== undefined) {
        throttles.push({ by: record, endsAt: () => (record.answeredAt ?? 0) + (record.retryAfterMs ?? 0) });
      }
      // The answers of the parts leave with the batch: before that no caller can know their Retry-After.
      for (const { by } of throttles) if (by.batch === record.n) by.answeredAt = now;
    },
    list: (): CallRecord[] => records.map((record) => ({ ...record })),
    /** The calls whose `n` is higher, up to the first that has no answer yet and came after `since`, in milliseconds of `Date`. */
    answeredAfter: (n: number, since: number): CallRecord[] => {
      if (next - 1 <= n) return [];
      const later = records.slice(records.findLastIndex((one) => one.n <= n) + 1);
      const open = later.findIndex(({ answeredAt, at }) => answeredAt === undefined && at > since);
      return later.slice(0, open < 0 ? later.length : open).map((record) => ({ ...record }));
    },
    /** The violations of all calls since `clear`, also of calls that the list has dropped. */
    violations: (): Violation[] => [...violations],
    /** The looks of all calls since `clear`. */
    looks: (): Violation[] => [...looks],
    clear: (): void => {
      records = [];
      violations = [];
      looks = [];
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
function violationsOf(call: CallRecord, throttles: readonly Throttled[]): Violation[] {
  if (call.target !== 'graph' || call.tenantId === undefined) return [];
  return throttles.flatMap(({ by: throttledBy, endsAt }): Violation[] => {
    const { target, tenantId, status, answeredAt = Infinity, batch } = throttledBy;
    if (target !== 'graph' || tenantId !== call.tenantId) return [];
    const same = isSameCall(call, throttledBy);
    // The Retry-After of a 503 concerns the same call only (RFC 9110).
    if (!same && status !== 429) return [];
    const isRepeat = same && (batch === undefined) === (call.batch === undefined);
    const violatesFrom = answeredAt + (isRepeat ? 0 : NOTICE_MS);
    if (call.sentBy <= violatesFrom || call.startedAt >= endsAt()) return [];
    return [{ kind: same ? 'repeatedTooEarly' : 'startedWhileThrottled', call, throttledBy }];
  });
}

/**
 * Whether a call, no part of a batch, started 15 minutes or more after each answer that it did not wait for, and after the
 * last look of its tenant.
 */
function isLook(found: readonly Violation[], looks: readonly Violation[]): boolean {
  return found.every(({ call, throttledBy: { answeredAt = 0 } }) => {
    const lastLook = looks.findLast((look) => look.call.tenantId === call.tenantId)?.call.startedAt ?? -Infinity;
    return call.batch === undefined && call.startedAt >= Math.max(answeredAt, lastLook) + LOOK_AFTER_MS;
  });
}

/** Creates share one path, so a POST is the same call only with the same body. */
function isSameCall(a: CallRecord, b: CallRecord): boolean {
  return a.method === b.method && a.path === b.path && (a.method !== 'POST' || a.bodyDigest === b.bodyDigest);
}
