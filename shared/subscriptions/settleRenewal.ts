import type { PartResult } from '../graph/batch';
import { GraphError } from '../graph/errors';
import type { StoredWatch, Watch } from '../watches/watches';
import { readRenewal, type Granted } from './subscriptionCalls';
import type { SubscriptionDeps } from './subscriptionDeps';
import { recordFailure, recordSuccess, type WatchResult } from './watchResult';

/**
 * The row after a PATCH that was sent at `sentAt` (milliseconds since 1970), or undefined when it did not succeed:
 * `settleRenewal` then says what follows.
 */
export function readRenewed(
  watch: Watch & { subscriptionId: string },
  result: PartResult,
  sentAt: number,
): Watch | undefined {
  try {
    return recordSuccess(watch, readRenewal(result, watch.subscriptionId), sentAt);
  } catch {
    return undefined;
  }
}

/**
 * Writes what became of a PATCH that was sent at `sentAt` (milliseconds since 1970) onto its row. `lost`: Graph has no
 * such subscription, a new one is to be created (api/subscription-update.md). Rejects only when storage fails.
 */
export async function settleRenewal(
  deps: SubscriptionDeps,
  stored: StoredWatch & { watch: { subscriptionId: string } },
  result: PartResult,
  sentAt: number,
): Promise<WatchResult | 'lost'> {
  const { watch, etag } = stored;
  let granted: Granted;
  try {
    granted = readRenewal(result, watch.subscriptionId);
  } catch (error) {
    if (error instanceof GraphError && error.code === 'graphNotFound') return 'lost';
    return recordFailure(deps, stored, error);
  }
  const renewed = recordSuccess(watch, granted, sentAt);
  // Written once, after the answer: a write that is lost costs one more PATCH in the next run.
  return (await deps.watches.save(renewed, etag)) === undefined
    ? { outcome: 'busy', watch }
    : { outcome: 'renewed', watch: renewed };
}
