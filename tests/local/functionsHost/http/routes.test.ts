import type { HttpFunction } from '../../../../local/functionsHost/functions';
import { compileRoute, createRouter } from '../../../../local/functionsHost/http/routes';

const http = (name: string, route: string, methods: string[]): HttpFunction => ({
  type: 'http',
  name,
  route,
  methods,
  authLevel: 'anonymous',
  inputName: 't',
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

// Route templates and constraints: ASP.NET Core "Routing", Functions "HTTP trigger: customize the endpoint".
test.each([
  ['api/jobs', 'api/Jobs', {}],
  ['api/jobs', 'api/jobs/', {}],
  ['api/jobs', 'api/jobs/1', undefined],
  ['api/jobs', 'api', undefined],
  ['api/{id}', 'api/a%20b', { id: 'a b' }],
  ['api/{id}', 'api', undefined],
  ['api/{id?}', 'api', {}],
  ['api/{id?}', 'api/7', { id: '7' }],
  ['api/{id:int}', 'api/7', { id: '7' }],
  ['api/{id:int}', 'api/x', undefined],
  ['api/{id:int:alpha}', 'api/7', undefined],
  ['api/{id:int?}', 'api/5', { id: '5' }],
  ['api/{id:int?}', 'api', {}],
  ['api/{a}/{*rest}', 'api/1/x/y%2Fz', { a: '1', rest: 'x/y%2Fz' }],
  ['api/{a}/{*rest}', 'api/1', { a: '1' }],
  ['{*all}', '', {}],
  ['api/{g:guid}', 'api/0f8fad5b-d9cb-469f-a165-70867728950e', { g: '0f8fad5b-d9cb-469f-a165-70867728950e' }],
  ['api/{g:guid}', 'api/0f8fad5b', undefined],
  ['api/{c:alpha}', 'api/a1', undefined],
  ['api/{b:bool}', 'api/True', { b: 'True' }],
])('%s on %s gives %j', (template, path, expected) => {
  expect(compileRoute(template).match(path)).toEqual(expected);
});

test('a literal is more specific than a constrained parameter, that than a plain one, that than the rest', () => {
  const ordered = ['a/b', 'a/{x:int}', 'a/{x}', 'a/{*x}'].map((template) => compileRoute(template).precedence);
  expect([...ordered].sort()).toEqual(ordered);
});

test.each(['api/{id', 'api/{id:what}', 'api/{id:min(1)}', 'api/x{id}'])('%s is refused', (template) => {
  expect(() => compileRoute(template)).toThrow();
});
