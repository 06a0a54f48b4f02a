import { createLimit, createPace, eachBounded, type Limit, type Pace } from '../concurrency';
import { withoutSubscription, type StoredWatch } from '../watches/watches';
import { sendBatches, type BatchResult, type Batching, type Due } from './batches';
import { createForWatch } from './create';
import { bestOfEachKind, lastRenewal, rotateHealthyFirst, soonestFirst } from './order';
import { isRenewalDue, plan, RENEW_EVERY_MS, retryAfterEndsAt, retryAt, type PlanOptions } from './plan';
import { carryOut } from './reconcileWatch';
import { logResult, type SubscriptionDeps, type Trouble, type WatchResult } from './record';

/** Creates of one tenant side by side until one has succeeded: for each, Graph validates both of our URLs. */
const CREATES_AT_ONCE = 4;
/** And after that. A create takes about half a second, so that 16 reach the limit of Graph. Four tenants fill the 64 sockets. */
const PROVEN_CREATES_AT_ONCE = 16;
/** Replacements before the batches, beside the one that goes first. */
const EARLY_REPLACEMENTS = 3;
/** After so many watches in a row that Graph did not answer, up to 45 s each, the next run continues with the tenant. */
const MOST_UNAVAILABLE = 4;
/** After so many creates in a row that Graph rejected or did not answer, the next run continues with the creates. */
const MOST_FAILED_CREATES = 4;
/** Under Graph's 500 subscription writes in 20 s per app and tenant (concepts/throttling-limits.md). */
const MOST_WRITES = 450;
const WRITES_WINDOW_MS = 20_000;

/** What the tenants of one run share. */
export interface Run {
  limitBatches: Limit;
  /** Keeps the writes of the app under Graph's limit. */
  paceWrites: Pace;
  /** Nothing new is started after this; milliseconds since 1970. */
  endsAt: number;
  /**
   * Set when Graph rejected the new subscription of a replaced watch. All other watches then keep what they have: a wrong
   * PUBLIC_BASE_URL must not end every subscription.
   */
  replacingFails: boolean;
}

/** How the watches of one tenant ended. */
export interface TenantOutcome {
  /** Graph answered a call of the tenant with anything but a refusal of the tenant: also a broken watch shows that. */
  reached: boolean;
  /** The first refusal in words, if any. */
  refusal?: string;
  /** The remaining watches would have failed too and were not tried. */
  stopped: boolean;
}

/** `postponed`: the next run continues with the watch. `error`: storage failed. */
export type ReportedResult = WatchResult | 'postponed' | { error: unknown };
export type ReportWatch = (stored: StoredWatch, result: ReportedResult) => void;

interface Context {
  run: Run;
  options: PlanOptions;
  /** The last run was refused everything: one watch of each kind is tried before any other. */
  probe: boolean;
  report: ReportWatch;
}

/** The state of one tenant in one run. */
interface Work extends Context {
  deps: SubscriptionDeps;
  outcome: TenantOutcome;
  paceTenant: Pace;
  limitCreates: Limit;
  /** Graph has created a subscription of this tenant in this run: both of our URLs passed its validation. */
  hasCreated: boolean;
  unavailableInARow: number;
  failedCreatesInARow: number;
  replacingFails: boolean;
  /** Watches that keep their subscription because replacing fails: it would expire otherwise. */
  renewInstead: Due[];
  /** Creates in place of subscriptions that a batch found lost. */
  recreating: Promise<void>[];
  /** Watches to create in place of subscriptions that Graph refuses to renew. Their creates may fail as well, so they come last. */
  unrenewable: Due[];
  /** When an earlier run last renewed a watch of the tenant that has not failed since; milliseconds since 1970. */
  lastRenewedAt: number;
  /** This run has renewed a watch of the tenant. */
  hasRenewed: boolean;
}

/**
 * Reconciles the watches `rows` of one tenant: PATCH and DELETE in batches, POST one by one, and the soonest expiry first.
 * Never rejects: each failure is reported for its watch.
 */
