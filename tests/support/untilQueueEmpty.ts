import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Flow } from './startFlow';

/** Past the 10 minutes that the host keeps a message invisible, and past the ledger's lease and margin (4 minutes). */
export const PAST_LEASES_MS = 11 * 60_000;
const POLL_MS = 40;
/** Between two looks that must both find nothing visible and nothing under way: a message that was just received may not run yet. */
const LOOK_EVERY_MS = 200;

/**
 * Waits until every message of `queues` has been dealt with, hidden ones included. A message that meets a claim returns
 * some minutes later: while all that is left is hidden, the clock is moved past that.
 *
 * @param limitMs a bound on a test that fails, never a measure of one that passes
 */
export async function untilQueueEmpty(
  flow: Flow,
  queues: readonly string[] = ['print-notifications'],
  limitMs = 45_000,
): Promise<void> {
  const endsAt = performance.now() + limitMs;
  let left = 0;
  let quietLooks = 0;
  for (let lookedAt = performance.now(); performance.now() <= endsAt;) {
    const lengths = await Promise.all(queues.map((queue) => flow.queues.length(queue)));
    left = lengths.reduce((sum, length) => sum + length, 0);
    if (left === 0) return flow.untilQuiet();
    if (performance.now() - lookedAt >= LOOK_EVERY_MS) {
      quietLooks = (await isQuiet(flow, queues)) ? quietLooks + 1 : 0;
      if (quietLooks === 2) {
        flow.cloud.clock?.move(PAST_LEASES_MS);
        quietLooks = 0;
      }
      lookedAt = performance.now();
    }
    await delay(POLL_MS);
  }
  throw new Error(`${queues.join(' and ')} still held ${left} messages after ${limitMs} ms`);
}

/** Whether no message is visible and no function runs. */
async function isQuiet(flow: Flow, queues: readonly string[]): Promise<boolean> {
  const visible = await Promise.all(queues.map((queue) => flow.queues.hasVisible(queue)));
  const idle = await Promise.all(flow.cloud.hosts.map((host) => host.waitUntilIdle()));
  return !visible.includes(true) && !idle.includes(false);
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
