import { randomBytes } from 'node:crypto';
import type { CallGraphBatch } from '../../shared/graph/batch';
import type { CallGraph, GraphCall } from '../../shared/graph/client';
import { createSweepMemory } from '../../shared/sweep/sweepMemory';
import type { SweepDeps } from '../../shared/sweep/sweepRun';
import { parseJobMessage, ledgerRowKey, type JobReference } from '../../shared/jobs/message';
import { createLedger } from '../../shared/jobs/ledger';
import type { LedgerRow } from '../../shared/jobs/ledgerRow';
import { createCallBatch } from './createCallBatch';
import { graphError } from './createFakeGraph';
import { CLIENT_ID, createSubscriptionWorld, DEFINITION, PRINTER, START, TENANT } from './createSubscriptionWorld';
import { createMemoryQueue } from './memoryQueue';
import { createMemoryTable } from './memoryTable';

const BASE = 'https://graph.microsoft.com/v1.0';

/** Graph's listings of one deployment's tenants, a ledger and everything the sweep needs, in memory. */
export function createSweepWorld() {
  const { deps: _deps, graph: _graph, ...base } = createSubscriptionWorld();
  const { clock, tenants, watches, logger } = base;
  const ledgerTable = createMemoryTable(clock);
  const ledger = createLedger(ledgerTable);
  const jobs = createMemoryQueue();
  const calls: GraphCall[] = [];
  /** Items by tenant and path; a path that nobody put answers 404. */
  const lists = new Map<string, unknown[]>();
  const refusals: { match: RegExp; error: Error; left: number }[] = [];
  let pageSize = 50;

  const callGraph: CallGraph = async (call) => {
    await Promise.resolve();
    calls.push(call);
    const { tenantId, path } = call;
    const refusal = refusals.find(({ match, left }) => left > 0 && match.test(`${tenantId}${path}`));
    if (refusal) {
      refusal.left -= 1;
      throw refusal.error;
    }
    const [plain = '', query] = path.split('?');
    const all = lists.get(`${tenantId}${plain}`);
    if (!all) throw graphError('notFound');
    const start = Number(new URLSearchParams(query).get('$skiptoken') ?? 0);
    const next = start + pageSize;
    const link = next < all.length ? { '@odata.nextLink': `${BASE}${plain}?$skiptoken=${next}` } : {};
    return { status: 200, body: { value: all.slice(start, next), ...link } };
  };

  /** The number of parts of each `$batch`. */
  const batches: number[] = [];
  const callEach = createCallBatch(callGraph);
  const callBatch: CallGraphBatch = (tenantId, parts) => {
    batches.push(parts.length);
    return callEach(tenantId, parts);
  };

  const put = (tenantId: string, path: string, item?: unknown) => {
    const list = lists.get(`${tenantId}${path}`) ?? [];
    if (item !== undefined) list.push(item);
    lists.set(`${tenantId}${path}`, list);
  };

  const deps: SweepDeps = {
    callGraph,
    callBatch,
    graphBaseUrl: BASE,
    clientId: CLIENT_ID,
    tenants,
    watches,
    ledger,
    jobs,
    memory: createSweepMemory(clock),
    clock,
    random: () => 0,
    randomBytes,
    logger,
  };
  return {
    ...base,
    deps,
    ledger,
    ledgerTable,
    jobs,
    calls,
    batches,
    said: () => calls.map(({ path }) => path),
    setPageSize: (size: number) => (pageSize = size),
    refuse: (match: RegExp, error: Error, times = Infinity) => refusals.push({ match, error, left: times }),
    clearRefusals: () => refusals.splice(0),
    /** No definitions and no printers yet: what Graph answers of a tenant that has none. */
    putTenantInGraph: (tenantId = TENANT) => put(tenantId, '/print/taskDefinitions'),
    putDefinition(id = DEFINITION, tenantId = TENANT, appId = CLIENT_ID) {
      put(tenantId, '/print/taskDefinitions', { id, displayName: 'Ours', createdBy: { appId } });
      put(tenantId, `/print/taskDefinitions/${id}/tasks`);
    },
    /** A task whose job is `job` on `printer`, or below another `parent`; no job: without parentUrl. */
    putTask(
      id: string,
      task: {
        state?: string;
        job?: string;
        printer?: string;
        parent?: string;
        definition?: string;
        tenant?: string;
      } = {},
    ) {
      const { state = 'processing', job, printer = PRINTER, definition = DEFINITION, tenant = TENANT } = task;
      const { parent = `printers/${printer}` } = task;
      put(tenant, `/print/taskDefinitions/${definition}/tasks`, {
        id,
        status: { state, description: '' },
        ...(job === undefined ? {} : { parentUrl: `${BASE}/print/${parent}/jobs/${job}` }),
      });
    },
    /** Graph forgets a task some time after its end. */
    forgetTask(id: string) {
      for (const [path, items] of lists) {
        if (path.endsWith('/tasks'))
          lists.set(
            path,
            items.filter((item) => (item as { id: string }).id !== id),
          );
      }
    },
    putPrinter: (id = PRINTER, tenantId = TENANT) => put(tenantId, `/print/printers/${id}/jobs`),
    /** A ready job created `minutesAgo`, by the clock as it stands. */
    putJob(jobId: string, minutesAgo: number, fields: Record<string, unknown> = {}, printer = PRINTER) {
      put(TENANT, `/print/printers/${printer}/jobs`, {
        id: jobId,
        createdDateTime: new Date(clock.now() - minutesAgo * 60_000).toISOString(),
        status: { state: 'paused', isAcquiredByPrinter: false },
        isFetchable: true,
        ...fields,
      });
    },
    putRow: (reference: JobReference, row: Partial<LedgerRow> = {}) =>
      ledgerTable.insert({
        partitionKey: reference.tenantId,
        rowKey: ledgerRowKey(reference),
        status: 'done',
        attempts: 1,
        firstSeenAt: START,
        foundBy: 'graph',
        ...((row.status ?? 'done') === 'done' ? { event: 'sent' } : {}),
        ...row,
      }),
    /** RowKeys of what was put on the queue, each of which must say that the sweep found it. */
    found: () =>
      jobs.sent.map(({ text }) => {
        const parsed = parseJobMessage(JSON.parse(text));
        if ('malformed' in parsed || !parsed.message.reference) throw new Error(`No message: ${text}`);
        if (parsed.message.foundBy !== 'sweep') throw new Error(`Not of the sweep: ${text}`);
        return ledgerRowKey(parsed.message.reference);
      }),
  };
}

export type SweepWorld = ReturnType<typeof createSweepWorld>;
