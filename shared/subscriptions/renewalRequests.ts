import { createCache } from '../cache';
import type { Clock } from '../clock';
import type { MessageQueue } from '../storage/queues';
import { watchRowKey, type WatchKey } from '../watches/watches';
import { formatSubscriptionMessage } from './message';
import { PATCH_SPACING_MS } from './plan';

/** Requests the renewal of a watch's subscription. */
export type RequestRenewal = (watch: WatchKey, traceparent: string) => Promise<void>;

/** A bound on memory. One instance sees far fewer expiring watches within ten minutes. */
const MOST_REMEMBERED = 5_000;

/**
 * Requests renewals through the queue subscription-events, at most once in ten minutes for each watch. Otherwise every job
 * of a burst would send a request, and PATCH is not allowed more often.
 */
export function createRequestRenewal(deps: { queue: MessageQueue; clock: Pick<Clock, 'now'> }): RequestRenewal {
  const requested = createCache<true>({ most: MOST_REMEMBERED, keepMs: PATCH_SPACING_MS - 1, clock: deps.clock });
  return async ({ tenantId, kind, id }, traceparent) => {
    const rowKey = watchRowKey({ kind, id });
    const name = `${tenantId}/${rowKey}`;
    if (requested.has(name)) return;
    requested.set(name, true);
    const receivedAt = new Date(deps.clock.now()).toISOString();
    try {
      await deps.queue.send(formatSubscriptionMessage({ kind: 'renew', tenantId, rowKey, receivedAt, traceparent }));
    } catch (error) {
      requested.delete(name);
      throw error;
    }
  };
}
