import fc from 'fast-check';
import { doublingMs, retryDelayMs, rotate } from '../../shared/backoff';

describe('retryDelayMs', () => {
  const MINUTE = 60_000;

  describe('retryDelayMs', () => {
    it('doubles from a minute to an hour, half of it random', () => {
      const fixedHalf = [1, 2, 3, 4, 5, 6, 7, 8, 50].map((failures) => retryDelayMs(failures, 0) / MINUTE);
      expect(fixedHalf).toEqual([0.5, 1, 2, 4, 8, 16, 30, 30, 30]);
      expect(retryDelayMs(1, 0.5)).toBe(0.75 * MINUTE);
    });

    it('never comes before Retry-After (concepts/throttling.md), which may be a fraction', () => {
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 10_000 }),
          fc.double({ min: 0, max: 0.999, noNaN: true }),
          fc.double({ min: 0, max: 1e7, noNaN: true }),
          (failures, random, retryAfterMs) => {
            const delay = retryDelayMs(failures, random, retryAfterMs);
            expect(Number.isInteger(delay)).toBe(true);
            expect(delay).toBeGreaterThanOrEqual(retryAfterMs);
            expect(delay).toBeLessThanOrEqual(Math.max(60 * MINUTE, Math.ceil(retryAfterMs)));
          },
        ),
      );
    });
  });
});

describe('doublingMs', () => {
  it('doubles from the first wait to the longest', () => {
    const waits = [0, 1, 2, 3, 4, 5, 99].map((times) => doublingMs({ firstMs: 100, longestMs: 700 }, times));
    expect(waits).toEqual([100, 100, 200, 400, 700, 700, 700]);
  });
});

describe('rotate', () => {
  it('starts somewhere else and keeps the order', () => {
    expect(rotate([1, 2, 3, 4], 0)).toEqual([1, 2, 3, 4]);
    expect(rotate([1, 2, 3, 4], 0.5)).toEqual([3, 4, 1, 2]);
    expect(rotate([], 0.5)).toEqual([]);
  });
});
