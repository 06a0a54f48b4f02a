import { ReceiverError } from '../shared/errors';
import { readPrinter } from '../shared/graph/api/printers';
import type { Watch, WatchKey } from '../shared/watches/watches';
import type { CliContext } from './context';

/**
 * Stores the name of a printer that was just added on the row of its watch, so that people can name it. Graph lists printers
 * for no app (api/print-list-printers.md). Without a name, the printer is named by its id.
 */
export async function storePrinterName({ services, logger }: CliContext, watch: Watch): Promise<Watch> {
  if (watch.kind !== 'jobFetchable') return watch;
  const { tenantId, id } = watch;
  const name = await printerNameAtGraph({ services, logger }, { tenantId, printerId: id });
  if (name === undefined || name === watch.name) return watch;
  const stored = await (await (await services()).watches()).update(watch, (row) => ({ ...row, name }));
  return stored?.watch ?? watch;
}

/** The name on the watch of a printer, else the one at Graph. Undefined when neither has one. */
export async function findPrinterName(
  context: Pick<CliContext, 'services' | 'logger'>,
  { tenantId, printerId }: { tenantId: string; printerId: string },
): Promise<string | undefined> {
  const key: WatchKey = { tenantId, kind: 'jobFetchable', id: printerId };
  const stored = await (await (await context.services()).watches()).get(key);
  return stored?.watch.name ?? (await printerNameAtGraph(context, { tenantId, printerId }));
}

async function printerNameAtGraph(
  { services, logger }: Pick<CliContext, 'services' | 'logger'>,
  printer: { tenantId: string; printerId: string },
): Promise<string | undefined> {
  try {
    return (await readPrinter((await (await services()).graph()).callGraph, printer))?.displayName;
  } catch (error) {
    if (!(error instanceof ReceiverError)) throw error;
    logger.warn('cli.printerNameUnknown', { ...printer, code: error.code });
    return undefined;
  }
}
