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

describe('a Retry-After in an error', () => {
  const call = { method: 'GET', path: '/print/printers', permission: 'p' };
  const errorOf = (headers: Record<string, string>) => toGraphError(call, { status: 429, headers, body: '' }, NOW);

  test.each([-600, 600])(
    'that is a date is counted from the Date of the same answer, our clock %i s off',
    (seconds) => {
      const graphTime = NOW + seconds * 1_000;
      const headers = {
        date: new Date(graphTime).toUTCString(),
        'retry-after': new Date(graphTime + 30_000).toUTCString(),
      };
      expect(errorOf(headers).retryAfterMs).toBe(30_000);
    },
  );

  test('that is a date is counted from our clock where the answer has no date', () => {
    const retryAfter = new Date(NOW + 30_000).toUTCString();
    expect(errorOf({ 'retry-after': retryAfter }).retryAfterMs).toBe(30_000);
    expect(errorOf({ 'retry-after': retryAfter, date: 'today' }).retryAfterMs).toBe(30_000);
  });

  test.each(['21600', '99999999999', 'Fri, 31 Dec 9999 23:59:59 GMT'])(
    'of %s silences nothing for more than 15 minutes, and is shown as it was asked',
    (retryAfter) => {
      const error = errorOf({ 'retry-after': retryAfter });
      expect(error.retryAfterMs).toBe(15 * 60_000);
      expect(error.message).toMatch(/Retry-After \d{5,} s/);
    },
  );
});

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
