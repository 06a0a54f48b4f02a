import { parseRetryAfter } from '../../../shared/graph/errors';

const NOW = Date.UTC(2026, 10, 22, 12, 0, 0);

/** concepts/throttling.md: seconds; sometimes a fraction (2.128), sometimes large (315); RFC 9110 10.2.3: or a date. */
test.each([
  ['60', 60_000],
  ['2.128', 2_128],
  ['0.0001', 1],
  ['315', 315_000],
  ['0', 0],
  ['Sun, 22 Nov 2026 12:01:30 GMT', 90_000],
  ['Sun, 22 Nov 2026 11:59:00 GMT', 0],
])('Retry-After %s asks for %i ms', (header, ms) => {
  expect(parseRetryAfter(header, NOW)).toBe(ms);
});

test.each([[undefined], [''], ['  '], ['-5'], ['soon'], [60], ['Infinity'], [null]])(
  'Retry-After %p says nothing',
  (header) => {
    expect(parseRetryAfter(header, NOW)).toBeUndefined();
  },
);
