import { resolveSettings } from '../../../../local/functionsHost/settings/resolveSettings';

// %NAME% in a binding: Microsoft's article functions-bindings-expressions-patterns (app settings).
test('each %NAME% becomes the app setting', () => {
  expect(resolveSettings('%A%-%B%', { A: 'x', B: 'y' })).toBe('x-y');
  expect(resolveSettings('0 0 * * * *', {})).toBe('0 0 * * * *');
});

test('a missing setting is named', () => {
  expect(() => resolveSettings('%GONE%', {})).toThrow('add the app setting GONE');
});
