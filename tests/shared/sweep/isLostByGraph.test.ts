import type { LedgerRow } from '../../../shared/jobs/ledgerRow';
import { isLostByGraph } from '../../../shared/sweep/ledgerRows';

const CREATED = '2026-11-22T00:00:00.000Z';
const NOW = Date.parse('2026-11-22T06:00:00.000Z');
const row = (fields: Partial<LedgerRow> = {}): LedgerRow => ({
  status: 'done',
  phase: 'start',
  event: 'sent',
  attempts: 1,
  firstSeenAt: '2026-11-22T00:10:00.000Z',
  jobCreatedAt: CREATED,
  foundBy: 'sweep',
  ...fields,
});

it.each([
  ['found by the sweep alone', {}, true],
  ['found by Graph', { foundBy: 'graph' }, false],
  ['requested by an operator', { foundBy: 'operator' }, false],
  ['notified within 15 minutes of its creation', { notifiedAt: '2026-11-22T00:15:00.000Z' }, false],
  ['notified later', { notifiedAt: '2026-11-22T00:15:00.001Z' }, true],
  [
    'notified in time by the first sight of it, its creation unknown',
    { jobCreatedAt: undefined, notifiedAt: '2026-11-22T00:20:00.000Z' },
    false,
  ],
  ['not done yet', { status: 'waiting', event: undefined }, false],
  ['ended for nobody, because it was not watched', { event: 'none', cause: 'unknownWatch' }, false],
] as [string, Partial<LedgerRow>, boolean][])('a job %s: %s', (_name, fields, lost) => {
  expect(isLostByGraph(row(fields), NOW)).toBe(lost);
});

it('is not judged before those 15 minutes are over', () => {
  expect(isLostByGraph(row(), Date.parse('2026-11-22T00:14:59.999Z'))).toBe(false);
  expect(isLostByGraph(row(), Date.parse('2026-11-22T00:15:00.000Z'))).toBe(true);
});
