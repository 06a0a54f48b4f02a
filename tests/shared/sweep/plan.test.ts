import { growingDelayMs } from '../../../shared/jobs/delays';
import type { LedgerRow } from '../../../shared/jobs/ledgerRow';
import { isOutOfBounds, planJob, planTask, type Sight } from '../../../shared/sweep/plan';

/** The rules are those of docs/decisions/0010. */
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const NOW = Date.UTC(2026, 10, 22, 12);
const iso = (ms: number) => new Date(ms).toISOString();

function sight(row: Partial<LedgerRow> | undefined, enqueued?: Sight['enqueued']): Sight {
  const whole: LedgerRow | undefined = row && {
    status: 'waiting',
    phase: 'start',
    attempts: 1,
    firstSeenAt: iso(NOW - MINUTE),
    foundBy: 'graph',
    ...row,
  };
  return { now: NOW, row: whole, ageMs: 0, enqueued, retryNow: false };
}

const DEADLINE = { taskDeadlineMinutes: 15, isOpen: true };

describe('an open task', () => {
  it.each([
    ['absent', undefined, 'enqueue'],
    ['done', { status: 'done' }, 'done'],
    ['claimed, its lease alive', { status: 'claimed', leaseUntil: iso(NOW + 1) }, 'inProgress'],
    [
      'claimed, its lease over for less than the minute of take-over',
      { status: 'claimed', leaseUntil: iso(NOW - MINUTE + 1) },
      'inProgress',
    ],
    ['claimed past its lease', { status: 'claimed', leaseUntil: iso(NOW - MINUTE) }, 'enqueue'],
    ['claimed without a lease', { status: 'claimed' }, 'enqueue'],
    ['waiting, not yet due', { status: 'waiting', nextTryAt: iso(NOW + MINUTE) }, 'inProgress'],
    ['waiting past its next try', { status: 'waiting', nextTryAt: iso(NOW - MINUTE) }, 'enqueue'],
    ['failed', { status: 'failed' }, 'enqueue'],
    ['failed a moment ago', { status: 'failed', nextTryAt: iso(NOW + 1) }, 'spaced'],
    ['failed and rested', { status: 'failed', nextTryAt: iso(NOW) }, 'enqueue'],
    ['gone', { status: 'gone' }, 'enqueue'],
    ['gone a moment ago', { status: 'gone', nextTryAt: iso(NOW + 1) }, 'spaced'],
  ] as const)('with a row that is %s', (_name, row, planned) => {
    expect(planTask(sight(row), DEADLINE)).toBe(planned);
  });

  it.each([
    [1, 9],
    [2, 18],
    [3, 36],
    [4, 55],
    [50, 55],
  ])('enqueued %i times waits %i minutes, at most 60', (times, minutes) => {
    const at = NOW - minutes * MINUTE;
    expect(planTask(sight(undefined, { times, at: at + 1 }), DEADLINE)).toBe('spaced');
    expect(planTask(sight(undefined, { times, at }), DEADLINE)).toBe('enqueue');
  });

  it.each(['failed', 'gone'] as const)('past its deadline and %s is enqueued whatever the spacing', (status) => {
    const row = { status, nextTryAt: iso(NOW + 30 * MINUTE) };
    const enqueued = { times: 4, at: NOW - 1 };
    const late = NOW - 15 * MINUTE;
    expect(planTask(sight({ ...row, firstSeenAt: iso(late) }, enqueued), DEADLINE)).toBe('enqueue');
    expect(planTask(sight({ ...row, firstSeenAt: iso(late + 1) }, enqueued), DEADLINE)).toBe('spaced');
  });

  // Ten minutes and a quarter (docs/decisions/0013), and a minute for clocks that differ.
  it.each([
    ['in a moment', MINUTE, 'inProgress'],
    ['after the longest wait of an outage', growingDelayMs('outage', Infinity, 1), 'inProgress'],
    ['at the bound itself', 13.5 * MINUTE, 'inProgress'],
    ['only after a longer Retry-After', 13.5 * MINUTE + 1, 'enqueue'],
    ['overdue for a minute', -MINUTE, 'enqueue'],
  ] as const)('past its deadline and waiting for a try that comes %s', (_name, inMs, planned) => {
    const row = { status: 'waiting', nextTryAt: iso(NOW + inMs) } as const;
    const enqueued = { times: 4, at: NOW - 1 };
    expect(planTask(sight({ ...row, firstSeenAt: iso(NOW - 15 * MINUTE) }, enqueued), DEADLINE)).toBe(planned);
  });

  it('past its deadline is still left to the run that works on it, and to nobody when it is done', () => {
    const firstSeenAt = iso(NOW - DAY);
    const leaseUntil = iso(NOW + MINUTE);
    expect(planTask(sight({ status: 'claimed', firstSeenAt, leaseUntil }), DEADLINE)).toBe('inProgress');
    expect(planTask(sight({ status: 'done', firstSeenAt }), DEADLINE)).toBe('done');
  });
});

describe('a ready job', () => {
  const bounds = { since: NOW - 100 * DAY, retentionDays: 30 };
  const recent = NOW - MINUTE;

  it.each([
    ['created more than 15 minutes before the watch is history', recent, { since: recent + 15 * MINUTE + 1 }, true],
    ['created within the 15 minutes that clocks may be apart is not', recent, { since: recent + 15 * MINUTE }, false],
    ['within a day of the end of retention is not enqueued: its row may have been deleted', NOW - 29 * DAY, {}, true],
    ['younger than that is enqueued', NOW - 29 * DAY + 1, {}, false],
    ['of unknown age is new', NaN, {}, false],
  ])('%s', (_name, createdAt, changes, expected) => {
    expect(isOutOfBounds(NOW, createdAt, { ...bounds, ...changes })).toBe(expected);
  });

  it.each<[LedgerRow['status'], Partial<LedgerRow>]>([
    ['claimed', { leaseUntil: iso(NOW + 2 * DAY) }],
    ['waiting', { nextTryAt: iso(NOW + 2 * DAY) }],
    ['failed', { nextTryAt: iso(NOW + 2 * DAY) }],
    ['gone', { nextTryAt: iso(NOW + 2 * DAY) }],
  ])('that is %s is enqueued when its wait was written by a clock far ahead', (status, cells) => {
    expect(planJob(sight({ status, ...cells }))).toBe('enqueue');
  });

  it('follows the ledger as a task does, but has no deadline', () => {
    expect(planJob(sight({ status: 'done' }))).toBe('done');
    const row = { status: 'waiting', nextTryAt: iso(NOW + MINUTE), firstSeenAt: iso(NOW - DAY) } as const;
    expect(planJob(sight(row))).toBe('inProgress');
  });
});
