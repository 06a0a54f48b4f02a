import { plural } from '../../cli/output';

it.each([
  [0, '0 watches'],
  [1, '1 watch'],
  [2, '2 watches'],
])('plural of %p is %p', (count, text) => {
  expect(plural(count, 'watch', 'watches')).toBe(text);
});
