import { createLedger } from '../../../shared/jobs/ledger';
import fc from 'fast-check';
import {
  claimJob,
  extendLease,
  finishClaim,
  releaseClaim,
  type Claim,
  type ClaimDeps,
} from '../../../shared/jobs/claims';
import type { EntityTable, Row } from '../../../shared/storage/entityTable';
import { createFakeClock } from '../../support/createFakeClock';
import { FETCHABLE } from '../../support/createJobWorker';
import { createMemoryTable } from '../../support/memoryTable';
import { jobRowOf } from '../../support/tableChanges';

/*
 * Two workers over one table, in an order that fast-check chooses, with clocks an hour apart, answers lost before or after their effect, and pauses of any length. Whatever happens:
 * never do both believe in a live lease, and a row once done stays done.
 */

const STEP = fc.record({
  worker: fc.nat({ max: 1 }),
  act: fc.constantFrom('claim', 'claim', 'claim', 'extend', 'finish', 'release', 'die'),
  passMs: fc.constantFrom(0, 1_000, 30_000, 61_000, 89_000, 91_000, 106_000, 400_000),
  trouble: fc.constantFrom('none', 'none', 'none', 'lostBefore', 'lostAfter', 'repeated'),
  needMs: fc.constantFrom(1_000, 45_000),
});

interface Worker {
  deps: ClaimDeps;
  claim: Claim | undefined;
}

test('two claimers never both hold a live lease, and done stays done', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(STEP, { maxLength: 25 }),
      fc.constantFrom(-3_600_000, -30_000, 0, 30_000, 3_600_000),
      async (steps, skewMs) => {
        const clock = createFakeClock();
        const table = createMemoryTable(clock);
        let trouble = 'none';
        let done = false;
        let reopened = false;
        const write = async (row: Row, act: () => Promise<string | undefined>) => {
          const now = trouble;
          trouble = 'none';
          if (now === 'lostBefore') throw new Error('lost');
          if (now === 'repeated') await act();
          const etag = await act();
          const stored = await table.get(row.partitionKey, row.rowKey);
          reopened ||= done && stored?.cells['status'] !== 'done';
          done = stored?.cells['status'] === 'done';
          if (now === 'lostAfter') throw new Error('lost');
          return etag;
        };
        const troubled: EntityTable = {
          ...table,
          insert: (row) => write(row, () => table.insert(row)),
          replace: (row, etag) => write(row, () => table.replace(row, etag)),
          write: async (changes) => {
            const written = async () => (await table.write(changes))?.[0];
            const etag = await write(jobRowOf(changes).row, written);
            return etag === undefined ? undefined : [etag, ''];
          },
        };
        const createWorker = (skew: number): Worker => ({
          deps: { ledger: createLedger(troubled), clock: { now: () => clock.now() + skew } },
          claim: undefined,
        });
        const workers = [createWorker(0), createWorker(skewMs)] as const;
        const holds = ({ claim, deps }: Worker) =>
          claim?.row.status === 'claimed' && claim.writtenAt + 90_000 > deps.clock.now();
        let runs = 0;
        for (const step of steps) {
          clock.advance(step.passMs);
          const worker = workers[step.worker as 0 | 1];
          trouble = step.trouble;
          await act(worker, step.act, step.needMs, `run-${(runs += 1)}`).catch(() => {
            // A write of unknown outcome: the run ends without another effect.
            worker.claim = undefined;
          });
          trouble = 'none';
          expect(workers.filter(holds).length).toBeLessThanOrEqual(1);
          expect(reopened).toBe(false);
        }
      },
    ),
    { numRuns: 1_000 },
  );
});

async function act(worker: Worker, what: string, needMs: number, runId: string): Promise<void> {
  const { deps, claim } = worker;
  if (what === 'claim') {
    if (claim) return;
    const result = await claimJob(deps, FETCHABLE, { runId, foundBy: 'graph' });
    if (result.outcome === 'claimed') worker.claim = result.claim;
    return;
  }
  if (!claim) return;
  if (what === 'extend') {
    if (!(await extendLease(deps, claim, needMs))) worker.claim = undefined;
    return;
  }
  worker.claim = undefined;
  if (what === 'finish') {
    // As the worker does: a record that failed is followed by giving the claim back.
    await finishClaim(deps, claim, { outcome: 'fetchable', event: 'sent' }, 30).catch(() =>
      releaseClaim(deps, claim, { status: 'failed', cause: 'model' }),
    );
  }
  if (what === 'release') await releaseClaim(deps, claim, { status: 'waiting', cause: 'model' });
}
