import { randomUUID } from 'node:crypto';
import { deleteJob } from './jobs';
import type { Printer, PrinterOperation, Simulation, Tenant } from './simulation';

/** The example id of resources/printjob.md, where the printers of the first tenant begin. */
const FIRST_JOB_NUMBER = 5182;
const NUMBERS_OF_A_TENANT = 100_000;

/**
 * Where the jobs of each printer of a tenant begin to count. An id is unique within its printer only (resources/printjob.md),
 * so the printers of one tenant have the same ids. Those of another tenant have other ids, so that a log with jobs of several
 * tenants can be read. The order in which tenants are created decides.
 *
 * @param index of the tenant, from 0
 */
export function firstJobNumberOf(index: number): number {
  return FIRST_JOB_NUMBER + index * NUMBERS_OF_A_TENANT;
}

/** A printer as an administrator finds it in the portal: shared, with a device, without a trigger and without jobs. */
export function newPrinter(
  simulation: Pick<Simulation, 'now'>,
  { firstJobNumber }: Tenant,
  id: string,
  displayName: string,
): Printer {
  return {
    id,
    displayName,
    manufacturer: null,
    model: null,
    hasPhysicalDevice: true,
    isShared: true,
    isAcceptingJobs: true,
    registeredAt: simulation.now(),
    location: {},
    jobs: new Map(),
    nextJobNumber: firstJobNumber,
  };
}

/** Starts the registration of a printer, which exists once the operation has succeeded (api/printer-create.md). */
export function startPrinterCreation(
  simulation: Simulation,
  tenant: Tenant,
  given: Pick<Printer, 'displayName' | 'manufacturer' | 'model' | 'hasPhysicalDevice'>,
): PrinterOperation {
  const createdAt = simulation.now();
  const endsAt = createdAt + simulation.variants.printerCreationMs;
  // api/printoperation-get.md: not shared, and not known to accept jobs.
  const fresh = { ...given, isShared: false, isAcceptingJobs: null, registeredAt: endsAt };
  const printer = { ...newPrinter(simulation, tenant, randomUUID(), given.displayName), ...fresh };
  const operation: PrinterOperation = { id: randomUUID(), createdAt, endsAt, state: 'running', printer };
  tenant.operations.set(operation.id, operation);
  return operation;
}

/** Ends every registration whose time has come by `Date`. */
export function finishPrinterCreations({ world, variants, now }: Simulation): void {
  for (const { operations, printers } of world.tenants.values())
    for (const operation of operations.values()) {
      if (operation.state !== 'running' || operation.endsAt > now()) continue;
      operation.state = variants.printerCreation;
      if (operation.state === 'succeeded') printers.set(operation.printer.id, operation.printer);
    }
}

/** Deletes a printer with its trigger and its jobs. A share of it stays and has no printer. */
export function deletePrinter(simulation: Simulation, tenant: Tenant, printer: Printer): void {
  for (const job of printer.jobs.values()) deleteJob(simulation, printer, job);
  tenant.printers.delete(printer.id);
  tenant.pullPrintPrinters.delete(printer.id);
}
