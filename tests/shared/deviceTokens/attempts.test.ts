import { createRefuseAttempt } from '../../../shared/deviceTokens/attempts';
import { createFakeClock } from '../../support/createFakeClock';

async function delaysOf(count: number, callerOf: (attempt: number) => string) {
  const clock = createFakeClock();
  const refuse = createRefuseAttempt(clock);
  const delays: number[] = [];
  for (let attempt = 0; attempt < count; attempt += 1) {
    const before = clock.now();
    await refuse(callerOf(attempt));
    delays.push(clock.now() - before);
  }
  return { clock, refuse, delays };
}

it('delays a caller longer with each refused attempt, and another caller not at all', async () => {
  const { clock, refuse, delays } = await delaysOf(11, () => 'a');
  expect(delays).toEqual([0, 0, 0, 0, 0, 250, 500, 1_000, 2_000, 4_000, 4_000]);
  const before = clock.now();
  expect(await refuse('b')).toEqual({ outcome: 'delayed', attempts: 1, total: 12 });
  expect(clock.now()).toBe(before);
});

it('forgets after a minute', async () => {
  const { clock, refuse } = await delaysOf(6, () => 'a');
  clock.advance(60_000);
  expect(await refuse('a')).toEqual({ outcome: 'delayed', attempts: 1, total: 1 });
});

it('delays every refused attempt once there are many from many addresses, more than are remembered', async () => {
  const { delays } = await delaysOf(1_200, (attempt) => `caller ${attempt}`);
  // Each delay takes time of the clock, and after a minute the count begins again.
  expect(delays.slice(0, 102)).toEqual([...Array.from({ length: 100 }, () => 0), 4_000, 4_000]);
});

it('delays a bounded number at a time, and answers the rest at once', async () => {
  const clock = createFakeClock();
  const wake: (() => void)[] = [];
  const refuse = createRefuseAttempt({ ...clock, sleep: () => new Promise((resolve) => wake.push(resolve)) });
  for (let attempt = 0; attempt < 5; attempt += 1) await refuse('a');
  const delayed = Array.from({ length: 16 }, () => refuse('a'));
  expect(await refuse('a')).toEqual({ outcome: 'tooMany', attempts: 22, total: 22 });
  for (const resolve of wake) resolve();
  for (const one of await Promise.all(delayed)) expect(one.outcome).toBe('delayed');
  const next = refuse('a');
  wake.at(-1)?.();
  expect(await next).toMatchObject({ outcome: 'delayed' });
});
