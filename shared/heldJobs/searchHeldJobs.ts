import { eachBounded } from '../concurrency';
import { ReceiverError } from '../errors';
import type { IndexedJob, Ledger } from '../jobs/ledger';
import { readHeldJob, type HeldJob } from '../jobs/wishes';
import type { SearchScope } from './continuation';

export interface Page {
  jobs: HeldJob[];
  /** The last index row that was read: the next page begins after it. Absent at the end. */
  last?: string;
}

interface SearchDeps {
  ledger: Pick<Ledger, 'get' | 'listHeld'>;
  /** Rows that cannot be read are left out. */
  onUnreadable: (error: ReceiverError) => void;
}

const READS_AT_ONCE = 8;
/** Rows that one call may read to find jobs of a printer among others. */
const MOST_READ = 500;

/**
 * A page of held jobs, in the order of their index: the jobs of a user by key, all jobs by the end of their hold. A job that
 * is held from the first page to the last is on exactly one of them, whatever is added or ends in between.
 *
 * A page may have fewer jobs than `limit`, or none, before the end.
 *
 * @param search after: `last` of the page before
 * @throws errors of storage
 */
export async function searchHeldJobs(
  deps: SearchDeps,
  search: SearchScope & { limit: number; after?: string },
): Promise<Page> {
  const { tenantId, user, printer, limit, after } = search;
  const options = { ...(user === undefined ? {} : { user }), ...(after === undefined ? {} : { after }) };
  const jobs: HeldJob[] = [];
  let rows = 0;
  let batch: IndexedJob[] = [];
  const readBatch = async () => {
    const found = await readEach(deps, batch);
    jobs.push(...found.filter((job) => printer === undefined || job.printerId === printer));
    batch = [];
  };
  for await (const indexed of deps.ledger.listHeld(tenantId, options, deps.onUnreadable)) {
    batch.push(indexed);
    rows += 1;
    // Never more than fit on the page, so that it ends with the last row that was read.
    if (jobs.length + batch.length < limit && batch.length < READS_AT_ONCE && rows < MOST_READ) continue;
    await readBatch();
    if (jobs.length === limit || rows === MOST_READ) return { jobs, last: indexed.indexKey };
  }
  await readBatch();
  return { jobs };
}

/** The jobs of these index rows that are still held, in their order. */
async function readEach({ ledger, onUnreadable }: SearchDeps, rows: readonly IndexedJob[]): Promise<HeldJob[]> {
  const found = new Map<IndexedJob, HeldJob>();
  await eachBounded(READS_AT_ONCE, rows, async (row) => {
    try {
      const job = await readHeldJob(ledger, row.key);
      if (job && job.status !== 'done') found.set(row, job);
    } catch (error) {
      if (!(error instanceof ReceiverError) || error.code !== 'rowUnreadable') throw error;
      onUnreadable(error);
    }
  });
  return rows.flatMap((row) => found.get(row) ?? []);
}
