import { createAlarm } from '../../../local/functionsHost/alarm';

beforeEach(() => jest.useFakeTimers({ doNotFake: ['Date'] }));
afterEach(() => jest.useRealTimers());

test('it follows its clock, also after a jump of days', () => {
  let time = 0;
  const alarm = createAlarm(() => time);
  const rung: string[] = [];
  alarm.at(3 * 86_400_000, () => rung.push('in three days'));
  const cancel = alarm.at(1, () => rung.push('cancelled'));
  cancel();
  jest.advanceTimersByTime(1_000);
  expect(rung).toEqual([]);
  time = 3 * 86_400_000;
  jest.advanceTimersByTime(200);
  expect(rung).toEqual(['in three days']);
  jest.advanceTimersByTime(1_000);
  expect(rung).toHaveLength(1);
  alarm.stop();
  expect(jest.getTimerCount()).toBe(0);
});
