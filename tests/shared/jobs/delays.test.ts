import {
  afterPauseMs,
  firstLookMs,
  growingDelayMs,
  openTaskDelayMs,
  sweepSpacingMs,
} from '../../../shared/jobs/delays';

test.each([
  ['notYet', [0, 4, 20, 60, 120, 1e9], [2, 2, 10, 30, 60, 60]],
  ['outage', [0, 30, 60, 600, 1_200, 1e9], [15, 15, 30, 300, 600, 600]],
] as const)('%s: waits half of what it has waited, from the first wait to the longest', (reason, waited, waits) => {
  expect(waited.map((seconds) => growingDelayMs(reason, seconds * 1000, 0) / 1000)).toEqual(waits);
});

test('an open task is looked at every minute until the default deadline, then less often, and never after its own', () => {
  const day = 1_440;
  const minutes = [0, 2, 15, 30, 75, 150, 1_400, 1_439].map((waited) => [
    waited,
    openTaskDelayMs(waited * 60_000, (day - waited) * 60_000, 0) / 60_000,
  ]);
  expect(minutes).toEqual([
    [0, 2 / 60],
    [2, 1],
    [15, 1],
    [30, 2],
    [75, 5],
    [150, 10],
    [1_400, 10],
    [1_439, 1],
  ]);
  expect(openTaskDelayMs(150 * 60_000, day * 60_000, 1)).toBe(750_000);
});

test('messages deferred together return spread over a quarter of the wait', () => {
  expect(growingDelayMs('outage', 120_000, 1)).toBe(75_000);
});

test('the first look after tries that failed by chance comes within four seconds', () => {
  expect([firstLookMs(0), firstLookMs(1)]).toEqual([3_000, 3_750]);
});

test('after a pause no message returns before its end, and not all at its end', () => {
  expect(afterPauseMs(60_000, 0)).toBe(60_500);
  expect(afterPauseMs(60_000, 1)).toBe(70_500);
  expect(afterPauseMs(4_000, 1)).toBe(5_500);
});

test('the sweep retries a row less and less often, but at least once in 60 minutes', () => {
  const minutes = [1, 2, 3, 4, 5, 1_000].map((times) => sweepSpacingMs(times) / 60_000);
  expect(minutes).toEqual([9, 18, 36, 55, 55, 55]);
});
