import { randomUUID } from 'node:crypto';
import type { WatchKey } from '../../shared/watches/watches';
import type { Flow } from '../support/startFlow';

export interface SoakCustomer {
  tenantId: string;
  printerIds: string[];
}

/** Printers of the three tenants. Each has a definition of its own, and both are watched: 100 watches. */
const PRINTERS = [17, 17, 16];

/**
 * What a tenant's ledger remembers, in days, as the allow-list says it. The simulator lists a job for two, so that a row
 * deleted after this can belong to no job that a sweep still sees.
 */
export const RETENTION_DAYS = 4;
export const JOB_LISTED_MINUTES = 2 * 24 * 60;

/** Three customers on the allow-list, all their printers with a trigger. */
export async function createCustomers(
  flow: Flow,
): Promise<{ customers: SoakCustomer[]; watches: WatchKey[] }> {
  const customers: SoakCustomer[] = [];
  const watches: WatchKey[] = [];
  const tenants = await flow.services.tenants();
  for (const [index, count] of PRINTERS.entries()) {
    const tenantId = randomUUID();
    await flow.control.createTenant({ tenantId });
    await tenants.add({
      tenantId,
      name: `Customer ${index + 1}`,
      status: 'active',
      taskDeadlineMinutes: 15,
      retentionDays: RETENTION_DAYS,
      createdAt: new Date(flow.clock.now()).toISOString(),
    });
    const printerIds: string[] = [];
    for (let n = 1; n <= count; n += 1) {
      const { id: printerId } = await flow.control.createPrinter(tenantId, { displayName: `Printer ${n}` });
      const { id: definitionId } = await flow.control.createDefinition(tenantId, {
        displayName: `Ours ${n}`,
      });
      await flow.control.createTrigger(tenantId, { printerId, definitionId });
      const keys: WatchKey[] = [
        { tenantId, kind: 'jobStarted', id: definitionId },
        { tenantId, kind: 'jobFetchable', id: printerId },
      ];
      for (const key of keys) await flow.watch(key);
      watches.push(...keys);
      printerIds.push(printerId);
    }
    customers.push({ tenantId, printerIds });
  }
  return { customers, watches };
}
