import { errorFields, ReceiverError } from '../errors';
import { GraphError } from '../graph/graphError';
import { watchRowKey } from '../watches/watchKey';
import type { StoredWatch, Watch } from '../watches/watches';
import { retryDelay } from './retryDelay';
import type { Granted } from './subscriptionCalls';
import type { SubscriptionDeps } from './subscriptionDeps';

/** How one look at one watch ended. */
export interface WatchResult {
  /** `busy`: somebody else changed the row meanwhile, and it is theirs to finish. */
  outcome: 'nothing' | 'created' | 'renewed' | 'failed' | 'busy';
  /** The watch as it stands now. */
  watch: Watch;
  /** Graph throttles this tenant: whatever comes next for it would be refused too. */
  throttled?: true;
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
  const throttled = error instanceof GraphError && error.code === 'graphThrottled';
  return { outcome: 'failed', watch: failed, ...(throttled ? { throttled } : {}) };
}

/** Messages of our own errors are safe to store; others may quote their input. */
function describe(error: unknown): string {
  if (error instanceof ReceiverError) return error.message;
  return `Unexpected ${error instanceof Error ? error.name : 'error'}: the log has its place in the code`;
}
