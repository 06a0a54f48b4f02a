import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GRAPH_CALL_LIMIT_MS } from '../../../shared/graph/throttle';
import { createSweepTime, SWEEP_RUN_MS } from '../../../shared/sweep/sweepRun';
import { createFakeClock } from '../../support/createFakeClock';

const MINUTE = 60_000;

it('ends so early that a call that has just begun, and a minute of storing, fit before the host ends the run', () => {
  const host = JSON.parse(readFileSync(join(__dirname, '../../../host.json'), 'utf8')) as {
    functionTimeout: string;
  };
  const [hours = 0, minutes = 0, seconds = 0] = host.functionTimeout.split(':').map(Number);
  const timeoutMs = ((hours * 60 + minutes) * 60 + seconds) * 1_000;
  expect(SWEEP_RUN_MS + GRAPH_CALL_LIMIT_MS + MINUTE).toBeLessThanOrEqual(timeoutMs);
});

it('is up when the run has lasted that long', () => {
  const clock = createFakeClock();
  const time = createSweepTime(clock, { runMs: 8 * MINUTE, rounds: () => 1 });
  expect(time.startedAt).toBe(clock.now());
  clock.advance(8 * MINUTE - 1);
  expect(time.isUp()).toBe(false);
  clock.advance(1);
  expect(time.isUp()).toBe(true);
  expect(time.spreadMs()).toBe(0);
});

it('is shared by the tenants that are still to come', () => {
  const clock = createFakeClock();
  let rounds = 4;
  const time = createSweepTime(clock, { runMs: 8 * MINUTE, rounds: () => rounds });
  expect(time.spreadMs()).toBe(MINUTE);
  clock.advance(4 * MINUTE);
  expect(time.spreadMs()).toBe(MINUTE / 2);
  rounds = 1;
  expect(time.spreadMs()).toBe(2 * MINUTE);
});

it('never ends where nobody ends the run', () => {
  const clock = createFakeClock();
  const time = createSweepTime(clock, { runMs: Infinity, rounds: () => 9 });
  clock.advance(24 * 60 * MINUTE);
  expect(time.isUp()).toBe(false);
  expect(time.spreadMs()).toBe(Infinity);
});
