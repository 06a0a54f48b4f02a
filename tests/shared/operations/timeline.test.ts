import type { LedgerRow } from '../../../shared/jobs/ledgerRow';
import { timelineOf } from '../../../shared/operations/timeline';

const KEY = { tenantId: '11111111-1111-1111-1111-111111111111', rowKey: 'jobFetchable_p_5182' };
const EVENT = `${KEY.tenantId}/${KEY.rowKey}`;
const RECEIVED = '2026-11-22T00:00:08.300Z';
const READ = '2026-11-22T00:00:10.200Z';
const ACTED = '2026-11-22T00:00:10.400Z';
const SENT = '2026-11-22T00:00:10.600Z';
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
  const times = { receivedAt: RECEIVED, readAt: READ, actedAt: ACTED, sentAt: SENT };
  const done = { decision: 'release', outcome: 'released', event: 'sent' } as const;
  const steps = timelineOf(KEY, row({ jobCreatedAt: '2026-11-22T00:00:00Z', ...done, ...times }), CHANGED);
  expect(steps).toEqual([
    { at: '2026-11-22T00:00:00Z', what: 'the user printed' },
    { at: RECEIVED, what: 'Graph notified of it' },
    { at: SEEN, what: '1 run claimed it' },
    { at: READ, what: 'its job was read' },
    { at: ACTED, what: 'decided and carried out: release' },
    { at: SENT, what: `the event ${EVENT} was sent` },
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
    'it failed (graphForbidden); retries have ended',
  ],
  [{ status: 'gone', attempts: 0, cause: 'clientStateRevoked' }, 'its clientState was revoked before a run claimed it'],
  [
    { status: 'gone', cause: 'jobNotFound', nextTryAt: CHANGED },
    `Graph never showed it (jobNotFound); the sweep may retry it after ${CHANGED}`,
  ],
] as [Partial<LedgerRow>, string][])('%j', (fields, what) => {
  expect(timelineOf(KEY, row(fields), undefined).at(-1)).toEqual({ what });
});

it.each([
  [{ reopened: 1 }, 'Graph listed its task as open after its end: it was ended again once'],
  [
    { reopened: 5, cause: 'taskStaysOpen' },
    'Graph listed its task as open after its end: it was ended again 5 times, and stays open',
  ],
])('names a task that was ended again: %j', (fields, words) => {
  expect(
    timelineOf(KEY, row({ outcome: 'released', event: 'sent', ...fields }), CHANGED).map(({ what }) => what),
  ).toContain(words);
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
    timelineOf(KEY, row({ ...held, ...fields }), CHANGED).map(({ what }) => what);

  it('names the rule, its version and the end of the hold', () => {
    expect(words({})).toEqual([
      'Graph notified of it',
      '1 run claimed it',
      HOLD,
      `the event ${EVENT} was sent`,
      'it is held; until 2026-11-22T04:00:00.000Z',
    ]);
  });

  it('names a wish with who stored it and when, and what Graph said when it refused the last one', () => {
    const at = '2026-11-22T01:00:00.000Z';
    const wish = { action: 'redirect', printerId: 'p2', configure: { copies: 1 }, by: 'badge reader 7', at };
    const steps = timelineOf(KEY, row({ ...held, wish: JSON.stringify(wish) }), CHANGED);
    expect(steps).toContainEqual({ at, what: 'badge reader 7 requested: redirect to printer p2, with {"copies":1}' });
    expect(words({ lastRefusal: 'Graph answered 404' }).at(-1)).toBe('last refusal: Graph answered 404');
  });

  it('names who ended it', () => {
    const TIMES = { sentAt: SENT, actedAt: '2026-11-22T00:00:21.000Z', endSentAt: '2026-11-22T00:00:22.000Z' };
    const wish = JSON.stringify({ action: 'abort', reason: 'lost badge', by: 'backend', at: CHANGED });
    const end = { decision: 'abort', decidedBy: 'wish', by: 'backend', reason: 'lost badge' } as const;
    expect(words({ status: 'done', outcome: 'aborted', event: 'sent', attempts: 2, wish, ...end, ...TIMES })).toEqual([
      'Graph notified of it',
      'the first of 2 runs claimed it',
      HOLD,
      `the event ${EVENT} was sent`,
      'backend requested: abort (lost badge)',
      'decided and carried out: abort (lost badge), as was requested',
      `the event ${EVENT}/end was sent`,
      'done: it was aborted, so that it does not print, as backend requested',
    ]);
  });

  it('says that its time was up, or that another party ended it', () => {
    const end = { status: 'done', event: 'sent', decision: 'abort' } as const;
    expect(words({ ...end, decidedBy: 'deadline', outcome: 'deadline' })).toContain(
      'decided: abort, because its time was up',
    );
    expect(words({ ...end, decidedBy: 'wish', by: 'backend', outcome: 'ended' }).at(-1)).toBe(
      'done: its task or job had been ended by another party',
    );
  });
});

it('names the rule that decided, where it redirects to, and what Graph refused of it', () => {
  const refused = JSON.stringify({ action: 'redirect', code: 'graphNotFound', message: 'Graph answered 404' });
  const decided = { rule: 'colour room', decision: 'redirect', decidedBy: 'rules', targetPrinterId: 'p2' } as const;
  const words = (fields: Partial<LedgerRow>) => timelineOf(KEY, row(fields), CHANGED).map(({ what }) => what);
  expect(words({ ...decided, outcome: 'redirected' })).toContain(
    'decided: redirect to printer p2, by the rule colour room',
  );
  expect(words({ rule: 'colour room', decision: 'release', decidedBy: 'refusal', refused })).toEqual([
    'Graph notified of it',
    '1 run claimed it',
    'Graph refused to redirect it, as the rule colour room says (graphNotFound): Graph answered 404',
    'decided: release, because Graph refused the decision before',
    'done: the work ended',
  ]);
});

it('names the archived documents, and why one could not be archived', () => {
  const archived = JSON.stringify([{ container: 'documents', blob: 't/p/5182/d', size: 27 }]);
  const stored = row({ archiveSince: READ, archive: 'stored', archived, rule: 'keep all', outcome: 'archived' });
  const words = timelineOf(KEY, stored, CHANGED).map(({ what }) => what);
  expect(words).toContain('sent to the archive, by the rule keep all');
  expect(words).toContain('archived: documents/t/p/5182/d, 27 bytes');
  const refused = JSON.stringify({ action: 'archive', code: 'downloadBroken', message: 'It ended early.' });
  const failed = row({ archiveSince: READ, archive: 'failed', refused, outcome: 'archiveFailed' });
  expect(timelineOf(KEY, failed, CHANGED).map(({ what }) => what)).toContain(
    'its documents could not be archived (downloadBroken): It ended early.',
  );
});
