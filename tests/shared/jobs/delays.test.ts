import { afterPauseMs, givenUpForMs, growingDelayMs, sweepSpacingMs } from '../../../shared/jobs/delays';

test.each([
  ['notYet', [2, 4, 8, 16, 32, 60, 60]],
  ['outage', [15, 30, 60, 120, 240, 480, 600, 600]],
  ['share', [1, 2, 4, 8, 16, 30, 30]],
] as const)('%s: the waits double up to the longest', (reason, seconds) => {
  expect(seconds.map((_wait, deferrals) => growingDelayMs(reason, deferrals, 0) / 1000)).toEqual(seconds);
  expect(growingDelayMs(reason, 1e9, 0) / 1000).toBe(seconds.at(-1));
});

test('messages put back together come back spread over a quarter of the wait', () => {
  expect(growingDelayMs('outage', 2, 1)).toBe(75_000);
});

test('after a pause nobody comes before its end, and not all at its end', () => {
  expect(afterPauseMs(60_000, 0)).toBe(60_500);
  expect(afterPauseMs(60_000, 1)).toBe(70_500);
  expect(afterPauseMs(4_000, 1)).toBe(5_500);
});

test('the sweep brings a row back ever more rarely, but at least once in 60 minutes (decision 17)', () => {
  const minutes = [1, 2, 3, 4, 5, 1_000].map((times) => sweepSpacingMs(times) / 60_000);
  expect(minutes).toEqual([9, 18, 36, 55, 55, 55]);
});

test('a row that was given up rests the longer the more often it was tried', () => {
  const minutes = [1, 5, 14, 25, 30, 500].map((attempts) => givenUpForMs(attempts) / 60_000);
  expect(minutes).toEqual([9, 9, 18, 36, 55, 55]);
});
