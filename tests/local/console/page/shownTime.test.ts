import { shownOffset, shownRemaining } from '../../../../local/console/page/shownTime';

describe('shownOffset', () => {
  it.each([
    [0, '+0 ms'],
    [-3, '+0 ms'],
    [999.4, '+999 ms'],
    [1_000, '+1.00 s'],
    [2_419, '+2.41 s'],
    [59_999, '+59.99 s'],
    [60_000, '+1 min 0 s'],
    [105_000, '+1 min 45 s'],
    [3_600_000, '+1 h 0 min'],
    [5_400_000, '+1 h 30 min'],
  ])('shows %d ms', (ms, shown) => {
    expect(shownOffset(ms)).toBe(shown);
  });
});

describe('shownRemaining', () => {
  it.each([
    [0, 'expired'],
    [-1, 'expired'],
    [1_000, '00:00:01'],
    [86_399_999, '23:59:59'],
    [86_400_000, '1 d 00:00:00'],
    [2 * 86_400_000 + 83_049_000, '2 d 23:04:09'],
  ])('shows %d ms', (ms, shown) => {
    expect(shownRemaining(ms)).toBe(shown);
  });
});
