import type { LedgerRow } from '../../../shared/jobs/ledgerRow';
import { timelineOf } from '../../../shared/operations/timeline';

const SEEN = '2026-11-22T00:00:10.000Z';
const CHANGED = '2026-11-22T00:00:20.000Z';
const row = (fields: Partial<LedgerRow>): LedgerRow => ({
  status: 'done',
  phase: 'start',
  attempts: 1,
  firstSeenAt: SEEN,
  foundBy: 'graph',
  ...fields,
});

it('lists the steps from printing to the current state', () => {
  const steps = timelineOf(
    row({ jobCreatedAt: '2026-11-22T00:00:00Z', decision: 'release', outcome: 'released' }),
    CHANGED,
  );
  expect(steps).toEqual([
    { at: '2026-11-22T00:00:00Z', what: 'the user printed' },
    { at: SEEN, what: 'Graph notified of it' },
    { what: '1 run claimed it; decided: release' },
    { at: CHANGED, what: 'done: its task was completed, so that it prints' },
  ]);
});

it.each([
  [{ status: 'done' }, 'done: the work ended'],
  [
    { status: 'done', outcome: 'released', event: 'none', cause: 'pausedTenant' },
    'done: its task was completed, so that it prints; no event was sent (pausedTenant)',
  ],
  [{ status: 'claimed', leaseUntil: CHANGED }, `a run is working on it; its claim ends ${CHANGED}`],
  [
    { status: 'waiting', cause: 'graphThrottled', nextTryAt: CHANGED },
    `it waits (graphThrottled); next try ${CHANGED}`,
  ],
  [{ status: 'failed', cause: 'graphForbidden' }, 'it failed (graphForbidden)'],
  [
    { status: 'failed', cause: 'graphForbidden', failures: 10, retriesEndedAt: CHANGED },
    'it failed (graphForbidden); retries have ended. To retry now: jobs sweep --tenant',
  ],
  [
    { status: 'gone', cause: 'jobNotFound', nextTryAt: CHANGED },
    `Graph never showed it (jobNotFound); the sweep may retry it after ${CHANGED}`,
  ],
] as [Partial<LedgerRow>, string][])('%j', (fields, what) => {
  expect(timelineOf(row(fields), undefined).at(-1)).toEqual({ what });
});

it.each([
  [{ reopened: 1 }, 'Graph listed its task as open after its end: it was ended again once'],
  [
    { reopened: 5, cause: 'taskStaysOpen' },
    'Graph listed its task as open after its end: it was ended again 5 times, and stays open',
  ],
])('names a task that was ended again: %j', (fields, words) => {
  expect(timelineOf(row({ outcome: 'released', event: 'sent', ...fields }), CHANGED).map(({ what }) => what)).toContain(
    words,
  );
});

describe('a job that a rule holds', () => {
  const held = {
    status: 'held',
    phase: 'end',
    outcome: 'held',
    rule: 'pull printing',
    rulesEtag: '"0x8D"',
    heldUntil: '2026-11-22T04:00:00.000Z',
    heldElse: 'abort',
  } as const;
  const HOLD = 'held by the rule pull printing, version "0x8D" until 2026-11-22T04:00:00.000Z, then abort';
  const words = (fields: Partial<LedgerRow>) =>
    timelineOf(row({ ...held, ...fields }), CHANGED).map(({ what }) => what);

  it('names the rule, its version and the end of the hold', () => {
    expect(words({})).toEqual([
      'Graph notified of it',
      HOLD,
      '1 run claimed it',
      'it is held; until 2026-11-22T04:00:00.000Z',
    ]);
  });

  it('names a wish with who stored it and when, and what Graph said when it refused the last one', () => {
    const at = '2026-11-22T01:00:00.000Z';
    const wish = { action: 'redirect', printerId: 'p2', configure: { copies: 1 }, by: 'badge reader 7', at };
    const steps = timelineOf(row({ ...held, wish: JSON.stringify(wish) }), CHANGED);
    expect(steps).toContainEqual({ at, what: 'badge reader 7 requested: redirect to printer p2, with {"copies":1}' });
    expect(words({ lastRefusal: 'Graph answered 404' }).at(-1)).toBe('last refusal: Graph answered 404');
  });

  it('names who ended it', () => {
    const wish = JSON.stringify({ action: 'abort', reason: 'lost badge', by: 'backend', at: CHANGED });
    const end = { decision: 'abort', decidedBy: 'wish', by: 'backend', reason: 'lost badge' } as const;
    expect(words({ status: 'done', outcome: 'aborted', event: 'sent', attempts: 2, wish, ...end })).toEqual([
      'Graph notified of it',
      HOLD,
      'backend requested: abort (lost badge)',
      '2 runs claimed it; decided: abort (lost badge), as was requested',
      'done: it was aborted, so that it does not print, as backend requested',
    ]);
  });

  it('says that its time was up, or that another party ended it', () => {
    const end = { status: 'done', event: 'sent', decision: 'abort' } as const;
    expect(words({ ...end, decidedBy: 'deadline', outcome: 'deadline' })).toContain(
      '1 run claimed it; decided: abort, because its time was up',
    );
    expect(words({ ...end, decidedBy: 'wish', by: 'backend', outcome: 'ended' }).at(-1)).toBe(
      'done: its task or job had been ended by another party',
    );
  });
});

it('names the rule that decided, where it redirects to, and what Graph refused of it', () => {
  const refused = JSON.stringify({ action: 'redirect', code: 'graphNotFound', message: 'Graph answered 404' });
  const decided = { rule: 'colour room', decision: 'redirect', decidedBy: 'rules', targetPrinterId: 'p2' } as const;
  const words = (fields: Partial<LedgerRow>) => timelineOf(row(fields), CHANGED).map(({ what }) => what);
  expect(words({ ...decided, outcome: 'redirected' })).toContain(
    '1 run claimed it; decided: redirect to printer p2, by the rule colour room',
  );
  expect(words({ rule: 'colour room', decision: 'release', decidedBy: 'refusal', refused })).toEqual([
    'Graph notified of it',
    '1 run claimed it; decided: release, because Graph refused the decision before',
    'Graph refused to redirect it, as the rule colour room says (graphNotFound): Graph answered 404',
    'done: the work ended',
  ]);
});
