import { createLedger } from '../../shared/jobs/ledger';
import type { LedgerRow } from '../../shared/jobs/ledgerRow';
import { applyRetention } from '../../shared/retention/applyRetention';
import { createTenants, type NewTenant } from '../../shared/tenants/tenants';
import { createCapturedLogger } from './createCapturedLogger';
import { createFakeClock } from './createFakeClock';
import { createMemoryDocuments } from './memoryDocuments';
import { createMemoryTable } from './memoryTable';
import { PRINTER, TENANT_A } from './notifications';

export const DAY_MS = 24 * 60 * 60_000;
/** A day at noon. */
export const NOON = Date.parse('2026-11-22T12:00:00.000Z');

/** One customer, its ledger and its documents in memory. */
export async function createRetentionWorld(tenant: Partial<NewTenant> = {}) {
  const clock = createFakeClock(NOON);
  const logger = createCapturedLogger();
  const table = createMemoryTable(clock);
  const ledger = createLedger(table);
  const tenants = createTenants(createMemoryTable(clock));
  const documents = createMemoryDocuments(clock);
  await tenants.add({ tenantId: TENANT_A, name: 'A', createdAt: '2026-01-01T00:00:00.000Z', ...tenant });
  const deps = { tenants, ledger, documents, clock, random: () => 0, logger };
  return {
    ...{ clock, table, ledger, tenants, documents, deps },
    lines: (event: string) => logger.events.filter((line) => line.event === event),
    run: (runMs = 60_000) => applyRetention(deps, { runMs }),
    /** Adds the row of a job that was first seen at this time. */
    async addRow(jobId: string, firstSeenAt: number, cells: Partial<LedgerRow> = {}) {
      const row: LedgerRow = {
        ...{ status: 'done', phase: 'start', event: 'sent', outcome: 'fetchable', attempts: 1, foundBy: 'graph' },
        ...{ firstSeenAt: new Date(firstSeenAt).toISOString(), printerId: PRINTER, jobId },
        job: JSON.stringify({ id: jobId, createdBy: { userPrincipalName: 'ada@contoso.com' } }),
        ...cells,
      };
      await ledger.insert({ kind: 'jobFetchable', tenantId: TENANT_A, printerId: PRINTER, jobId }, row);
    },
    row: async (jobId: string) =>
      (await ledger.get({ tenantId: TENANT_A, rowKey: `jobFetchable_${PRINTER}_${jobId}` }))?.value,
    /** The ids of the jobs whose rows are left. */
    async jobs() {
      const left: string[] = [];
      const onUnreadable = () => undefined;
      for await (const { row } of ledger.list(TENANT_A, { onUnreadable })) left.push(row?.jobId ?? '');
      return left;
    },
    async addDocument(name: string) {
      const content = (async function* () {
        await Promise.resolve();
        yield Buffer.from(name);
      })();
      const facts = { contentType: 'application/pdf', source: name };
      await documents.store(name, content, facts, new AbortController().signal);
    },
  };
}
