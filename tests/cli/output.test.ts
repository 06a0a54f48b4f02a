import { formatTable, plural } from '../../cli/output';

describe('formatTable', () => {
  it('aligns columns under upper-case headings and leaves no spaces at line ends', () => {
    const rows = [
      ['a', 'long cell', ''],
      ['longer', 'b'],
    ];
    expect(formatTable(['one', 'two', 'three'], rows)).toBe(
      ['ONE     TWO        THREE', 'a       long cell', 'longer  b', ''].join('\n'),
    );
  });
});

it.each([
  [0, '0 watches'],
  [1, '1 watch'],
  [2, '2 watches'],
])('plural of %p is %p', (count, text) => {
  expect(plural(count, 'watch', 'watches')).toBe(text);
});
