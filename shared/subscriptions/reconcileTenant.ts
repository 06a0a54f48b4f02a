import { MOST_PARTS } from '../graph/createGraphBatch';
import type { StoredWatch } from '../watches/watches';
import type { Limit } from './createLimit';
import { createForWatch } from './createForWatch';
import { createPace, type Pace } from './createPace';
import { eachBounded } from './eachBounded';
import { plan, type PlanOptions } from './plan';
import { reconcileWatch } from './reconcileWatch';
import { rotate } from './rotate';
import { partsOf, settleChunk, type Due } from './settleChunk';
import { signingOf } from './subscriptionBody';
import type { SubscriptionDeps } from './subscriptionDeps';
import { logResult, type Trouble, type WatchResult } from './watchResult';

/** Creates of one tenant side by side: each makes Graph shake hands with both of our URLs. */
const CREATES_AT_ONCE = 4;
/** Batches of one tenant under way or being written down; how many are under way at all is the run's to bound. */
const CHUNKS_AT_ONCE = 4;
/** So many in a row that Graph did not serve, up to 45 s each, and the rest of the tenant is left to the next run. */
const MOST_UNSERVED = 4;

/** So many creates in a row that Graph rejected, and those that are left wait for the next run. */
const MOST_REJECTED = 4;
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
 * Looks after the watches `rows` of one tenant: PATCH and DELETE in batches, what needs a POST singly. Never rejects: what
 * fails is reported for its watch.
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
  let rejectedCreates = 0;
  let replacingFails = false;
  const paceTenant = createPace(deps.clock, { most: MOST_WRITES, windowMs: WRITES_WINDOW_MS });

  const signing = signingOf(deps.config);
  const now = deps.clock.now();
  const due: Due[] = [];
  for (const stored of rows) {
    const next = plan(stored.watch, now, signing, options);
    if (next === 'nothing') tell(stored, { outcome: 'nothing', watch: stored.watch });
    else due.push({ stored, next });
  }
  const rest = context.probe ? await probe(due) : due;
  const lost: StoredWatch[] = [];
  const batched = rest.filter(({ next }) => next === 'renew' || next === 'remove');
  await eachBounded(CHUNKS_AT_ONCE, chunksOf(batched), sendChunk);
  const creates = rest.filter(({ next }) => next === 'create').map(({ stored }) => stored);
  // A run that is cut short leaves out others each time.
  await createAll(rotate([...lost.splice(0), ...creates], deps.random()));
  const kept: Due[] = [];
  const [canary, ...others] = rest.filter(({ next }) => next === 'replace');
  if (canary) await replace(canary);
  await eachBounded(CREATES_AT_ONCE, others, replace);
  await eachBounded(CHUNKS_AT_ONCE, chunksOf(kept), sendChunk);
  await createAll(lost.splice(0));
  return outcome;

  async function createAll(all: readonly StoredWatch[]): Promise<void> {
    await eachBounded(CREATES_AT_ONCE, all, async (stored) => {
      if (rejectedCreates >= MOST_REJECTED) return tell(stored, 'postponed');
      await attempt(stored, 1, async () => {
        const result = await createForWatch(deps, stored);
        rejectedCreates = result.trouble === 'rejected' ? rejectedCreates + 1 : 0;
        logResult(deps, result);
        return result;
      });
    });
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
        lost.push(stored);
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
