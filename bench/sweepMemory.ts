import { randomBytes } from 'node:crypto';
import type { CallGraph } from '../shared/graph/client';
import { createLedger } from '../shared/jobs/ledger';
import type { EntityTable, StoredRow } from '../shared/storage/entityTable';
import { createSweepMemory } from '../shared/sweep/sweepMemory';
import type { SweepDeps } from '../shared/sweep/sweepRun';
import { sweepAll } from '../shared/sweep/sweepAll';
import { createCallBatch } from '../tests/support/createCallBatch';
import { createSweepWorld } from '../tests/support/createSweepWorld';
import { exact, type Part } from './figures';

const MANY = 500_000;
const FEW = 5_000;
/** Printers with a watch, and what Graph lists: the newest jobs of each. The ledger holds the jobs of all time. */
const PRINTERS = 10;
const LISTED_OF_EACH = 400;
const PAGE = 200;
const TENANT = 'tenant-0';
/** Rows between two looks at the heap: a sweep that keeps the rows it reads is seen at its largest. */
const LOOK_EVERY = 2_000;
const BASE = 'https://graph.microsoft.com/v1.0';

/**
 * Memory of a sweep over a customer with a large ledger and with a small one, where Graph lists the same jobs. The table
 * generates its rows, so that only what the sweep keeps is measured.
 */
export const sweepMemory: Part = {
  title: 'the memory of a sweep',
  figures: {
    sweep_memory: {
      what: 'heap during a sweep with 500,000 rows in the ledger against the same sweep with 5,000',
      unit: 'ratio',
      bar: 1.1,
    },
  },
  async measure() {
    // The first run loads code.
    await heapOfSweep(FEW);
    const few = await heapOfSweep(FEW);
    const many = await heapOfSweep(MANY);
    const details = [`${few.toFixed(2)} MiB with 5,000 rows, ${many.toFixed(2)} MiB with 500,000`];
    return { sweep_memory: exact(Math.round((many / few) * 1_000) / 1_000, details) };
  },
};

/** The most heap of the process during a sweep, in MiB: rows that the sweep keeps would be several times the rest. */
async function heapOfSweep(rows: number): Promise<number> {
  const world = createSweepWorld();
  await world.addTenant(TENANT);
  for (let n = 0; n < PRINTERS; n += 1) await world.put({ tenantId: TENANT, kind: 'jobFetchable', id: printerOf(n) });
  const found = { most: 0, rowsRead: 0 };
  const look = () => (found.most = Math.max(found.most, heapMib()));
  const onRow = () => {
    found.rowsRead += 1;
    if (found.rowsRead % LOOK_EVERY === 0) look();
  };
  const callGraph = createListings(rows, look, world.clock.now());
  const deps: SweepDeps = {
    ...world.deps,
    callGraph,
    callBatch: createCallBatch(callGraph),
    ledger: createLedger(createGeneratedTable(rows, onRow)),
    memory: createSweepMemory(world.clock),
    randomBytes,
  };
  const { tenants } = await sweepAll(deps, {});
  look();
  const [swept] = tenants;
  const { outcome, seen, enqueued } = swept ?? {};
  if (outcome !== 'swept' || seen !== PRINTERS * LISTED_OF_EACH || enqueued !== 0) {
    throw new Error(`The measured sweep had another result: ${JSON.stringify(swept)}`);
  }
  return found.most;
}

const printerOf = (n: number) => `printer-${n}`;

/** Graph's listings: no definition, and the newest jobs of each printer, all of which the ledger has done. */
function createListings(rows: number, look: () => void, now: number): CallGraph {
  const createdDateTime = new Date(now + 60_000).toISOString();
  const first = rows / PRINTERS - LISTED_OF_EACH;
  return ({ path }) => {
    look();
    const [plain = '', query] = path.split('?');
    if (plain === '/print/taskDefinitions') return Promise.resolve({ status: 200, body: { value: [] } });
    const start = Number(new URLSearchParams(query).get('$skiptoken') ?? 0);
    const value = Array.from({ length: PAGE }, (_, n) => ({
      id: String(first + start + n),
      createdDateTime,
      status: { state: 'completed', isAcquiredByPrinter: true },
      isFetchable: false,
    }));
    const next = start + PAGE;
    const link = next < LISTED_OF_EACH ? { '@odata.nextLink': `${BASE}${plain}?$skiptoken=${next}` } : {};
    return Promise.resolve({ status: 200, body: { value, ...link } });
  };
}

/** The rows of `rows` jobs that are done, the same number for each printer. None is kept. */
function createGeneratedTable(rows: number, onRow: () => void): EntityTable {
  const ofEach = rows / PRINTERS;
  const generate = (printer: string, job: number): StoredRow => {
    onRow();
    const rowKey = `jobFetchable_${printer}_${job}`;
    const timestamp = '2026-11-22T00:00:00.000Z';
    const cells = { partitionKey: TENANT, rowKey, status: 'done', event: 'sent', outcome: 'printed', attempts: 1 };
    return {
      cells: { ...cells, timestamp, firstSeenAt: timestamp, foundBy: 'graph', printerId: printer, jobId: String(job) },
      etag: `W/"${job}"`,
    };
  };
  const isReadOnly = () => Promise.reject(new Error('A sweep writes no row of the ledger'));
  return {
    get: (_partition, rowKey) => {
      const [, printer = '', job = ''] = rowKey.split('_');
      return Promise.resolve(Number(job) < ofEach ? generate(printer, Number(job)) : undefined);
    },
    async *list(_partition, { rowKeyPrefix = '' } = {}) {
      await Promise.resolve();
      for (let n = 0; n < PRINTERS; n += 1) {
        if (!`jobFetchable_${printerOf(n)}_`.startsWith(rowKeyPrefix)) continue;
        for (let job = 0; job < ofEach; job += 1) yield generate(printerOf(n), job);
      }
    },
    ...{ insert: isReadOnly, replace: isReadOnly, replaceEach: isReadOnly, write: isReadOnly, remove: isReadOnly },
  };
}

function heapMib(): number {
  if (!globalThis.gc) throw new Error('Start the bench with --expose-gc (npm run bench does)');
  globalThis.gc();
  return process.memoryUsage().heapUsed / 1024 / 1024;
}
