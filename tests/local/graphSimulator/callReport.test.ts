import { createCallReport, type ReportClock } from '../../../local/graphSimulator/faults/callReport';
import type { CallRecord } from '../../../local/graphSimulator/control/controlTypes';
import { startHarness, tenantA } from './harness';

/** One call to report: when it started and was answered, with which status and Retry-After in seconds. */
interface Call extends Partial<CallRecord> {
  startedAt: number;
  answeredAt?: number;
  status?: number;
  retryAfter?: number;
}

/** A simulator that meets each call when it is sent, unless it says otherwise. */
const reportClock = (waitNow: () => number, sentBy = waitNow): ReportClock => ({
  now: () => 0,
  waitNow,
  looks: { sentBy, note: () => undefined },
});

/** Reports the calls and gives the kinds of violations. */
function judge(calls: Call[], remembered?: number) {
  const clock = { waitNow: 0 };
  const report = createCallReport(
    reportClock(() => clock.waitNow),
    remembered,
  );
  for (const { startedAt, answeredAt = startedAt, status = 200, retryAfter, ...changes } of calls) {
    clock.waitNow = startedAt;
    const same = { target: 'graph' as const, method: 'GET', path: '/a', route: '/a', tenantId: 't' };
    const record = report.start({ ...same, ...changes });
    clock.waitNow = answeredAt;
    report.finish(record, { status, headers: retryAfter === undefined ? {} : { 'retry-after': `${retryAfter}` } });
  }
  return { report, kinds: report.violations().map(({ kind }) => kind) };
}
const throttled: Call = { status: 429, startedAt: 0, answeredAt: 1000, retryAfter: 60 };

describe('violations of Retry-After (concepts/throttling.md)', () => {
  it.each<[string, Call, string[]]>([
    ['the same call before the end', { startedAt: 60_999 }, ['repeatedTooEarly']],
    ['the same call at once', { startedAt: 1001 }, ['repeatedTooEarly']],
    ['the same call after the end', { startedAt: 61_000 }, []],
    ['the same call that was already in progress', { startedAt: 999 }, []],
    ['another call within 250 ms', { startedAt: 1250, path: '/b' }, []],
    ['another call after 250 ms', { startedAt: 1251, path: '/b' }, ['startedWhileThrottled']],
    ['another method', { startedAt: 1251, method: 'PATCH' }, ['startedWhileThrottled']],
    ['another call after the end', { startedAt: 61_000, path: '/b' }, []],
    ['a POST of another body within 250 ms', { startedAt: 1200, method: 'POST', bodyDigest: 'b' }, []],
    ['a call of another tenant', { startedAt: 5000, tenantId: 'other' }, []],
    ['the same call as part of a batch within 250 ms', { startedAt: 1250, batch: 9 }, []],
    ['the same call as part of a batch after 250 ms', { startedAt: 1251, batch: 9 }, ['repeatedTooEarly']],
    ['a call of the sign-in service', { startedAt: 5000, target: 'token' }, []],
  ])('judge %s', (_name, call, kinds) => {
    expect(judge([throttled, call]).kinds).toEqual(kinds);
  });

  describe('of hours', () => {
    const MINUTE = 60_000;
    const hours: Call = { status: 429, startedAt: 0, retryAfter: 21_600 };
    const at = (minutes: number, changes: Partial<Call> = {}): Call => ({ startedAt: minutes * MINUTE, ...changes });
    it.each<[string, Call[], number, number]>([
      ['one call after 15 minutes is a look', [at(15, { status: 429 })], 1, 0],
      ['one call of another path too', [at(15, { status: 429, path: '/b' })], 1, 0],
      ['a call before them is none', [at(14.9)], 0, 1],
      ['a second call beside the look is none', [at(15, { status: 429 }), at(15), at(29.9)], 1, 2],
      [
        'a call that began before the look was answered is none',
        [at(15, { answeredAt: 15.1 * MINUTE }), at(15.05)],
        1,
        1,
      ],
      ['after a look with a normal answer all calls may follow', [at(15), at(15.1), at(15.1, { path: '/b' })], 1, 0],
      [
        'after one with 429 the next look comes 15 minutes later',
        [at(15, { status: 429, retryAfter: 21_600 }), at(29.9), at(30)],
        2,
        2,
      ],
      ['after one with 503 or no answer too', [at(15, { status: 503 }), at(16), at(30, { status: 0 }), at(45)], 3, 1],
      ['a part of a batch is none', [at(15, { batch: 7 })], 0, 1],
    ])('%s', (_name, calls, looks, violations) => {
      const { report } = judge([hours, ...calls]);
      expect([report.looks().length, report.violations().length]).toEqual([looks, violations]);
    });
  });

  it('count a POST as repeated only with the same body', () => {
    const create = { ...throttled, method: 'POST', path: '/subscriptions', bodyDigest: 'one' };
    const repeat = (bodyDigest: string) =>
      judge([create, { method: 'POST', path: '/subscriptions', startedAt: 1100, bodyDigest }]).kinds;
    expect([repeat('one'), repeat('two')]).toEqual([['repeatedTooEarly'], []]);
  });

  it('count from the answer of the batch, with which the answers of its parts leave', () => {
    const clock = { waitNow: 0 };
    const report = createCallReport(reportClock(() => clock.waitNow));
    const start = (changes: Partial<CallRecord>, at: number) => {
      clock.waitNow = at;
      return report.start({ target: 'graph', method: 'PATCH', path: '/a', route: '/a', tenantId: 't', ...changes });
    };
    const batch = start({ method: 'POST', path: '/$batch' }, 0);
    const part = start({ batch: batch.n }, 1);
    report.finish(part, { status: 429, headers: { 'retry-after': '60' } });
    clock.waitNow = 1000;
    report.finish(batch, { status: 424, headers: {} });
    report.finish(start({ path: '/b' }, 1250), { status: 200, headers: {} });
    expect(report.violations()).toEqual([]);
    report.finish(start({ path: '/b' }, 60_500), { status: 200, headers: {} });
    expect(report.violations()).toMatchObject([{ kind: 'startedWhileThrottled' }]);
  });

  it('are none where a busy simulator met the call late', () => {
    const times = { now: 0, sentBy: 0 };
    const report = createCallReport(
      reportClock(
        () => times.now,
        () => times.sentBy,
      ),
    );
    const call = { target: 'graph' as const, method: 'GET', path: '/a', route: '/a', tenantId: 't' };
    const first = report.start(call);
    report.finish(first, { status: 429, headers: { 'retry-after': '60' } });
    const meet = (now: number, sentBy: number) => {
      Object.assign(times, { now, sentBy });
      const batch = report.start({ ...call, method: 'POST', path: '/$batch' });
      Object.assign(times, { now: now + 300, sentBy: now + 300 });
      report.finish(report.start({ ...call, path: '/b', batch: batch.n }), { status: 200 });
      report.finish(batch, { status: 200 });
      return report.violations().length;
    };
    expect(meet(900, 240)).toBe(0);
    expect(meet(900, 251)).toBe(2);
  });

  it('need a Retry-After', () => {
    expect(judge([{ startedAt: 0, answeredAt: 1000, status: 429 }, { startedAt: 1001 }]).kinds).toEqual([]);
  });

  it('of a 503 concern the same call only (RFC 9110)', () => {
    const kinds = (path: string) =>
      judge([
        { ...throttled, status: 503 },
        { startedAt: 2000, path },
      ]).kinds;
    expect([kinds('/a'), kinds('/b')]).toEqual([['repeatedTooEarly'], []]);
  });
});

