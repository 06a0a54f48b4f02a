import { compileRoute } from '../../../../local/functionsHost/http/compileRoute';

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
  ['api/{id:int:min(5)?}', 'api/4', undefined],
  ['api/{id:int:min(5)?}', 'api/5', { id: '5' }],
  ['api/{id:int:min(5)?}', 'api', {}],
  ['api/{a}/{*rest}', 'api/1/x/y%2Fz', { a: '1', rest: 'x/y/z' }],
  ['api/{a}/{*rest}', 'api/1', { a: '1' }],
  ['{*all}', '', {}],
  ['api/{g:guid}', 'api/0f8fad5b-d9cb-469f-a165-70867728950e', { g: '0f8fad5b-d9cb-469f-a165-70867728950e' }],
  ['api/{g:guid}', 'api/0f8fad5b', undefined],
  ['api/{c:length(2,3)}', 'api/abcd', undefined],
  ['api/{c:regex(^a[0-9]$)}', 'api/a7', { c: 'a7' }],
  ['api/{c:range(1,9)}', 'api/10', undefined],
  ['api/{c:alpha}', 'api/a1', undefined],
  ['api/{b:bool}', 'api/True', { b: 'True' }],
])('%s on %s gives %j', (template, path, expected) => {
  expect(compileRoute(template).match(path)).toEqual(expected);
});

test('a literal is more specific than a constrained parameter, that than a plain one, that than the rest', () => {
  const ordered = ['a/b', 'a/{x:int}', 'a/{x}', 'a/{*x}'].map(
    (template) => compileRoute(template).precedence,
  );
  expect([...ordered].sort()).toEqual(ordered);
});

test.each(['api/{id', 'api/{id:what}', 'api/{id:what(1)}', 'api/x{id}'])('%s cannot be read', (template) => {
  expect(() => compileRoute(template)).toThrow();
});
