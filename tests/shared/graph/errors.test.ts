import { toGraphError } from '../../../shared/graph/errors';

const NOW = Date.UTC(2026, 10, 22, 12, 0, 0);

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

  test.each([
    'inner exception: [Status Code: NotFound; Reason: gone]',
    'Operation: Update; Exception: [Status Code: 404; Reason: ]',
    'StatusCode: NotFound',
    'StatusCode:404',
    'inner status=NotFound',
    'inner status code: NotFound',
    '{"statusCode":"NotFound"}',
    'Status Code: Forbidden; inner status NotFound',
    'The status of the request is not known; inner NotFound',
  ])('is read in each form: %s', (message) => {
    expect(errorOf(400, message)).toBe('graphNotFound');
  });

  test.each(['InternalServerError', 'BadGateway', 'RequestTimeout', 'ServiceUnavailable', '500', '502', '408'])(
    'with inner status %s is temporary (concepts/errors.md)',
    (status) => {
      expect(errorOf(400, `Operation: Update; Exception: [Status Code: ${status}; Reason: ]`)).toBe('graphUnavailable');
    },
  );

  test('without a known inner status is what its own status says', () => {
    expect(errorOf(403, 'Maximum number of subscriptions has been reached')).toBe('graphForbidden');
    expect(errorOf(400, 'inner status Teapot')).toBe('graphRejected');
    expect(errorOf(400, 'Subscription status: 40412345')).toBe('graphRejected');
    expect(errorOf(400, 'inner status constructor')).toBe('graphRejected');
  });

  test('is the only error whose text counts', () => {
    expect(errorOf(403, 'inner status NotFound', 'Forbidden')).toBe('graphForbidden');
  });

  test('410 is gone, like 404', () => {
    expect(errorOf(410, '', 'Gone')).toBe('graphNotFound');
  });
});
