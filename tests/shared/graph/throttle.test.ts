import { createThrottle } from '../../../shared/graph/client';
import { createFakeClock } from '../../support/createFakeClock';

test('a pause ends by itself and concerns its tenant alone', () => {
  const clock = createFakeClock();
  const throttle = createThrottle(clock);
  throttle.pause('t1', 10_000);
  expect([throttle.remainingMs('t1'), throttle.remainingMs('t2')]).toEqual([10_000, 0]);
  clock.advance(9_999);
  expect(throttle.remainingMs('t1')).toBe(1);
  clock.advance(1);
  expect(throttle.remainingMs('t1')).toBe(0);
});

test('a shorter pause never shortens one that is under way; a longer one lengthens it', () => {
  const clock = createFakeClock();
  const throttle = createThrottle(clock);
  throttle.pause('t1', 60_000);
  throttle.pause('t1', 1_000);
  expect(throttle.remainingMs('t1')).toBe(60_000);
  throttle.pause('t1', 90_000);
  expect(throttle.remainingMs('t1')).toBe(90_000);
});