export async function reconcileTenant(
  deps: SubscriptionDeps,
  rows: readonly StoredWatch[],
  context: Context,
): Promise<TenantOutcome> {
  const work: Work = {
    ...context,
    deps,
    outcome: { reached: false, stopped: false },
    paceTenant: createPace(deps.clock, { most: MOST_WRITES, windowMs: WRITES_WINDOW_MS }),
    limitCreates: createLimit(PROVEN_CREATES_AT_ONCE),
    hasCreated: false,
    unavailableInARow: 0,
    failedCreatesInARow: 0,
    replacingFails: false,
    renewInstead: [],
    recreating: [],
    unrenewable: [],
    lastRenewedAt: lastRenewal(rows),
    hasRenewed: false,
  };
  const due = planAll(work, rows);
  const untried = context.probe ? await probe(work, due) : due;
  const creates = untried.filter(({ next }) => next === 'create');
  const [first, ...others] = untried.filter(({ next }) => next === 'replace');
  const updates = untried.filter(({ next }) => next === 'renew' || next === 'remove');
  const early = others.splice(0, EARLY_REPLACEMENTS);
  // The first replacement goes alone: unless it succeeds, the others keep what they have. A few go before the batches,
  // because a tenant that is throttled in every run would never reach them after. The rest go after the batches and none
  // beside them: a throttled batch would delay the POST that must follow a DELETE.
  if (first) await replaceAll(work, [first]);
  await replaceAll(work, early);
  // Creates beside the batches: before, slow validations would delay watches that expire soon. After, a tenant that is
  // throttled in every run would never reach the watches without a subscription.
  await Promise.all([
    createAll(work, rotateHealthyFirst(creates, deps.random())),
    sendBatches(batchingOf(work), updates),
  ]);
  await Promise.all(work.recreating);
  await replaceAll(work, others);
  await sendBatches(batchingOf(work), work.renewInstead);
  await Promise.all(work.recreating);
  await createAll(work, work.unrenewable);
  return work.outcome;
}

/** Plans each watch once. Reports the watches that need nothing now. */
function planAll(work: Work, rows: readonly StoredWatch[]): Due[] {
  const { deps, options } = work;
  const now = deps.clock.now();
  const due: Due[] = [];
  for (const stored of rows) {
    const { watch } = stored;
    const next = plan(watch, now, deps.config, options);
    if (next !== 'nothing') due.push({ stored, next });
    else if (options.retryNow && retryAfterEndsAt(watch, now) !== undefined) report(work, stored, 'postponed');
    else report(work, stored, { outcome: 'nothing', watch });
  }
  return soonestFirst(due);
}

/** Tries one watch of each kind, and stops the tenant unless Graph answers. Returns the others. */
async function probe(work: Work, due: readonly Due[]): Promise<Due[]> {
  const probes = new Set(bestOfEachKind(due));
  for (const { stored, next } of probes) await attempt(work, stored, 1, () => carryOut(work.deps, stored, next));
  if (probes.size > 0 && !work.outcome.reached) work.outcome.stopped = true;
  return due.filter((each) => !probes.has(each));
}

/** Replaces subscriptions until one fails. The other watches keep theirs and are renewed when due. */
async function replaceAll(work: Work, replacements: readonly Due[]): Promise<void> {
  const { deps, run, options } = work;
  await eachBounded(CREATES_AT_ONCE, replacements, async ({ stored }) => {
    if (work.replacingFails || run.replacingFails) {
      const { watch } = stored;
      const now = deps.clock.now();
      const mayRenew = retryAt(watch, now, options) === undefined && isRenewalDue(watch, now, options);
      if (mayRenew) work.renewInstead.push({ stored, next: 'renew' });
      else report(work, stored, 'postponed');
      return;
    }
    await attempt(work, stored, 2, async () => {
      const result = await carryOut(deps, stored, 'replace');
      work.replacingFails ||= result.outcome === 'failed';
      run.replacingFails ||= result.trouble === 'rejected';
      return result;
    });
  });
}

/** A few creates first: while our URLs do not pass their validation, many at once would only fail side by side. */
async function createAll(work: Work, creates: readonly Due[]): Promise<void> {
  const first = creates.slice(0, CREATES_AT_ONCE);
  const rest = creates.slice(first.length);
  await eachBounded(CREATES_AT_ONCE, first, ({ stored }) => createOne(work, stored));
  await eachBounded(work.hasCreated ? PROVEN_CREATES_AT_ONCE : CREATES_AT_ONCE, rest, ({ stored }) =>
    createOne(work, stored),
  );
}

