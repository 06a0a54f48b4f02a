import { createBackoff } from '../../../../local/functionsHost/queue/createBackoff';

// RandomizedExponentialBackoffStrategy.cs: exponential from 100 ms to maxPollingInterval, jitter 20 %.
const waits = (random: number, maximumMs: number, count: number) => {
  const backoff = createBackoff(maximumMs, () => random);
  return Array.from({ length: count }, () => Math.round(backoff(false)));
};

test('waits grow exponentially from 100 ms up to the maximum', () => {
  expect(waits(0.5, 2_000, 8)).toEqual([100, 200, 300, 500, 900, 1_700, 2_000, 2_000]);
});

test('the increment varies by 20 % either way', () => {
  expect(waits(0, 2_000, 3)).toEqual([100, 180, 260]);
  expect(waits(1, 2_000, 3)).toEqual([100, 220, 340]);
});

test('a message found puts the wait back to 100 ms', () => {
  const backoff = createBackoff(60_000, () => 0.5);
  for (let index = 0; index < 9; index++) backoff(false);
  expect(backoff(true)).toBe(100);
  expect(backoff(false)).toBe(200);
});
