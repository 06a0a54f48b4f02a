import type { BatchPart, PartResult } from '../graph/batch';
import { wasNotSent } from '../graph/errors';
import type { StoredWatch, Watch } from '../watches/watches';
import type { Plan } from './plan';
import { settleRemoval } from './settleRemoval';
import { readRenewed, settleRenewal } from './settleRenewal';
import { removalPart, renewalPart } from './subscriptionCalls';
import type { SubscriptionDeps } from './subscriptionDeps';
import { logResult, type WatchResult } from './watchResult';

/** A watch and what it needs now. */
export interface Due {
  stored: StoredWatch;
  next: Plan;
}

/** A watch and its part of a `$batch`; undefined when there is no subscription to ask Graph about. */
interface Numbered {
  stored: StoredWatch;
  part: BatchPart | undefined;
}

/** What became of one watch of a chunk. */
export interface Settled {
  stored: StoredWatch;
  /**
   * `lost`: Graph has no such subscription. `postponed`: Graph was not asked, because the tenant is to pause. `error`:
   * storage failed.
   */
  result: WatchResult | 'lost' | 'postponed' | { error: unknown };
}

/** The parts of a batch for watches that are to be renewed or removed. `now`: milliseconds since 1970. */
export function partsOf(chunk: readonly Due[], now: number): Numbered[] {
  return chunk.map(({ stored, next }) => {
    const { watch } = stored;
    const { subscriptionId } = watch;
    if (subscriptionId === undefined) return { stored, part: undefined };
    const part =
      next === 'renew' ? renewalPart(watch, subscriptionId, now) : removalPart(watch, subscriptionId);
    return { stored, part };
  });
}

/** Writes down what Graph answered to the parts that were sent at `sentAt`. Never rejects. */
export async function settleChunk(
  deps: SubscriptionDeps,
  {
    numbered,
    results,
    sentAt,
  }: { numbered: readonly Numbered[]; results: readonly PartResult[]; sentAt: number },
): Promise<Settled[]> {
  let place = 0;
  const settled: Settled[] = [];
  const renewals: { stored: StoredWatch; renewed: Watch }[] = [];
  await Promise.all(
    numbered.map(async ({ stored, part }) => {
      const result: PartResult | undefined = part ? results[place++] : NOTHING_TO_DELETE;
      // A pause of the tenant that began elsewhere: nothing is to be held against the watch.
      if (!result || ('error' in result && wasNotSent(result.error))) {
        return void settled.push({ stored, result: 'postponed' });
      }
      const { subscriptionId } = stored.watch;
      if (part?.method !== 'PATCH' || subscriptionId === undefined) {
        const removal = () => settleRemoval(deps, stored, result);
        return void settled.push({ stored, result: await orError(removal) });
      }
      const named = { ...stored, watch: { ...stored.watch, subscriptionId } };
      const renewed = readRenewed(named.watch, result, sentAt);
      if (renewed) return void renewals.push({ stored, renewed });
      const refusal = () => settleRenewal(deps, named, result, sentAt);
      settled.push({ stored, result: await orError(refusal) });
    }),
  );
  settled.push(...(await saveRenewals(deps, renewals)));
  for (const { result } of settled) {
    // The run counts its renewals in one line: a thousand lines an hour would say nothing more.
    const isNews = typeof result === 'object' && 'outcome' in result && result.outcome !== 'renewed';
    if (isNews) logResult(deps, result);
  }
  return settled;
}

const NOTHING_TO_DELETE: PartResult = { answer: { status: 204, body: undefined } };

/** One call for the batch: a thousand renewals would otherwise write a thousand times. */
async function saveRenewals(
  { watches }: SubscriptionDeps,
  renewals: readonly { stored: StoredWatch; renewed: Watch }[],
): Promise<Settled[]> {
  try {
    const changes = renewals.map(({ stored, renewed }) => ({ watch: renewed, etag: stored.etag }));
    const etags = await watches.saveAll(changes);
    return renewals.map(({ stored, renewed }, index) => ({
      stored,
      result:
        etags[index] === undefined
          ? { outcome: 'busy', watch: stored.watch }
          : { outcome: 'renewed', watch: renewed },
    }));
  } catch (error) {
    return renewals.map(({ stored }) => ({ stored, result: { error } }));
  }
}

async function orError<T>(work: () => Promise<T>): Promise<T | { error: unknown }> {
  try {
    return await work();
  } catch (error) {
    return { error };
  }
}
