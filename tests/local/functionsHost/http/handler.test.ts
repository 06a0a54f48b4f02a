import { isAuthorized } from '../../../../local/functionsHost/http/handler';

const request = (url: string, headers: Record<string, string> = {}) => ({ url, headers });

// authLevel and keys: Microsoft's article functions-bindings-http-webhook-trigger.
test('anonymous needs no key', () => {
  expect(isAuthorized(request('/'), 'anonymous', 'k')).toBe(true);
});

test.each(['function', 'admin'] as const)('%s requires the key, the header before the query', (level) => {
  expect(isAuthorized(request('/'), level, 'k')).toBe(false);
  expect(isAuthorized(request('/?code=k'), level, 'k')).toBe(true);
  expect(isAuthorized(request('/?a=1&code=K'), level, 'k')).toBe(false);
  expect(isAuthorized(request('/?code=k', { 'x-functions-key': 'other' }), level, 'k')).toBe(false);
  expect(isAuthorized(request('/', { 'x-functions-key': 'k' }), level, 'k')).toBe(true);
});

test('without a configured key nothing is checked, as in Core Tools', () => {
  expect(isAuthorized(request('/'), 'function', undefined)).toBe(true);
});
