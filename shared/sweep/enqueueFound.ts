import { formatJobMessage, createTrace, ledgerRowKey, type JobReference } from '../jobs/message';
import { eachBounded } from '../concurrency';
import type { SweepDeps } from './sweepDeps';

/** Sends side by side; a queue takes about 2,000 messages in a second. */
const SENDS_AT_ONCE = 16;

/** How the sweep's memory names a job event. */
export function memoryName(reference: JobReference): string {
  return `${reference.tenantId}/${ledgerRowKey(reference)}`;
}

/**
 * Puts what was found on the queue print-notifications, as a notification of Graph would have been.
 *
 * @throws the queue's error, once every send under way has ended; what was sent is remembered as such
 */
export async function enqueueFound(
  deps: Pick<SweepDeps, 'jobs' | 'memory' | 'clock' | 'randomBytes'>,
  found: readonly JobReference[],
): Promise<void> {
  if (found.length === 0) return;
  const { nextTraceparent } = createTrace(deps.randomBytes);
  const now = deps.clock.now();
  const receivedAt = new Date(now).toISOString();
  await eachBounded(SENDS_AT_ONCE, found, async (reference) => {
    const traceparent = nextTraceparent();
    await deps.jobs.send(formatJobMessage({ reference, foundBy: 'sweep', receivedAt, traceparent, deferrals: 0 }));
    deps.memory.note(memoryName(reference), now);
  });
}
