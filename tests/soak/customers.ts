import { randomUUID } from 'node:crypto';
import type { ListedJob } from '../../local/graphSimulator/control/viewState';
import type { PrintOrder } from '../../local/graphSimulator/control/controlTypes';
import type { WatchKey } from '../../shared/watches/watches';
import type { Flow } from '../support/startFlow';

export interface SoakCustomer {
  tenantId: string;
  printerIds: string[];
}

/** Printers of the three tenants. Each has its own definition, and both are watched: 100 watches. */
const PRINTERS = [17, 17, 16];

/** Retention of the ledger in days. The simulator lists a job for two, so that no sweep can list a job whose row is deleted. */
const RETENTION_DAYS = 4;
export const JOB_LISTED_MINUTES = 2 * 24 * 60;

/** Three customers on the allow-list, all their printers with a trigger. */
export async function createCustomers(flow: Flow): Promise<{ customers: SoakCustomer[]; watches: WatchKey[] }> {
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

/** Hours of the day in which people print. */
const OFFICE_HOURS = { from: 8, to: 13 };
const MOST_JOBS_AN_HOUR = 5;
const MOST_MS = 20 * 60_000;
/** The share of the jobs that goes to printers with a rule, which are the first of a customer. */
const RULED_SHARE = 0.5;
const RULED_PRINTERS = 6;

/** Prints the jobs of this hour of the day, 0 to 23, on random printers. @returns how many */
export async function printSome(
  control: Flow['control'],
  customers: readonly SoakCustomer[],
  hourOfDay: number,
  random: () => number,
): Promise<number> {
  if (hourOfDay < OFFICE_HOURS.from || hourOfDay >= OFFICE_HOURS.to) return 0;
  const count = 1 + Math.floor(random() * MOST_JOBS_AN_HOUR);
  for (let n = 0; n < count; n += 1) {
    const { tenantId, printerIds } = oneOf(customers, random);
    const among = random() < RULED_SHARE ? printerIds.slice(0, RULED_PRINTERS) : printerIds;
    await control.print(tenantId, { printerId: oneOf(among, random), ...timesOf(random) });
  }
  return count;
}

/** The printers' work of an hour: one acquires a job that is ready, and another completes one. */
export async function takeSome(
  control: Flow['control'],
  listed: readonly ListedJob[],
  random: () => number,
): Promise<void> {
  const ready = listed.filter(({ isFetchable, isAcquiredByPrinter }) => isFetchable && !isAcquiredByPrinter);
  const taken = listed.filter(({ state, isAcquiredByPrinter }) => isAcquiredByPrinter && state === 'processing');
  const act = ({ tenantId, printerId, jobId }: ListedJob, action: string) =>
    control.actOnJob(tenantId, printerId, jobId, action);
  if (ready.length > 0) await act(oneOf(ready, random), 'acquire');
  if (taken.length > 0) await act(oneOf(taken, random), 'complete');
}

/** Most jobs are ready at once. Some are visible or fetchable late, as the documentation warns. */
function timesOf(random: () => number): Partial<PrintOrder> {
  const kind = random();
  const ms = Math.floor(random() * MOST_MS);
  if (kind < 0.1) return { visibleAfterMs: ms };
  if (kind < 0.2) return { transformMs: ms };
  return kind < 0.3 ? { fetchableAfterMs: ms } : {};
}

/** An item at random. */
export function oneOf<T>(items: readonly T[], random: () => number): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('Nothing to choose from');
  return item;
}

const DAY_MS = 24 * 60 * 60_000;

/** Deletes the ledger rows past their retention. `now`: milliseconds since 1970, on the moved clock. */
export async function deleteOldRows(
  { services }: Pick<Flow, 'services'>,
  customers: readonly SoakCustomer[],
  now: number,
): Promise<void> {
  const ledger = await services.ledger();
  const onUnreadable = (error: Error) => {
    throw error;
  };
  for (const { tenantId } of customers) {
    for await (const { rowKey, row } of ledger.list(tenantId, { onUnreadable })) {
      if (row === undefined || now - Date.parse(row.firstSeenAt) < RETENTION_DAYS * DAY_MS) continue;
      await ledger.remove({ tenantId, rowKey });
    }
  }
}
