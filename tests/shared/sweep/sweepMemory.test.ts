import { createSweepMemory } from '../../../shared/sweep/sweepMemory';
import { createFakeClock } from '../../support/createFakeClock';

const HOUR = 60 * 60_000;

it('counts how often a job event was enqueued, and keeps the last time', () => {
  const clock = createFakeClock(1_000);
  const memory = createSweepMemory(clock);
  expect(memory.get('a')).toBeUndefined();
  memory.note('a');
  clock.advance(1);
  memory.note('a');
  expect(memory.get('a')).toEqual({ times: 2, at: 1_001 });
});

it('keeps a job event for three hours, longer than the longest spacing', () => {
  const clock = createFakeClock(1_000);
  const memory = createSweepMemory(clock);
  memory.note('old');
  clock.advance(1);
  memory.note('kept');
  clock.advance(3 * HOUR);
  expect(memory.get('old')).toBeUndefined();
  expect(memory.get('kept')).toEqual({ times: 1, at: 1_001 });
});

it('keeps a bounded number, the newest', () => {
  const memory = createSweepMemory(createFakeClock(), 2);
  for (const name of ['a', 'b', 'a', 'c']) memory.note(name);
  expect(memory.get('b')).toBeUndefined();
  expect(memory.get('a')?.times).toBe(2);
  expect(memory.get('c')?.times).toBe(1);
});
