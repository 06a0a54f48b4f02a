import { createCache } from '../cache';
import type { Clock } from '../clock';
import { eachBounded } from '../concurrency';
import type { Ledger } from '../jobs/ledger';
import { watchRowKey, type Watch } from '../watches/watches';
import type { QuietWatch } from './gauges';
import { daysWithoutProof } from './silence';

/** What a process knows of the watches it has asked the ledger about. */
export type ProofMemory = ReturnType<typeof createProofMemory>;

/** A bound on memory. A name that is dropped is asked about again. */
const MOST_WATCHES = 50_000;
const ASK_AGAIN_MS = 60 * 60_000;

export function createProofMemory(clock: Pick<Clock, 'now'>) {
  return {
    /** Watches with a job in the ledger: they have seen one, whatever is removed later. */
    seen: createCache<true>({ most: MOST_WATCHES, clock }),
    /** Watches without one, asked within the last hour. */
    without: createCache<true>({ most: MOST_WATCHES, keepMs: ASK_AGAIN_MS, clock }),
  };
}

/** One call each. The rest is asked in the next runs. */
const MOST_ASKED = 200;
const ASKED_AT_ONCE = 16;

/**
 * The watches of active customers that never saw a job, with their age in days. A watch is asked about once an hour until it
 * has seen one, and at most 200 in a run. One that has not been asked yet is left out.
 *
 * @param retentionOf the days that each active customer keeps jobs
 * @throws errors of storage
 */
export async function proveJobs(
  { ledger, memory, clock }: { ledger: Pick<Ledger, 'hasJobOf'>; memory: ProofMemory; clock: Pick<Clock, 'now'> },
  watches: readonly Watch[],
  retentionOf: ReadonlyMap<string, number>,
): Promise<QuietWatch[]> {
  const now = clock.now();
  const nameOf = (watch: Watch) => `${watch.tenantId}/${watchRowKey(watch)}`;
  const doubtful = watches.flatMap((watch) => {
    const days = watch.wanted && daysWithoutProof(watch, retentionOf.get(watch.tenantId) ?? 0, now);
    return days && !memory.seen.has(nameOf(watch)) ? [{ watch, days }] : [];
  });
  const unasked = doubtful.filter(({ watch }) => !memory.without.has(nameOf(watch)));
  await eachBounded(ASKED_AT_ONCE, unasked.slice(0, MOST_ASKED), async ({ watch }) => {
    const known = (await ledger.hasJobOf(watch)) ? memory.seen : memory.without;
    known.set(nameOf(watch), true);
  });
  return doubtful
    .filter(({ watch }) => memory.without.has(nameOf(watch)))
    .map(({ watch, days }) => ({ tenantId: watch.tenantId, watch: watchRowKey(watch), value: days }));
}
