import { listDefinitions } from './printDefinitions';
import { listPrinters, listTriggers, type PrintTrigger } from './printTriggers';
import type { Paging } from './readAllPages';

/** A trigger, the printer it sits on, and whose it is. */
export interface FoundTrigger extends PrintTrigger {
  printerId: string;
  printerName: string;
  /** True for one of a definition of this app; undefined when Graph does not show its definition. */
  ours?: boolean;
}

/** Printers side by side: there is no published limit for print, so well-behaved (facts, section 8). */
const PRINTERS_AT_ONCE = 4;

/**
 * Every trigger on every printer of a tenant.
 *
 * @param app Graph as the app, which alone may list definitions
 * @param administrator Graph as a signed-in Printer Administrator, who alone may list printers and triggers
 * @param onProgress hears how many printers have been read
 * @throws GraphError as `callGraph`, and `graphAnswerUnreadable`
 */
export async function findTriggers(
  app: Paging,
  administrator: Paging,
  tenantId: string,
  onProgress: (printers: number) => void = () => undefined,
): Promise<FoundTrigger[]> {
  const ours = new Set((await listDefinitions(app, tenantId)).map(({ id }) => id.toLowerCase()));
  const printers = await listPrinters(administrator, tenantId);
  const found: FoundTrigger[][] = [];
  for (let start = 0; start < printers.length; start += PRINTERS_AT_ONCE) {
    const group = printers.slice(start, start + PRINTERS_AT_ONCE).map(async (printer) => {
      const triggers = await listTriggers(administrator, tenantId, printer.id);
      return triggers.map((trigger) => ({
        ...trigger,
        printerId: printer.id,
        printerName: printer.displayName,
        ...(trigger.definitionId === undefined ? {} : { ours: ours.has(trigger.definitionId) }),
      }));
    });
    found.push(...(await Promise.all(group)));
    onProgress(found.length);
  }
  return found.flat();
}
