import { createSweepMemory } from '../../../shared/sweep/sweepRun';

const HOUR = 60 * 60_000;

it('counts how often and remembers when', () => {
  const memory = createSweepMemory();
  expect(memory.get('a')).toBeUndefined();
  memory.note('a', 1);
  memory.note('a', 2);
  expect(memory.get('a')).toEqual({ times: 2, at: 2 });
});

it('forgets what was not brought back for three hours, longer than the longest spacing', () => {
  const memory = createSweepMemory();
  memory.note('old', 0);
  memory.note('kept', 1);
  memory.note('new', 3 * HOUR);
  expect(memory.get('old')).toBeUndefined();
  expect(memory.get('kept')).toEqual({ times: 1, at: 1 });
});

it('holds a bounded number, the newest', () => {
  const memory = createSweepMemory(2);
  for (const name of ['a', 'b', 'a', 'c']) memory.note(name, 0);
  expect(memory.get('b')).toBeUndefined();
  expect(memory.get('a')?.times).toBe(2);
  expect(memory.get('c')?.times).toBe(1);
});
