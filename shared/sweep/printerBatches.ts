import { jobListingPart } from '../graph/api/printJobs';
import { MOST_PARTS, type BatchPart, type PartResult } from '../graph/batch';
import type { CallGraph } from '../graph/client';
import { GraphError } from '../graph/errors';
import { eachBounded } from '../concurrency';
import type { Watch } from '../watches/watches';
import { LISTINGS_AT_ONCE, type ListingRun } from './listingRun';
import type { SweepDeps } from './sweepRun';

/** Batches of one tenant side by side, each with up to 20 listings. */
const BATCHES_AT_ONCE = 2;

/** Lists printers 20 in a request. Until Graph has answered a listing of the tenant, one call at a time shows whether it does. */
export async function sweepInBatches(
  deps: SweepDeps,
  { tenantId, run, printers }: { tenantId: string; run: ListingRun; printers: readonly Watch[] },
  sweepPrinter: (watch: Watch, callGraph?: CallGraph) => Promise<void>,
): Promise<void> {
  const groups = Array.from({ length: Math.ceil(printers.length / MOST_PARTS) }, (_, index) =>
    printers.slice(index * MOST_PARTS, (index + 1) * MOST_PARTS),
  );
  await eachBounded(BATCHES_AT_ONCE, groups, async (group) => {
    await run.pause(group.length, BATCHES_AT_ONCE);
    let rest = group;
    for (let [next] = rest; next && !run.hasListed() && !run.isOver(); [next] = rest) {
      await sweepPrinter(next);
      rest = rest.slice(1);
    }
    const ids = rest.map(({ id }) => id);
    const isBatch = ids.length > 1 && !run.isOver();
    const pages = isBatch ? await readFirstPages(deps, tenantId, ids) : new Map<string, CallGraph>();
    await eachBounded(LISTINGS_AT_ONCE, rest, (watch) => sweepPrinter(watch, pages.get(watch.id)));
  });
}

/**
 * Reads the first page of the jobs of up to 20 printers in one request, which is the only page of most printers. A printer
 * without a page here is to be listed by a call of its own: one that does not answer must not spoil the listings of the others.
 *
 * @returns for each printer a `CallGraph` that answers its first page without a call
 */
async function readFirstPages(
  deps: Pick<SweepDeps, 'callGraph' | 'callBatch'>,
  tenantId: string,
  printerIds: readonly string[],
): Promise<Map<string, CallGraph>> {
  const parts = printerIds.map(jobListingPart);
  const results = await deps.callBatch(tenantId, parts);
  if (hasOneOutage(results)) return new Map();
  return new Map(
    printerIds.flatMap((printerId, index): [string, CallGraph][] => {
      const [part, result] = [parts[index], results[index]];
      return part && result ? [[printerId, answerFirst(deps.callGraph, part, result)]] : [];
    }),
  );
}

/** The batch as a whole had no answer: one of its parts may have held up all. */
function hasOneOutage(results: readonly PartResult[]): boolean {
  const errors = new Set(results.map((result) => ('error' in result ? result.error : undefined)));
  const [only] = errors;
  return errors.size === 1 && results.length > 1 && only instanceof GraphError && only.code === 'graphUnavailable';
}

function answerFirst(callGraph: CallGraph, { path }: BatchPart, result: PartResult): CallGraph {
  let isAnswered = false;
  return async (call) => {
    if (isAnswered || call.path !== path) return callGraph(call);
    isAnswered = true;
    if ('error' in result) throw result.error;
    return result.answer;
  };
}
