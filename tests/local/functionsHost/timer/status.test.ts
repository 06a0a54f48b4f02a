import { parseSchedule } from '../../../../local/functionsHost/timer/schedule';
import { decidePastDue, fromStatusJson, toStatusJson } from '../../../../local/functionsHost/timer/status';

const at = (text: string) => Date.parse(`2026-03-04T${text}Z`);
const hourly = parseSchedule('0 0 * * * *');
const stored = { last: at('10:00:00'), next: at('11:00:00'), lastUpdated: at('10:00:00') };

// ScheduleMonitor.cs, TimerListener.cs of azure-webjobs-sdk-extensions.
test('a timer never seen is not past due and gets a first status', () => {
  expect(decidePastDue(hourly, undefined, at('10:30:00'))).toEqual({
    pastDue: false,
    changed: true,
    status: { last: undefined, next: at('11:00:00'), lastUpdated: at('10:30:00') },
  });
});

test('before its next occurrence nothing is due', () => {
  expect(decidePastDue(hourly, stored, at('10:59:59'))).toEqual({
    pastDue: false,
    changed: false,
    status: stored,
  });
});

test('however many were missed, it is past due once', () => {
  expect(decidePastDue(hourly, stored, at('20:00:00'))).toEqual({
    pastDue: true,
    changed: false,
    status: stored,
  });
});

test('a changed schedule never counts as past due', () => {
  const daily = parseSchedule('0 0 3 * * *');
  expect(decidePastDue(daily, stored, at('20:00:00'))).toMatchObject({
    pastDue: false,
    changed: true,
    status: { next: Date.parse('2026-03-05T03:00:00Z') },
  });
});

// Shape: StorageScheduleMonitor.cs, ScheduleStatus{Last,Next,LastUpdated}.
const status = {
  last: undefined,
  next: Date.parse('2026-03-04T11:00:00Z'),
  lastUpdated: Date.parse('2026-03-04T10:00:00Z'),
};

test('a status is ISO text, and .NET default where it never ran', () => {
  expect(toStatusJson(status)).toEqual({
    Last: '0001-01-01T00:00:00',
    Next: '2026-03-04T11:00:00+00:00',
    LastUpdated: '2026-03-04T10:00:00+00:00',
  });
});

test('what was written is read back', () => {
  expect(fromStatusJson(JSON.stringify(toStatusJson(status)))).toEqual(status);
  expect(fromStatusJson(JSON.stringify(toStatusJson({ ...status, last: 0 })))).toEqual({
    ...status,
    last: 0,
  });
});

test.each(['', '[]', '{}', '{"Next":"x","LastUpdated":"y"}', 'null'])('%j counts as never seen', (text) => {
  expect(fromStatusJson(text)).toBeUndefined();
});
