import { eachBounded, type Limit } from '../concurrency';
import { removalPart, renewalPart } from '../graph/api/subscriptions';
import { MOST_PARTS, type BatchPart, type PartResult } from '../graph/batch';
import { wasNotSent } from '../graph/errors';
import { hasSubscription, type StoredWatch, type Watch } from '../watches/watches';
import { callOf, expiryAt, type Plan } from './plan';
import {
  logResult,
  parseRenewalOf,
  recordFailure,
  recordRemoval,
  recordRenewals,
  type SubscriptionDeps,
  type WatchResult,
} from './record';

/** A watch and what it needs now. */
export interface Due {
  stored: StoredWatch;
  next: Plan;
}

/**
 * `postponed`: the run is over. `notSent`: a pause of the tenant that began elsewhere kept the call back. `lost`: Graph has
 * no such subscription. `unrenewable`: a service behind Graph refuses to renew it, while other watches of the tenant are
 * renewed. `error`: storage failed.
 */
export type BatchResult = WatchResult | 'postponed' | 'notSent' | 'lost' | 'unrenewable' | { error: unknown };

/** How a tenant sends its batches. */
export interface Batching {
  deps: SubscriptionDeps;
  /** Bounds the batches of all tenants. */
  limitBatches: Limit;
  /** Resolves when so many writes may be sent. */
  pace: (writes: number) => Promise<void>;
  isOver: () => boolean;
  /** Whether Graph renews the other watches of the tenant: one in this run, or one since this watch was due. */
  areOthersRenewed: (watch: Watch) => boolean;
  onResult: (stored: StoredWatch, result: BatchResult) => void;
}

/**
 * Batches of one tenant in progress or being saved. A batch keeps its place while it waits out a short Retry-After: half of the
 * four places of a run stay free for the other tenants.
 */
const TENANT_BATCHES_AT_ONCE = 2;

/** Renews and removes watches of one tenant: PATCH and DELETE in batches. Never rejects: each watch has a result. */
export async function sendBatches(batching: Batching, updates: readonly Due[]): Promise<void> {
  const { pace, isOver, limitBatches, onResult } = batching;
  const chunks = Array.from({ length: Math.ceil(updates.length / MOST_PARTS) }, (_, index) =>
    updates.slice(index * MOST_PARTS, (index + 1) * MOST_PARTS),
  );
  await eachBounded(TENANT_BATCHES_AT_ONCE, chunks, async (chunk) => {
    // Outside the run's limit: a tenant with many watches must not occupy the batches of the others while it waits.
    if (!isOver()) await pace(chunk.length);
    const sent = await limitBatches(async () => (isOver() ? undefined : sendBatch(batching, chunk)));
    if (sent) await recordBatch(batching, sent);
    else for (const { stored } of chunk) onResult(stored, 'postponed');
  });
}

interface SentBatch {
  sentAt: number;
  /** Without a result where there is no subscription to ask Graph about. */
  answers: { due: Due; result: PartResult | undefined }[];
}

async function sendBatch({ deps }: Batching, chunk: readonly Due[]): Promise<SentBatch> {
  const sentAt = deps.clock.now();
  const parts = chunk.map(({ stored, next }) => partOf(stored.watch, next, sentAt));
  const tenantId = chunk[0]?.stored.watch.tenantId ?? '';
  const results = await deps.callBatch(
    tenantId,
    parts.flatMap((part) => part ?? []),
  );
  const inOrder = results.values();
  return { sentAt, answers: chunk.map((due, index) => ({ due, result: parts[index] && inOrder.next().value })) };
}

function partOf(watch: Watch, next: Plan, now: number): BatchPart | undefined {
  if (!hasSubscription(watch)) return undefined;
  const known = { subscriptionId: watch.subscriptionId, permission: callOf(watch).permission };
  return next === 'renew' ? renewalPart(known, expiryAt(now)) : removalPart(known);
}

/** Writes the answers onto the rows: the renewals in one call, everything else row by row. */
async function recordBatch(batching: Batching, { sentAt, answers }: SentBatch): Promise<void> {
  const { deps, onResult, areOthersRenewed } = batching;
  const renewals: { stored: StoredWatch; renewed: Watch }[] = [];
  const refused: { stored: StoredWatch; error: unknown }[] = [];
  await Promise.all(
    answers.map(async ({ due: { stored, next }, result }) => {
      const { watch } = stored;
      if (result && 'error' in result && wasNotSent(result.error)) return onResult(stored, 'notSent');
      if (next === 'remove') return recordOne(batching, stored, recordRemoval(deps, stored, result));
      if (!result || !hasSubscription(watch)) return onResult(stored, 'notSent');
      const renewal = parseRenewalOf(watch, result, sentAt);
      if ('lost' in renewal) return onResult(stored, 'lost');
      if ('renewed' in renewal) return void renewals.push({ stored, renewed: renewal.renewed });
      const { error, refusedByService } = renewal;
      if (refusedByService) return void refused.push({ stored, error });
      return recordOne(batching, stored, recordFailure(deps, stored, error));
    }),
  );
  for (const { stored, error } of refused) {
    if (renewals.length > 0 || areOthersRenewed(stored.watch)) onResult(stored, 'unrenewable');
    else await recordOne(batching, stored, recordFailure(deps, stored, error));
  }
  try {
    const results = await recordRenewals(deps, renewals);
    results.forEach((result, index) => {
      // One line counts the renewals of a batch. A line for each would add nothing.
      if (result.outcome !== 'renewed') logResult(deps, result);
      const stored = renewals[index]?.stored;
      if (stored) onResult(stored, result);
    });
    const watches = results.filter(({ outcome }) => outcome === 'renewed').length;
    if (watches > 0)
      deps.logger.info('subscriptions.renewed', { tenantId: renewals[0]?.stored.watch.tenantId, watches });
  } catch (error) {
    for (const { stored } of renewals) onResult(stored, { error });
  }
}

async function recordOne(
  { deps, onResult }: Batching,
  stored: StoredWatch,
  recorded: Promise<WatchResult>,
): Promise<void> {
  try {
    const result = await recorded;
    logResult(deps, result);
    onResult(stored, result);
  } catch (error) {
    onResult(stored, { error });
  }
}
