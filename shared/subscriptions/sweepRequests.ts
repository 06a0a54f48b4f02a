import type { Clock } from '../clock';
import type { MessageQueue } from '../storage/queues';
import { watchRowKey, type WatchKey, type Watches } from '../watches/watches';
import { formatSubscriptionMessage } from './message';

/** Requests a sweep of a watch soon. */
export type RequestSweep = (watch: WatchKey, traceparent: string) => Promise<void>;

/**
 * Requests a sweep of a watch for a job whose message cannot be used, because its clientState was revoked since. The row says
 * that a sweep is wanted before the message is sent: where the message is lost, the timer that renews subscriptions sweeps
 * the watch. While one is wanted, further requests are part of it.
 *
 * @throws errors of storage
 */
export function createRequestSweep(deps: {
  watches: Pick<Watches, 'update'>;
  queue: MessageQueue;
  clock: Pick<Clock, 'now'>;
}): RequestSweep {
  return async (watch, traceparent) => {
    const sweepWanted = new Date(deps.clock.now()).toISOString();
    let isWanted = false;
    const stored = await deps.watches.update(watch, (row) => {
      isWanted = row.sweepWanted !== undefined;
      return isWanted ? row : { ...row, sweepWanted };
    });
    if (stored && !isWanted) await sendSweepRequest(deps, watch, traceparent);
  };
}

/** Sends the message for a watch whose row says that a sweep is wanted. */
export async function sendSweepRequest(
  { queue, clock }: { queue: MessageQueue; clock: Pick<Clock, 'now'> },
  { tenantId, kind, id }: WatchKey,
  traceparent: string,
): Promise<void> {
  const rowKey = watchRowKey({ kind, id });
  const receivedAt = new Date(clock.now()).toISOString();
  await queue.send(formatSubscriptionMessage({ kind: 'sweep', tenantId, rowKey, receivedAt, traceparent }));
}
