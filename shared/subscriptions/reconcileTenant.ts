import { MOST_PARTS } from '../graph/batch';
import type { StoredWatch } from '../watches/watches';
import { createForWatch } from './createForWatch';
import { createLimit, type Limit, createPace, type Pace, eachBounded } from '../concurrency';
import { graphWaitsUntil, plan, type PlanOptions } from './plan';
import { reconcileWatch } from './reconcileWatch';
import { rotate } from '../backoff';
import { partsOf, settleChunk, type Due } from './settleChunk';
import { soonestFirst } from './soonestFirst';
import { signingOf } from './subscriptionBody';
import type { SubscriptionDeps } from './subscriptionDeps';
import { logResult, type Trouble, type WatchResult } from './watchResult';
import { withoutSubscription } from './withoutSubscription';

/** Creates of one tenant side by side: each makes Graph shake hands with both of our URLs. */
const CREATES_AT_ONCE = 4;
/** Replacements before the batches, beside the one that goes first. */
const REPLACED_EARLY = 3;
/** Batches of one tenant under way or being written down; how many are under way at all is the run's to bound. */
const CHUNKS_AT_ONCE = 4;
/** So many in a row that Graph did not serve, up to 45 s each, and the rest of the tenant is left to the next run. */
const MOST_UNSERVED = 4;

/** So many creates in a row that Graph rejected or did not serve, and those that are left wait for the next run. */
const MOST_FAILED_CREATES = 4;
/** Under Graph's 500 subscription writes in 20 s per app and tenant (concepts/throttling-limits.md). */
const MOST_WRITES = 400;
const WRITES_WINDOW_MS = 20_000;

/** What the tenants of one run share. */
export interface Run {
  limitBatches: Limit;
  /** Holds the writes of the app under Graph's limit. */
  paceWrites: Pace;
  /** Nothing new is started after this; milliseconds since 1970. */
  endsAt: number;
  /**
   * Set when Graph rejected the new subscription of a replaced watch. All others then keep what they have: a wrong
   * PUBLIC_BASE_URL must not end the subscriptions of everybody.
   */
  replacingFails: boolean;
}

/** How the watches of one tenant ended. */
export interface TenantOutcome {
  succeeded: number;
  /** The first refusal in words, when there was any. */
  refusal?: string;
  /** The rest would have failed too, and was left untouched. */
  stopped: boolean;
}

export type ReportWatch = (
  stored: StoredWatch,
  result: WatchResult | 'postponed' | { error: unknown },
) => void;

/**
 * Looks after the watches `rows` of one tenant: PATCH and DELETE in batches, what needs a POST singly, and of either first
 * what ends first. Never rejects: what fails is reported for its watch.
 *
 * @param probe the tenant refused everything last time: one watch of each kind is tried before any other
 */
