import { errorFields, ReceiverError } from '../errors';
import { GraphError, wasNotSent } from '../graph/errors';
import { watchRowKey } from '../watches/watchKey';
import type { StoredWatch, Watch } from '../watches/watches';
import { retryDelayMs } from '../backoff';
import type { Granted } from './subscriptionCalls';
import type { SubscriptionDeps } from './subscriptionDeps';

/** How one look at one watch ended. */
export interface WatchResult {
  /** `busy`: somebody else changed the row meanwhile, and it is theirs to finish. */
  outcome: 'nothing' | 'created' | 'renewed' | 'replaced' | 'removed' | 'failed' | 'busy';
  /** The watch as it stands now; of one that was removed, as it stood. */
  watch: Watch;
  /** Its new subscription came after an earlier one, and jobs of the time between were not notified: sweep it. */
  sweep?: true;
  /** What this failure says about the other watches of the tenant. */
  trouble?: Trouble;
}

/**
 * `throttled` and `noToken`: whatever comes next for this tenant would fail too. `refused`: so too, until a person acts
 * (consent or credential). `forbidden`: a permission is missing, perhaps not for every kind of watch. `unavailable`:
 * Graph did not serve this one. `rejected`: Graph had a fault to find with the request, such as a URL that did not
 * answer its handshake.
 */
export type Trouble = 'throttled' | 'noToken' | 'refused' | 'forbidden' | 'unavailable' | 'rejected';

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
  delete renewed.retryAfterUntil;
  return renewed;
}

/** Writes a failure in words and the time of the next try onto the row, and logs it. */
export async function recordFailure(
  { watches, clock, random, logger }: Pick<SubscriptionDeps, 'watches' | 'clock' | 'random' | 'logger'>,
  { watch, etag }: StoredWatch,
  error: unknown,
): Promise<WatchResult> {
  const retryAfterMs = error instanceof GraphError ? error.retryAfterMs : undefined;
  // A call that a pause of the tenant kept back is no failure of this watch: it waits for the pause and no longer.
  const isKeptBack = wasNotSent(error) && retryAfterMs !== undefined;
  const failures = isKeptBack ? watch.failures : watch.failures + 1;
  const timeIn = (ms: number) => new Date(clock.now() + Math.ceil(ms)).toISOString();
  const { retryAfterUntil: _before, ...asBefore } = watch;
  const failed: Watch = {
    ...asBefore,
    failures,
    lastError: describeError(error),
    nextTryAt: timeIn(isKeptBack ? retryAfterMs : retryDelayMs(failures, random(), retryAfterMs)),
    ...(retryAfterMs === undefined ? {} : { retryAfterUntil: timeIn(retryAfterMs) }),
  };
  logger.warn('subscription.failed', {
    ...errorFields(error),
    tenantId: watch.tenantId,
    watch: watchRowKey(watch),
    failures,
    nextTryAt: failed.nextTryAt,
  });
  await watches.save(failed, etag);
  const trouble = troubleOf(error);
  return { outcome: 'failed', watch: failed, ...(trouble ? { trouble } : {}) };
}

/** Logs a result that is no failure; `recordFailure` has logged those. */
export function logResult(
  { logger }: Pick<SubscriptionDeps, 'logger'>,
  { outcome, watch }: WatchResult,
): void {
  if (outcome === 'failed' || outcome === 'nothing') return;
  const { tenantId, expirationDateTime } = watch;
  logger.info(`subscription.${outcome}`, {
    tenantId,
    watch: watchRowKey(watch),
    expires: expirationDateTime,
  });
}

/** What an error says about the rest of its tenant, if anything. */
export function troubleOf(error: unknown): Trouble | undefined {
  if (!(error instanceof ReceiverError)) return undefined;
  switch (error.code) {
    case 'tokenUnavailable':
      return 'noToken';
    case 'tokenRefused':
    case 'graphUnauthorized':
      return 'refused';
    case 'graphForbidden':
      return 'forbidden';
    case 'graphThrottled':
      return 'throttled';
    case 'graphUnavailable':
      return 'unavailable';
    case 'graphRejected':
      return 'rejected';
    default:
      return undefined;
  }
}

/** Messages of our own errors are safe to store; others may quote their input. */
export function describeError(error: unknown): string {
  if (error instanceof ReceiverError) return error.message;
  return `Unexpected ${error instanceof Error ? error.name : 'error'}: the log has its place in the code`;
}
