import { setTimeout as delay } from 'node:timers/promises';
import type { Flow } from './startFlow';

/** Past the 10 minutes that the host keeps a message invisible, and past the ledger's lease and margin (4 minutes). */
export const PAST_LEASES_MS = 11 * 60_000;
const POLL_MS = 40;
/** Between two moves of the clock: time for what came back to be worked on. */
const MOVE_EVERY_MS = 4_000;

/**
 * Waits until every message of `queues` has been dealt with, hidden ones included. A message that meets a claim returns
 * four minutes later: the clock is moved past that as often as it takes.
 *
 * @param limitMs a bound on a test that fails, never a measure of one that passes
 */
export async function untilQueueEmpty(
  flow: Flow,
  queues: readonly string[] = ['print-notifications'],
  limitMs = 45_000,
): Promise<void> {
  let left = 0;
  for (let waited = 0; waited <= limitMs; waited += POLL_MS) {
    const lengths = await Promise.all(queues.map((queue) => flow.queues.length(queue)));
    left = lengths.reduce((sum, length) => sum + length, 0);
    if (left === 0) return flow.untilQuiet();
    if (waited > 0 && waited % MOVE_EVERY_MS === 0) flow.cloud.clock?.move(PAST_LEASES_MS);
    await delay(POLL_MS);
  }
  throw new Error(`${queues.join(' and ')} still held ${left} messages after ${limitMs} ms`);
}

/**
 * Waits until no message of jobs is left, those included that wait in the queue without a trigger: a message that meets a
 * claim waits there for more than a minute, and the timer of every minute brings it back.
 */
export async function untilNothingWaits(flow: Flow, limitMs: number): Promise<void> {
  await untilQueueEmpty(flow, ['print-notifications'], limitMs);
  while ((await flow.queues.length('print-notifications-waiting')) > 0) {
    flow.cloud.clock?.move(PAST_LEASES_MS);
    await flow.runNow('recoverJobs');
    await untilQueueEmpty(flow, ['print-notifications'], limitMs);
  }
}
