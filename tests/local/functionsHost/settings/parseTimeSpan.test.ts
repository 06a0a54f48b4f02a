import { parseTimeSpan } from '../../../../local/functionsHost/settings/parseTimeSpan';

// .NET "Standard TimeSpan format strings", constant format [-][d.]hh:mm:ss[.fffffff].
test.each([
  ['00:00:30', 30_000],
  ['00:00:00.1', 100],
  ['00:00:02.0500000', 2_050],
  ['01:02', 3_720_000],
  ['1.00:00:00', 86_400_000],
])('%s is %d ms', (text, expected) => {
  expect(parseTimeSpan(text)).toBe(expected);
});

test.each(['30', '', '24:00:00', '00:60:00', '0 0 * * * *'])('%j is no time span', (text) => {
  expect(parseTimeSpan(text)).toBeUndefined();
});