describe('the report', () => {
  it('remembers violations although it forgets old calls, so that a run of days stays bounded', () => {
    const later = Array.from({ length: 20 }, () => ({ startedAt: 62_000 }));
    const { report } = judge([throttled, { startedAt: 1001 }, ...later], 10);
    expect(report.list().length).toBeLessThanOrEqual(10);
    expect(report.list().at(-1)?.n).toBe(22);
    expect(report.violations()).toMatchObject([{ kind: 'repeatedTooEarly', call: { n: 2 }, throttledBy: { n: 1 } }]);
    report.clear();
    expect([report.list(), report.violations()]).toEqual([[], []]);
  });

  it('names caller, route and status of every call, and finds a repeat that came too early', async () => {
    const harness = await startHarness();
    try {
      const { definition } = await harness.scene();
      await harness.control.addFault({ action: { type: 'status', status: 429, retryAfterSeconds: 30 } });
      const path = `/print/taskDefinitions/${definition}`;
      await harness.graph('GET', path);
      await harness.graph('GET', path);
      const calls = await harness.control.calls();
      expect(calls).toMatchObject([
        {
          n: 1,
          method: 'GET',
          path: `/v1.0${path}`,
          route: '/print/taskDefinitions/{definitionId}',
          tenantId: tenantA,
          appId: harness.simulator.appId,
          status: 429,
          retryAfterMs: 30_000,
          fault: 'fault-1',
        },
        { n: 2, status: 200 },
      ]);
      expect(await harness.control.violations()).toMatchObject([
        { kind: 'repeatedTooEarly', call: { n: 2 }, throttledBy: { n: 1 } },
      ]);
      await harness.control.clearCalls();
      expect(await harness.control.calls({ target: 'all' })).toEqual([]);
    } finally {
      await harness.simulator.close();
    }
  });
});
