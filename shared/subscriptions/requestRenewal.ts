import type { Clock } from '../clock';
import type { MessageQueue } from '../storage/queues';
import { watchRowKey, type WatchKey } from '../watches/watchKey';
import { formatSubscriptionMessage } from './message';
import { PATCH_SPACING_MS } from './plan';

export type RequestRenewal = (watch: WatchKey, traceparent: string) => Promise<void>;

/** A bound on memory; one instance sees far fewer watches near their end within ten minutes. */
const MOST_REMEMBERED = 5_000;

/**
 * Asks for the renewal of a watch's subscription through the queue subscription-events, once in ten minutes for each
 * watch: a burst of jobs would otherwise ask with every one of them, and a PATCH may not come more often.
 */
export function createRequestRenewal(deps: {
  queue: MessageQueue;
  clock: Pick<Clock, 'now'>;
}): RequestRenewal {
  const askedAt = new Map<string, number>();
  return async (watch, traceparent) => {
    const rowKey = watchRowKey(watch);
    const name = `${watch.tenantId}/${rowKey}`;
    const now = deps.clock.now();
    if (now - (askedAt.get(name) ?? -Infinity) < PATCH_SPACING_MS) return;
    if (askedAt.size >= MOST_REMEMBERED) askedAt.clear();
    askedAt.set(name, now);
    const { tenantId } = watch;
    const receivedAt = new Date(now).toISOString();
    try {
      await deps.queue.send(
        formatSubscriptionMessage({ kind: 'renew', tenantId, rowKey, receivedAt, traceparent }),
      );
    } catch (error) {
      askedAt.delete(name);
      throw error;
    }
  };
}
