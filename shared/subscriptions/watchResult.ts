import { errorFields, ReceiverError, type ErrorCode } from '../errors';
import { GraphError } from '../graph/graphError';
import { watchRowKey } from '../watches/watchKey';
import type { StoredWatch, Watch } from '../watches/watches';
import { retryDelay } from './retryDelay';
import type { Granted } from './subscriptionCalls';
import type { SubscriptionDeps } from './subscriptionDeps';

/** Failures that do not come from the watch: the same would meet every other watch of its tenant. */
const BLOCKS_TENANT = new Set<ErrorCode>(['graphThrottled', 'graphUnavailable', 'tokenFailed']);

/** How one look at one watch ended. */
export interface WatchResult {
  /** `busy`: somebody else changed the row meanwhile, and it is theirs to finish. */
  outcome: 'nothing' | 'created' | 'renewed' | 'failed' | 'busy';
  /** The watch as it stands now. */
  watch: Watch;
  /** Graph throttles the tenant, does not answer for it, or there is no token: its other watches would fail too. */
  tenantBlocked?: true;
}

/** The row after a POST or PATCH that was sent at `sentAt` (milliseconds since 1970) and succeeded. */
export function recordSuccess(watch: Watch, granted: Granted, sentAt: number): Watch {
  const renewed: Watch = {
    ...watch,
    ...granted,
    renewedAt: new Date(sentAt).toISOString(),
    failures: 0,
  };
  delete renewed.lastError;
  delete renewed.nextTryAt;
  return renewed;
}

/** Writes a failure in words and the time of the next try onto the row, and logs it. */
export async function recordFailure(
  { watches, clock, random, logger }: Pick<SubscriptionDeps, 'watches' | 'clock' | 'random' | 'logger'>,
  { watch, etag }: StoredWatch,
  error: unknown,
): Promise<WatchResult> {
  const failures = watch.failures + 1;
  const delay = retryDelay(failures, random(), error instanceof GraphError ? error.retryAfterMs : undefined);
  const failed: Watch = {
    ...watch,
    failures,
    lastError: describe(error),
    nextTryAt: new Date(clock.now() + delay).toISOString(),
  };
  logger.warn('subscription.failed', {
    ...errorFields(error),
    tenantId: watch.tenantId,
    watch: watchRowKey(watch),
    failures,
    nextTryAt: failed.nextTryAt,
  });
  await watches.save(failed, etag);
  const tenantBlocked = error instanceof ReceiverError && BLOCKS_TENANT.has(error.code);
  return { outcome: 'failed', watch: failed, ...(tenantBlocked ? { tenantBlocked } : {}) };
}

/** Messages of our own errors are safe to store; others may quote their input. */
function describe(error: unknown): string {
  if (error instanceof ReceiverError) return error.message;
  return `Unexpected ${error instanceof Error ? error.name : 'error'}: the log has its place in the code`;
}
