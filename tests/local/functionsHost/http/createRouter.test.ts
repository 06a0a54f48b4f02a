import type { HttpFunction } from '../../../../local/functionsHost/describeFunctions';
import { createRouter } from '../../../../local/functionsHost/http/createRouter';

const http = (name: string, route: string, methods: string[]): HttpFunction => ({
  type: 'http',
  name,
  route,
  methods,
  authLevel: 'anonymous',
  inputName: 't',
  target: { metadata: { name, bindings: {} }, callback: () => undefined },
});
const functions = [
  http('rest', '{*rest}', ['GET']),
  http('one', 'jobs/{id}', ['GET']),
  http('open', 'jobs/open', ['POST']),
];

test('the most specific route that takes the method wins, whatever the order of registration', () => {
  const route = createRouter(functions, 'api');
  expect(route('POST', '/api/jobs/open')?.fn.name).toBe('open');
  expect(route('GET', '/api/jobs/open')).toMatchObject({ fn: { name: 'one' }, params: { id: 'open' } });
  expect(route('GET', '/api/jobs/open/more')?.fn.name).toBe('rest');
});

// The method is a route constraint (WebScriptHostHttpRoutesManager.cs), so it is no match and becomes a 404.
test('a known route with another method is no match', () => {
  expect(createRouter(functions, 'api')('DELETE', '/api/jobs/open')).toBeUndefined();
});

test('an empty prefix puts routes at the root', () => {
  expect(createRouter(functions, '')('GET', '/jobs/1')?.fn.name).toBe('one');
});
