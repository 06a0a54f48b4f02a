import { isInSpan, isZone, wallClock } from '../../../shared/rules/localTime';

const at = (time: string, zone = 'Europe/Berlin') => wallClock(Date.parse(time), zone);

test('the local time follows the zone, and its summer time', () => {
  expect(at('2026-11-27T16:05:30Z')).toEqual({ day: 'Fri', minute: 17 * 60 + 5 });
  expect(at('2026-07-03T16:05:00Z')).toEqual({ day: 'Fri', minute: 18 * 60 + 5 });
  expect(at('2026-11-27T23:00:00Z')).toEqual({ day: 'Sat', minute: 0 });
  expect(at('2026-11-27T20:00:00Z', 'Asia/Kolkata')).toEqual({ day: 'Sat', minute: 90 });
  expect(at('2026-11-27T02:00:00Z', 'America/New_York')).toEqual({ day: 'Thu', minute: 21 * 60 });
});

test('the hour that is repeated at the end of summer time counts twice', () => {
  // Europe/Berlin, 25 October 2026: 03:00 becomes 02:00.
  expect(at('2026-10-25T00:30:00Z')).toEqual(at('2026-10-25T01:30:00Z'));
});

test.each([
  ['Fri 08:00, the first minute', '2026-11-27T07:00:00Z', true],
  ['Fri 17:59, the last one', '2026-11-27T16:59:59Z', true],
  ['Fri 18:00, the end', '2026-11-27T17:00:00Z', false],
  ['Sat 12:00, another day', '2026-11-28T11:00:00Z', false],
])('08:00 to 18:00 on Friday: %s', (_name, time, expected) => {
  expect(isInSpan(at(time), { from: '08:00', to: '18:00', days: ['Fri'] })).toBe(expected);
});

// What follows midnight belongs to the day on which the span started.
test.each([
  ['Fri 21:59', '2026-11-27T20:59:00Z', false],
  ['Fri 22:00', '2026-11-27T21:00:00Z', true],
  ['Sat 05:59, still the night of Friday', '2026-11-28T04:59:00Z', true],
  ['Sat 06:00', '2026-11-28T05:00:00Z', false],
  ['Fri 05:00, the night of Thursday', '2026-11-27T04:00:00Z', false],
  ['Sat 22:00, the night of Saturday', '2026-11-28T21:00:00Z', false],
])('22:00 to 06:00 on Friday: %s', (_name, time, expected) => {
  expect(isInSpan(at(time), { from: '22:00', to: '06:00', days: ['Fri'] })).toBe(expected);
});

test('the night of Sunday ends on Monday', () => {
  expect(isInSpan(at('2026-11-30T04:00:00Z'), { from: '22:00', to: '06:00', days: ['Sun'] })).toBe(true);
});

test('days alone mean whole days, and 24:00 is the end of one', () => {
  expect(isInSpan(at('2026-11-27T22:59:00Z'), { days: ['Fri'] })).toBe(true);
  expect(isInSpan(at('2026-11-27T22:59:00Z'), { from: '18:00', to: '24:00' })).toBe(true);
  expect(isInSpan(at('2026-11-27T23:00:00Z'), { from: '18:00', to: '24:00' })).toBe(false);
});

test('zones are those of the IANA database', () => {
  expect(['Europe/Berlin', 'UTC', 'Etc/GMT+1', 'Mars/Phobos', '+01:00', ''].map(isZone)).toEqual([
    ...[true, true, true],
    ...[false, false, false],
  ]);
});
