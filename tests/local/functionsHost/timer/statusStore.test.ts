import { fromStatusJson, toStatusJson } from '../../../../local/functionsHost/timer/statusStore';

// Shape: StorageScheduleMonitor.cs, ScheduleStatus{Last,Next,LastUpdated}.
const status = {
  last: undefined,
  next: Date.parse('2026-03-04T11:00:00Z'),
  lastUpdated: Date.parse('2026-03-04T10:00:00Z'),
};

test('a status is ISO text, and .NET default where it never ran', () => {
  expect(toStatusJson(status)).toEqual({
    Last: '0001-01-01T00:00:00',
    Next: '2026-03-04T11:00:00.000Z',
    LastUpdated: '2026-03-04T10:00:00.000Z',
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