export async function reconcileTenant(
  deps: SubscriptionDeps,
  rows: readonly StoredWatch[],
  context: { run: Run; options: PlanOptions; probe: boolean; report: ReportWatch },
): Promise<TenantOutcome> {
  const { run, options } = context;
  const outcome: TenantOutcome = { succeeded: 0, stopped: false };
  let unserved = 0;
  let failedCreates = 0;
  let replacingFails = false;
  const paceTenant = createPace(deps.clock, { most: MOST_WRITES, windowMs: WRITES_WINDOW_MS });

  const signing = signingOf(deps.config);
  const now = deps.clock.now();
  const due: Due[] = [];
  for (const stored of rows) {
    const next = plan(stored.watch, now, signing, options);
    if (next !== 'nothing') due.push({ stored, next });
    else if (options.retryNow && graphWaitsUntil(stored.watch, now) !== undefined) tell(stored, 'postponed');
    else tell(stored, { outcome: 'nothing', watch: stored.watch });
  }
  const ordered = soonestFirst(due);
  const rest = context.probe ? await probe(ordered) : ordered;
  const batched = rest.filter(({ next }) => next === 'renew' || next === 'remove');
  const [canary, ...replaced] = rest.filter(({ next }) => next === 'replace');
  const early = replaced.splice(0, REPLACED_EARLY);
  // A run that is cut short leaves out others each time.
  const creates = rotate(
    rest.filter(({ next }) => next === 'create'),
    deps.random(),
  );
  const kept: Due[] = [];
  const limitCreates = createLimit(CREATES_AT_ONCE);
  const lost: Promise<void>[] = [];
  // A few before the batches, or a tenant that is throttled in every run would never get to them; the others after, and
  // none beside them: a batch that is told to wait would keep back the POST that has to follow the DELETE.
  if (canary) await replace(canary);
  await eachBounded(CREATES_AT_ONCE, early, replace);
  // Beside the batches: before them, slow handshakes would hold up what is about to end; after them, such a tenant would
  // never get to a watch that hears nothing.
  await Promise.all([
    ...creates.map(({ stored }) => create(stored)),
    eachBounded(CHUNKS_AT_ONCE, chunksOf(batched), sendChunk),
  ]);
  await Promise.all(lost);
  await eachBounded(CREATES_AT_ONCE, replaced, replace);
  await eachBounded(CHUNKS_AT_ONCE, chunksOf(kept), sendChunk);
  await Promise.all(lost);
  return outcome;

  function create(stored: StoredWatch): Promise<void> {
    return limitCreates(async () => {
      if (failedCreates >= MOST_FAILED_CREATES) return tell(stored, 'postponed');
      await attempt(stored, 1, async () => {
        const result = await createForWatch(deps, stored);
        logResult(deps, result);
        const { trouble, ...untroubled } = result;
        failedCreates = trouble === 'rejected' || trouble === 'unavailable' ? failedCreates + 1 : 0;
        // Creates that Graph does not serve end the creates, not the batches beside them.
        return trouble === 'unavailable' ? untroubled : result;
      });
    });
  }

  /** The row says first that Graph has lost it: a run that ends here leaves it to the next one's creates, not to a batch. */
  async function createLost(stored: StoredWatch): Promise<void> {
    const watch = withoutSubscription(stored.watch);
    try {
      const etag = await deps.watches.save(watch, stored.etag);
      if (etag === undefined) tell(stored, { outcome: 'busy', watch: stored.watch });
      else await create({ watch, etag });
    } catch (error) {
      tell(stored, { error });
    }
  }

  /** Tries one watch of each kind, and gives back what is left to do. */
  async function probe(all: readonly Due[]): Promise<Due[]> {
    const first = new Map(all.toReversed().map((each) => [each.stored.watch.kind, each]));
    const probes = new Set(first.values());
    for (const { stored } of probes) await attempt(stored, 1, () => reconcileWatch(deps, stored, options));
    if (probes.size > 0 && outcome.succeeded === 0) outcome.stopped = true;
    return all.filter((each) => !probes.has(each));
  }

  async function replace({ stored }: Due): Promise<void> {
    if (replacingFails || run.replacingFails) return keep(stored);
    await attempt(stored, 2, async () => {
      const result = await reconcileWatch(deps, stored, options);
      replacingFails ||= result.outcome === 'failed';
      run.replacingFails ||= result.trouble === 'rejected';
      return result;
    });
  }

  /** What cannot be replaced now is renewed like everything else, or it would lapse in the meantime. */
  function keep(stored: StoredWatch): void {
    const next = plan(stored.watch, deps.clock.now(), signing, { ...options, onlyRenew: true });
    if (next === 'renew') kept.push({ stored, next });
    else tell(stored, 'postponed');
  }

  async function pace(writes: number): Promise<void> {
    await paceTenant(writes);
    await run.paceWrites(writes);
  }

  async function sendChunk(chunk: readonly Due[]): Promise<void> {
    // Waited for outside the run's limit: a tenant of many watches must not hold the places of the others.
    if (!isOver()) await pace(chunk.length);
    const sent = await run.limitBatches(async () => {
      if (isOver()) return undefined;
      const sentAt = deps.clock.now();
      const numbered = partsOf(chunk, sentAt);
      const parts = numbered.flatMap(({ part }) => part ?? []);
      const tenantId = chunk[0]?.stored.watch.tenantId ?? '';
      return { numbered, results: await deps.callBatch(tenantId, parts), sentAt };
    });
    if (!sent) return chunk.forEach(({ stored }) => tell(stored, 'postponed'));
    for (const { stored, result } of await settleChunk(deps, sent)) {
      if (result === 'lost') {
        lost.push(createLost(stored));
        continue;
      }
      if (result === 'postponed') outcome.stopped = true;
      tell(stored, result);
    }
  }

  async function attempt(
    stored: StoredWatch,
    writes: number,
    work: () => Promise<WatchResult>,
  ): Promise<void> {
    if (!isOver()) await pace(writes);
    if (isOver()) return tell(stored, 'postponed');
    try {
      tell(stored, await work());
    } catch (error) {
      tell(stored, { error });
    }
  }

  function isOver(): boolean {
    return outcome.stopped || deps.clock.now() >= run.endsAt;
  }

  function tell(stored: StoredWatch, result: Parameters<ReportWatch>[1]): void {
    if (typeof result === 'object' && 'outcome' in result) {
      if (result.outcome === 'failed') heed(result.trouble, result.watch.lastError ?? '');
      else if (result.outcome !== 'nothing' && result.outcome !== 'busy') {
        outcome.succeeded += 1;
        unserved = 0;
      }
    }
    context.report(stored, result);
  }

  function heed(trouble: Trouble | undefined, words: string): void {
    if (trouble === 'refused' || trouble === 'forbidden') outcome.refusal ??= words;
    if (trouble === 'unavailable') unserved += 1;
    outcome.stopped ||=
      trouble === 'throttled' || trouble === 'noToken' || trouble === 'refused' || unserved >= MOST_UNSERVED;
  }
}

function chunksOf(due: readonly Due[]): Due[][] {
  return Array.from({ length: Math.ceil(due.length / MOST_PARTS) }, (_, index) =>
    due.slice(index * MOST_PARTS, (index + 1) * MOST_PARTS),
  );
}