function createOne(work: Work, stored: StoredWatch): Promise<void> {
  return work.limitCreates(async () => {
    if (work.failedCreatesInARow >= MOST_FAILED_CREATES) return report(work, stored, 'postponed');
    await attempt(work, stored, 1, async () => {
      const result = await createForWatch(work.deps, stored);
      logResult(work.deps, result);
      const { trouble, ...withoutTrouble } = result;
      const failed = trouble === 'rejected' || trouble === 'unavailable';
      work.failedCreatesInARow = failed ? work.failedCreatesInARow + 1 : 0;
      work.hasCreated ||= result.outcome === 'created';
      // Creates that Graph does not answer end the creates only, not the batches beside them.
      return trouble === 'unavailable' ? { ...withoutTrouble, trouble: 'unavailableCreate' } : result;
    });
  });
}

/** The row says first that Graph has lost the subscription: if this run ends here, the next run creates and sends no PATCH. */
async function recreate(work: Work, stored: StoredWatch): Promise<void> {
  const watch = withoutSubscription(stored.watch);
  try {
    const etag = await work.deps.watches.save(watch, stored.etag);
    if (etag === undefined) report(work, stored, { outcome: 'busy', watch: stored.watch });
    else await createOne(work, { watch, etag });
  } catch (error) {
    report(work, stored, { error });
  }
}

function batchingOf(work: Work): Batching {
  const { deps, run } = work;
  return {
    deps,
    limitBatches: run.limitBatches,
    pace: (writes) => pace(work, writes),
    isOver: () => isOver(work),
    areOthersRenewed: ({ renewedAt }) =>
      work.hasRenewed || work.lastRenewedAt > Date.parse(renewedAt ?? '') + RENEW_EVERY_MS,
    onResult: (stored, result) => receiveBatchResult(work, stored, result),
  };
}

function receiveBatchResult(work: Work, stored: StoredWatch, result: BatchResult): void {
  if (result === 'lost') {
    work.recreating.push(recreate(work, stored));
    return;
  }
  if (result === 'unrenewable') {
    // The row keeps its subscription until there is another one: it may still notify.
    work.unrenewable.push({ stored, next: 'create' });
    return;
  }
  if (result === 'notSent') work.outcome.stopped = true;
  report(work, stored, result === 'notSent' ? 'postponed' : result);
}

/** Does the work for one watch of so many writes, unless the run or the tenant is over. */
async function attempt(
  work: Work,
  stored: StoredWatch,
  writes: number,
  act: () => Promise<WatchResult>,
): Promise<void> {
  if (!isOver(work)) await pace(work, writes);
  if (isOver(work)) return report(work, stored, 'postponed');
  try {
    report(work, stored, await act());
  } catch (error) {
    report(work, stored, { error });
  }
}

async function pace({ paceTenant, run }: Work, writes: number): Promise<void> {
  await paceTenant(writes);
  await run.paceWrites(writes);
}

function isOver({ outcome, deps, run }: Work): boolean {
  return outcome.stopped || deps.clock.now() >= run.endsAt;
}

function report(work: Work, stored: StoredWatch, result: ReportedResult): void {
  if (typeof result === 'object' && 'outcome' in result) {
    if (result.outcome === 'failed') applyTrouble(work, result.trouble, result.watch.lastError ?? '');
    else if (result.outcome !== 'nothing' && result.outcome !== 'busy') {
      work.outcome.reached = true;
      work.unavailableInARow = 0;
      work.hasRenewed ||= result.outcome === 'renewed';
    }
  }
  work.report(stored, result);
}

/** Stops the tenant when its next watch would fail too. */
function applyTrouble(work: Work, trouble: Trouble | undefined, words: string): void {
  const { outcome } = work;
  if (trouble === 'refused' || trouble === 'forbidden') outcome.refusal ??= words;
  if (trouble === 'rejected' || trouble === undefined) outcome.reached = true;
  if (trouble === 'unavailable') work.unavailableInARow += 1;
  outcome.stopped ||=
    trouble === 'throttled' ||
    trouble === 'noToken' ||
    trouble === 'refused' ||
    work.unavailableInARow >= MOST_UNAVAILABLE;
}
