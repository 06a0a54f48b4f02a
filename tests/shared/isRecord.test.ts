import { isRecord } from '../../shared/isRecord';

it.each([
  [{}, true],
  [{ a: 1 }, true],
  [null, false],
  [undefined, false],
  [[], false],
  ['x', false],
  [1, false],
])('%j: %p', (value, expected) => {
  expect(isRecord(value)).toBe(expected);
});
