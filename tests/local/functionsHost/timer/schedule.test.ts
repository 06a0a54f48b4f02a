import { firesWithinMinute, parseSchedule } from '../../../../local/functionsHost/timer/schedule';

const next = (text: string, after: string, count = 1): string[] => {
  const schedule = parseSchedule(text);
  const times: string[] = [];
  let time = Date.parse(after);
  for (let index = 0; index < count; index++) times.push(new Date((time = schedule.next(time))).toISOString());
  return times;
};

// The examples of the documentation page functions-bindings-timer, "NCRONTAB examples".
test.each([
  ['0 5 * * * *', '2026-03-04T10:07:00Z', '2026-03-04T11:05:00.000Z'],
  ['0 0 * * * *', '2026-03-04T10:00:00Z', '2026-03-04T11:00:00.000Z'],
  ['0 */5 * * * *', '2026-03-04T10:07:31Z', '2026-03-04T10:10:00.000Z'],
  ['0 0 */2 * * *', '2026-03-04T10:00:00Z', '2026-03-04T12:00:00.000Z'],
  ['0 0 9-17 * * *', '2026-03-04T17:00:00Z', '2026-03-05T09:00:00.000Z'],
  ['0 30 9 * * *', '2026-03-04T09:30:00Z', '2026-03-05T09:30:00.000Z'],
  ['0 30 9 * * 1-5', '2026-03-06T09:30:00Z', '2026-03-09T09:30:00.000Z'],
  ['0 30 9 * Jan Mon', '2026-03-04T00:00:00Z', '2027-01-04T09:30:00.000Z'],
  ['5,8,10 * * * * *', '2026-03-04T10:00:05Z', '2026-03-04T10:00:08.000Z'],
  ['0 5/20 * * * *', '2026-03-04T10:26:00Z', '2026-03-04T10:45:00.000Z'],
  ['0 0 0 29 2 *', '2026-03-04T00:00:00Z', '2028-02-29T00:00:00.000Z'],
])('%s after %s is %s', (text, after, expected) => {
  expect(next(text, after)).toEqual([expected]);
});

test('five fields have no second', () => {
  expect(next('*/10 * * * *', '2026-03-04T10:07:00Z', 2)).toEqual([
    '2026-03-04T10:10:00.000Z',
    '2026-03-04T10:20:00.000Z',
  ]);
});

// NCrontab: both must fit, unlike in cron where either is enough.
test('day and weekday must both match', () => {
  expect(next('0 0 0 13 * 5', '2026-01-01T00:00:00Z', 2)).toEqual([
    '2026-02-13T00:00:00.000Z',
    '2026-03-13T00:00:00.000Z',
  ]);
});

test('a time span counts from the last run', () => {
  expect(next('00:05:00', '2026-03-04T10:07:30.500Z')).toEqual(['2026-03-04T10:12:30.500Z']);
});

test.each([
  ['* * * *', 'six fields'],
  ['60 * * * * *', 'field second "60"'],
  ['0 0 24 * * *', 'field hour "24"'],
  ['0 0 0 * * 7', 'field weekday "7"'],
  ['0 0 0 * 13 *', 'field month "13"'],
  ['0 5-2 * * * *', 'field minute "5-2"'],
  ['0 */0 * * * *', 'field minute "*/0"'],
  ['0 x * * * *', 'field minute "x"'],
])('%s is refused: %s', (text, message) => {
  expect(() => parseSchedule(text)).toThrow(message);
});

test('a date that never occurs is refused', () => {
  expect(() => next('0 0 0 31 2 *', '2026-01-01T00:00:00Z')).toThrow('never occurs');
});

// TimerSchedule.cs: no monitor when it fires more than once a minute.
test('more than once a minute is recognised', () => {
  expect(firesWithinMinute(parseSchedule('*/30 * * * * *'), 0)).toBe(true);
  expect(firesWithinMinute(parseSchedule('0 * * * * *'), 0)).toBe(false);
});
