import { parseRetryAfter } from '../../shared/backoff';

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
  // The other two forms of an HTTP date (RFC 9110, 5.6.7).
  ['Sunday, 22-Nov-26 12:01:30 GMT', 90_000],
  ['Sun Nov 22 12:01:30 2026', 90_000],
  // A part of a batch is JSON (concepts/json-batching.md): its header may be a number.
  [60, 60_000],
  [2.128, 2_128],
  // Repeated headers are joined with commas (RFC 9110, 5.3): after the longest wait all of them are obeyed.
  ['5, 30', 30_000],
  ['0,2.5 , 1', 2_500],
  ['-5, 3', 3_000],
])('Retry-After %s asks for %i ms', (header, ms) => {
  expect(parseRetryAfter(header, NOW)).toBe(ms);
});

test.each([
  ...[undefined, null, '', '  ', 'soon', '-5', '-0.5', 'NaN', 'Infinity', '1e3', '0x10', '5 s', 'May 2026'],
  ...[NaN, Infinity, -5, {}, ['60']],
])('Retry-After %p says nothing', (header) => {
  expect(parseRetryAfter(header, NOW)).toBeUndefined();
});
