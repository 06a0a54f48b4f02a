import { parseRetryAfter, toGraphError } from '../../../shared/graph/errors';

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
])('Retry-After %s asks for %i ms', (header, ms) => {
  expect(parseRetryAfter(header, NOW)).toBe(ms);
});

test.each([[undefined], [''], ['  '], ['-5'], ['soon'], [60], ['Infinity'], [null]])(
  'Retry-After %p says nothing',
  (header) => {
    expect(parseRetryAfter(header, NOW)).toBeUndefined();
  },
);

/** Public bug reports: the status of the service behind Graph is in the text of an ExtensionError alone. */
describe('an ExtensionError', () => {
  const errorOf = (status: number, message: string, code = 'ExtensionError') => {
    const call = { method: 'PATCH', path: '/subscriptions/s', permission: 'p' };
    return toGraphError(call, { status, headers: {}, body: JSON.stringify({ error: { code, message } }) }, NOW).code;
  };

  test.each([400, 401, 403, 500])('of status %i is what the inner status says', (status) => {
    expect(errorOf(status, 'inner status NotFound')).toBe('graphNotFound');
    expect(errorOf(status, 'Operation: Create; inner Conflict')).toBe('graphConflict');
    expect(
      errorOf(status, 'Operation: Update; Exception: [Status Code: Gone; Reason: The subscription has ended]'),
    ).toBe('graphNotFound');
    expect(errorOf(status, 'inner status TooManyRequests')).toBe('graphThrottled');
  });

  test('without a known inner status is what its own status says', () => {
    expect(errorOf(403, 'Maximum number of subscriptions has been reached')).toBe('graphForbidden');
    expect(errorOf(400, 'inner status Teapot')).toBe('graphRejected');
  });

  test('is the only error whose text counts', () => {
    expect(errorOf(403, 'inner status NotFound', 'Forbidden')).toBe('graphForbidden');
  });

  test('410 is gone, like 404', () => {
    expect(errorOf(410, '', 'Gone')).toBe('graphNotFound');
  });
});
