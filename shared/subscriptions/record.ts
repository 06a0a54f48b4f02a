import { retryDelayMs } from '../backoff';
import type { Clock } from '../clock';
import { errorFields, ReceiverError } from '../errors';
import { acceptRemoval, parseRenewal, type Granted } from '../graph/api/subscriptions';
import type { ConflictListings } from './conflictListings';
import type { CallGraphBatch, PartResult } from '../graph/batch';
import type { CallGraph } from '../graph/client';
import { GraphError, wasNotSent } from '../graph/errors';
import type { Logger } from '../logger';
import type { Tenants } from '../tenants/tenants';
import {
  hasSubscription,
  watchRowKey,
  withoutSubscription,
  type StoredWatch,
  type Watch,
  type Watches,
  type WatchWithSubscription,
} from '../watches/watches';
import { hasExpired, isHeld, type SubscriptionSettings } from './plan';

/** What the use cases of this folder need. A `Config` is a `config`. */
export interface SubscriptionDeps {
  callGraph: CallGraph;
  callBatch: CallGraphBatch;
  conflicts: ConflictListings;
  tenants: Tenants;
  watches: Watches;
  clock: Clock;
  /** 0 inclusive to 1 exclusive, as Math.random. */
  random: () => number;
  logger: Logger;
  config: SubscriptionSettings & { graphBaseUrl: string };
}

/** How one run left one watch. */
export interface WatchResult {
  /** `busy`: another run changed the row in the meantime, and that run finishes the work. */
  outcome: 'nothing' | 'created' | 'renewed' | 'replaced' | 'removed' | 'failed' | 'busy';
  /** The watch as it is now, or as it was when it was removed. */
  watch: Watch;
  /** The new subscription followed an earlier one. Jobs of the time between were not notified: sweep the watch. */
  sweep?: true;
  /** What this failure means for the other watches of the tenant. */
  trouble?: Trouble;
}

/**
 * `throttled`, `noToken`: the next call of this tenant would fail too. `refused`: so too, until a person acts (consent or
 * credential). `forbidden`: a permission is missing, perhaps only for one kind of watch. `unavailable`: Graph did not
 * answer this call. `unavailableCreate`: nor this create, which says nothing of the other calls. `rejected`: Graph refused the request itself, for example a URL that failed its validation.
 */
export type Trouble =
  'throttled' | 'noToken' | 'refused' | 'forbidden' | 'unavailable' | 'unavailableCreate' | 'rejected';

/**
 * The answer to a PATCH. `lost`: Graph has no such subscription (api/subscription-update.md). `refusedByService`: a service
 * behind Graph refused it, which says of a subscription that it has lost the same as of one that the app may not renew.
 */
export type Renewal = { renewed: Watch } | { lost: true } | { error: unknown; refusedByService: boolean };

/** Parses the answer to the PATCH of a watch's subscription that was sent at `sentAt` (milliseconds since 1970). */
export function parseRenewalOf(watch: WatchWithSubscription, result: PartResult, sentAt: number): Renewal {
  try {
    return { renewed: afterSuccess(watch, parseRenewal(result, grantedTo(watch)), sentAt) };
  } catch (error) {
    if (error instanceof GraphError && error.code === 'graphNotFound') return { lost: true };
    return { error, refusedByService: isRefusedByService(error) };
  }
}

/** Whether an ExtensionError refused a call for good. */
export function isRefusedByService(error: unknown): boolean {
  return error instanceof GraphError && error.isExtensionError && !error.retryable;
}

function grantedTo({ subscriptionId, expirationDateTime }: WatchWithSubscription): Granted {
  return { subscriptionId, expirationDateTime };
}

/** The watch after a POST or PATCH that was sent at `sentAt` (milliseconds since 1970) and succeeded. */
export function afterSuccess(watch: Watch, granted: Granted, sentAt: number): Watch {
  return {
    ...watch,
    ...granted,
    status: 'active',
    renewedAt: new Date(sentAt).toISOString(),
    failures: 0,
    lastError: undefined,
    nextTryAt: undefined,
    retryAfterUntil: undefined,
    heldMs: undefined,
  };
}

/**
 * Saves renewed watches of one tenant in one call. A renewal is written once, after its answer: a write that is lost
 * costs one more PATCH in the next run.
 */
export async function recordRenewals(
  { watches }: Pick<SubscriptionDeps, 'watches'>,
  renewals: readonly { stored: StoredWatch; renewed: Watch }[],
): Promise<WatchResult[]> {
  const etags = await watches.saveEach(renewals.map(({ stored, renewed }) => ({ watch: renewed, etag: stored.etag })));
  return renewals.map(({ stored, renewed }, index) =>
    etags[index] === undefined ? { outcome: 'busy', watch: stored.watch } : { outcome: 'renewed', watch: renewed },
  );
}

