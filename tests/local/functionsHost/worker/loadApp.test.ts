import { globToRegExp } from '../../../../local/functionsHost/worker/loadApp';

// The form of `main`: startApp.ts of azure-functions-nodejs-worker.
test.each([
  ['dist/src/{index.js,functions/*.js}', 'dist/src/index.js', true],
  ['dist/src/{index.js,functions/*.js}', 'dist/src/functions/a.js', true],
  ['dist/src/{index.js,functions/*.js}', 'dist/src/functions/deep/a.js', false],
  ['dist/**/*.js', 'dist/a.js', true],
  ['dist/**/*.js', 'dist/x/y/a.js', true],
  ['dist/*.js', 'dist/a_js', false],
  ['./a?.mjs', 'ab.mjs', true],
])('%s on %s: %s', (glob, path, expected) => {
  expect(globToRegExp(glob).test(path)).toBe(expected);
});
