import { createCallReport, violationsOf, type PassingTime } from '../../../local/graphSimulator/faults/callReport';
import type { CallRecord } from '../../../local/graphSimulator/control/controlTypes';
import { startHarness, tenantA } from './harness';

const call = (changes: Partial<CallRecord>): CallRecord => ({
  n: 1,
  target: 'graph',
  at: 0,
  method: 'GET',
  path: '/a',
  route: '/a',
  tenantId: 't',
  status: 200,
  startedAt: 0,
  answeredAt: 0,
  connectionId: 1,
  ...changes,
});
const findViolations = (records: CallRecord[], passing: PassingTime = 'real') =>
  records.flatMap((record) => violationsOf(record, records, passing));
const throttled = call({ n: 1, status: 429, answeredAt: 1000, retryAfterMs: 60_000 });

describe('violations of Retry-After (concepts/throttling.md)', () => {
  it.each([
    ['the same call before the end', { startedAt: 60_999 }, ['repeatedTooEarly']],
    ['the same call at once', { startedAt: 1001 }, ['repeatedTooEarly']],
    ['the same call after the end', { startedAt: 61_000 }, []],
    ['the same call that was under way already', { startedAt: 999 }, []],
    ['another call within 250 ms', { startedAt: 1250, path: '/b' }, []],
    ['another call after 250 ms', { startedAt: 1251, path: '/b' }, ['startedWhileThrottled']],
    ['another method', { startedAt: 1251, method: 'PATCH' }, ['startedWhileThrottled']],
    ['another call after the end', { startedAt: 61_000, path: '/b' }, []],
    ['a POST of another body within 250 ms', { startedAt: 1200, method: 'POST', bodyDigest: 'b' }, []],
    ['a call of another tenant', { startedAt: 5000, tenantId: 'other' }, []],
    ['a download', { startedAt: 5000, target: 'download' as const }, []],
  ])('judge %s', (_name, changes, kinds) => {
    const found = findViolations([throttled, call({ n: 2, ...changes })]);
    expect(found.map(({ kind }) => kind)).toEqual(kinds);
  });

  it('take a POST as repeated only with the same body', () => {
    const create = { ...throttled, method: 'POST', path: '/subscriptions', bodyDigest: 'one' };
    const again = (bodyDigest: string) =>
      findViolations([create, { ...create, n: 2, status: 201, startedAt: 1100, bodyDigest }]).length;
    expect([again('one'), again('two')]).toEqual([1, 0]);
  });

  it('need a Retry-After', () => {
    const { retryAfterMs: _ms, ...bare } = throttled;
    expect(findViolations([bare, call({ startedAt: 1001 })])).toEqual([]);
  });

  it('of a 503 concern the same call only (RFC 9110)', () => {
    const unavailable = { ...throttled, status: 503 };
    const kinds = (path: string) =>
      findViolations([unavailable, call({ startedAt: 2000, path })]).map(({ kind }) => kind);
    expect([kinds('/a'), kinds('/b')]).toEqual([['repeatedTooEarly'], []]);
  });

  it('pass by Date where the run moves it', () => {
    const moved = { ...throttled, at: 5_000_000, startedAt: 900 };
    const later = call({ n: 2, at: 5_000_000 + 3_600_000, startedAt: 1100 });
    const soon = call({ n: 3, at: 5_000_000 + 60_099, startedAt: 1100 });
    const early = (calls: CallRecord[], passing: 'real' | 'date') => findViolations(calls, passing).length;
    expect([early([moved, later], 'real'), early([moved, later], 'date')]).toEqual([1, 0]);
    expect(early([moved, soon], 'date')).toBe(1);
  });
});

describe('the report', () => {
  it('keeps real time beside Date', () => {
    const clock = { now: 5_000_000, real: 10 };
    const report = createCallReport({ now: () => clock.now, realNow: () => clock.real }, () => 'real');
    const record = report.start({ target: 'graph', method: 'GET', path: '/a', route: '/a', connectionId: 1 });
    clock.now += 86_400_000;
    clock.real += 5;
    report.finish(record, { status: 200 });
    expect(report.list()).toMatchObject([{ n: 1, at: 5_000_000, startedAt: 10, answeredAt: 15, status: 200 }]);
    report.clear();
    expect(report.list()).toEqual([]);
  });

  it('remembers violations although it forgets old calls, so that a run of days stays bounded', () => {
    const clock = { real: 0 };
    const report = createCallReport({ now: () => 0, realNow: () => clock.real }, () => 'real', 10);
    const make = (status: number, headers = {}) => {
      const order = { target: 'graph' as const, method: 'GET', path: '/a', route: '/a', connectionId: 1 };
      report.finish(Object.assign(report.start(order), { tenantId: 't' }), { status, headers });
    };
    make(429, { 'retry-after': '1' });
    clock.real += 999;
    make(200);
    clock.real += 2;
    for (let n = 0; n < 20; n += 1) make(200);
    expect(report.list().length).toBeLessThanOrEqual(10);
    expect(report.list().at(-1)?.n).toBe(22);
    expect(report.violations()).toMatchObject([{ kind: 'repeatedTooEarly', call: { n: 2 }, throttledBy: { n: 1 } }]);
    report.clear();
    expect(report.violations()).toEqual([]);
  });

  it('names caller, route, connection and status of every call, and finds a repeat that came too early', async () => {
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
