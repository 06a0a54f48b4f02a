import fc from 'fast-check';
import { retryDelay } from '../../../shared/subscriptions/retryDelay';

const MINUTE = 60_000;

describe('retryDelay', () => {
  it('doubles from a minute to an hour, half of it random', () => {
    const fixedHalf = [1, 2, 3, 4, 5, 6, 7, 8, 50].map((failures) => retryDelay(failures, 0) / MINUTE);
    expect(fixedHalf).toEqual([0.5, 1, 2, 4, 8, 16, 30, 30, 30]);
    expect(retryDelay(1, 0.5)).toBe(0.75 * MINUTE);
  });

  it('never comes before Retry-After (concepts/throttling.md), which may be a fraction', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.double({ min: 0, max: 1e7, noNaN: true }),
        (failures, random, retryAfterMs) => {
          const delay = retryDelay(failures, random, retryAfterMs);
          expect(Number.isInteger(delay)).toBe(true);
          expect(delay).toBeGreaterThanOrEqual(retryAfterMs);
          expect(delay).toBeLessThanOrEqual(Math.max(60 * MINUTE, Math.ceil(retryAfterMs)));
        },
      ),
    );
  });
});