/** Writes a failure, its reason and the time of the next attempt onto the row, releases the row, and logs it. */
export async function recordFailure(
  { watches, clock, random, logger }: Pick<SubscriptionDeps, 'watches' | 'clock' | 'random' | 'logger'>,
  { watch, etag }: StoredWatch,
  error: unknown,
): Promise<WatchResult> {
  const retryAfterMs = error instanceof GraphError ? error.retryAfterMs : undefined;
  // A call that a pause of the tenant kept back is no failure of this watch: it waits for the end of the pause only.
  const isKeptBack = wasNotSent(error) && retryAfterMs !== undefined;
  const failures = isKeptBack ? watch.failures : watch.failures + 1;
  const timeIn = (ms: number) => new Date(clock.now() + Math.ceil(ms)).toISOString();
  const failure = {
    failures,
    lastError: describeError(error),
    nextTryAt: timeIn(isKeptBack ? retryAfterMs : retryDelayMs(failures, random(), retryAfterMs)),
    retryAfterUntil: retryAfterMs === undefined ? undefined : timeIn(retryAfterMs),
    heldMs: undefined,
  };
  const failed: Watch = hasSubscription(watch)
    ? { ...watch, ...failure, status: 'updateFailed' }
    : { ...watch, ...failure, status: 'createFailed' };
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

/**
 * Removes the row of an unwanted watch once its subscription is deleted. The row has said `wanted: false` since before the
 * DELETE, so the next run finishes the work of a run that dies in between. Rejects only when storage fails.
 *
 * @param result of the DELETE; undefined when Graph had no subscription to delete
 */
export async function recordRemoval(
  deps: SubscriptionDeps,
  stored: StoredWatch,
  result: PartResult | undefined,
): Promise<WatchResult> {
  const { watch } = stored;
  try {
    if (result) acceptRemoval(result);
  } catch (error) {
    // Without consent, or where Graph has lost it, nothing can be deleted. It expires on its own within 4,230 minutes.
    const isRefused = error instanceof ReceiverError && !error.retryable;
    if (!isRefused || !hasExpired(watch, deps.clock.now())) return recordFailure(deps, stored, error);
  }
  if (await deps.watches.remove(stored, removalOf(deps))) return { outcome: 'removed', watch };
  if (hasSubscription(watch)) await forgetDeleted(deps, watch);
  return { outcome: 'busy', watch };
}

/** What a removal now leaves beside the generation of the watch. */
export function removalOf({ clock, config }: Pick<SubscriptionDeps, 'clock' | 'config'>) {
  return {
    keyIds: config.clientStateKeys.map(({ keyId }) => keyId).join(','),
    removedAt: new Date(clock.now()).toISOString(),
  };
}

/** A watch that became wanted again in the meantime must not keep naming the subscription that was just deleted. */
async function forgetDeleted({ watches }: SubscriptionDeps, deleted: WatchWithSubscription): Promise<void> {
  // The run that holds a row to create a subscription is about to write another id into it. On a contended row the
  // hourly PATCH finds the subscription lost.
  await unlessContended(
    watches.update(deleted, (watch) =>
      watch.subscriptionId !== deleted.subscriptionId || isHeld(watch) ? watch : withoutSubscription(watch),
    ),
  );
}

/** The result of an update, or undefined when the row changed under every attempt: another run is working on it. */
export async function unlessContended<T>(update: Promise<T>): Promise<T | undefined> {
  try {
    return await update;
  } catch (error) {
    if (error instanceof ReceiverError && error.code === 'rowContended') return undefined;
    throw error;
  }
}

/** Logs a result. `recordFailure` has logged the failures already. */
export function logResult({ logger }: Pick<SubscriptionDeps, 'logger'>, { outcome, watch }: WatchResult): void {
  if (outcome === 'failed' || outcome === 'nothing') return;
  const { tenantId, expirationDateTime } = watch;
  logger.info(`subscription.${outcome}`, { tenantId, watch: watchRowKey(watch), expires: expirationDateTime });
}

const TROUBLES: Readonly<Record<string, Trouble>> = {
  tokenUnavailable: 'noToken',
  tokenRefused: 'refused',
  graphUnauthorized: 'refused',
  graphForbidden: 'forbidden',
  graphThrottled: 'throttled',
  graphUnavailable: 'unavailable',
  graphRejected: 'rejected',
};

/** What an error means for the other watches of its tenant, if anything. */
export function troubleOf(error: unknown): Trouble | undefined {
  return error instanceof ReceiverError ? TROUBLES[error.code] : undefined;
}

/** Messages of our own errors are safe to store. Others may quote their input. */
export function describeError(error: unknown): string {
  if (error instanceof ReceiverError) return error.message;
  return `Unexpected ${error instanceof Error ? error.name : 'error'}. The log shows where in the code`;
}
