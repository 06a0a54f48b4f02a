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
