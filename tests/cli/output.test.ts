import { formatTable } from '../../cli/output';

describe('formatTable', () => {
  it('aligns columns under upper-case headings and leaves no blanks at line ends', () => {
    const rows = [
      ['a', 'long cell', ''],
      ['longer', 'b'],
    ];
    expect(formatTable(['one', 'two', 'three'], rows)).toBe(
      ['ONE     TWO        THREE', 'a       long cell', 'longer  b', ''].join('\n'),
    );
  });
});
