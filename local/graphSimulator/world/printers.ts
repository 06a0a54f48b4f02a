import { randomUUID } from 'node:crypto';
import { deleteJob } from './jobs';
import type { Printer, PrinterOperation, Simulation, Tenant } from './simulation';

// The example id of resources/printjob.md; every printer counts from here, so that two printers have the same ids.
const FIRST_JOB_NUMBER = 5182;

/** A printer as an administrator finds it in the portal: shared, with a device, without a trigger and without jobs. */
export function newPrinter(simulation: Pick<Simulation, 'now'>, id: string, displayName: string): Printer {
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
    nextJobNumber: FIRST_JOB_NUMBER,
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
  const printer = { ...newPrinter(simulation, randomUUID(), given.displayName), ...fresh };
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
