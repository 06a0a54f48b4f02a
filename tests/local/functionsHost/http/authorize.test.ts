import type { IncomingMessage } from 'node:http';
import { authorize } from '../../../../local/functionsHost/http/authorize';

const request = (url: string, headers: Record<string, string> = {}) =>
  ({ url, headers }) as unknown as IncomingMessage;

// authLevel and keys: Microsoft's article functions-bindings-http-webhook-trigger.
test('anonymous needs no key', () => {
  expect(authorize(request('/'), 'anonymous', 'k')).toBe(true);
});

test.each(['function', 'admin'] as const)('%s needs the key, the header first', (level) => {
  expect(authorize(request('/'), level, 'k')).toBe(false);
  expect(authorize(request('/?code=k'), level, 'k')).toBe(true);
  expect(authorize(request('/?a=1&code=K'), level, 'k')).toBe(false);
  expect(authorize(request('/?code=k', { 'x-functions-key': 'other' }), level, 'k')).toBe(false);
  expect(authorize(request('/', { 'x-functions-key': 'k' }), level, 'k')).toBe(true);
});

test('without a configured key nothing is checked, as in Core Tools', () => {
  expect(authorize(request('/'), 'function', undefined)).toBe(true);
});
