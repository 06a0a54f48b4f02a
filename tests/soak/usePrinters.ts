import type { PrintOrder } from '../../local/graphSimulator/control/controlTypes';
import type { ListedJob } from '../../local/graphSimulator/control/viewState';
import type { Flow } from '../support/startFlow';
import type { SoakCustomer } from './createCustomers';

/** Hours of the day in which people print. */
const OFFICE_HOURS = { from: 8, to: 13 };
const MOST_JOBS_AN_HOUR = 5;
const MOST_MS = 20 * 60_000;

/** What users do in this hour of the day, 0 to 23: they print some jobs, anywhere. @returns how many */
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
    await control.print(tenantId, { printerId: oneOf(printerIds, random), ...timesOf(random) });
  }
  return count;
}

/** What printers do in an hour: one takes a job that is ready, and another is done with it. */
export async function takeSome(
  control: Flow['control'],
  listed: readonly ListedJob[],
  random: () => number,
): Promise<void> {
  const ready = listed.filter(({ isFetchable, isAcquiredByPrinter }) => isFetchable && !isAcquiredByPrinter);
  const taken = listed.filter(
    ({ state, isAcquiredByPrinter }) => isAcquiredByPrinter && state === 'processing',
  );
  const act = ({ tenantId, printerId, jobId }: ListedJob, action: string) =>
    control.actOnJob(tenantId, printerId, jobId, action);
  if (ready.length > 0) await act(oneOf(ready, random), 'acquire');
  if (taken.length > 0) await act(oneOf(taken, random), 'complete');
}

/** Most jobs go through at once; some show themselves late, as the documentation warns. */
function timesOf(random: () => number): Partial<PrintOrder> {
  const kind = random();
  const ms = Math.floor(random() * MOST_MS);
  if (kind < 0.1) return { visibleAfterMs: ms };
  if (kind < 0.2) return { transformMs: ms };
  return kind < 0.3 ? { fetchableAfterMs: ms } : {};
}

function oneOf<T>(items: readonly T[], random: () => number): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('There is nothing to choose from');
  return item;
}
