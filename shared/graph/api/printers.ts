import { pullPrintId } from '../../jobPlace';
import { isRecord } from '../../parse';
import { unlessNotFound, type CallGraph } from '../client';
import { unreadableAnswer } from '../errors';

/** What rules may ask of a printer (resources/printer.md). A field that Graph does not give as a text is absent. */
export interface Printer {
  displayName?: string;
  /** The texts of its location by field, such as `building`; some fields are lists (resources/printerlocation.md). */
  location: Readonly<Record<string, string | readonly string[]>>;
}

/**
 * GET /print/printers/{id} as the app (api/printer-get.md), or GET /print/pullPrintPrinters/{id} for the id of a pull print
 * printer as events show it.
 *
 * @returns undefined for a 404
 * @throws GraphError as `callGraph` otherwise, and `graphAnswerUnreadable`
 */
export async function readPrinter(
  callGraph: CallGraph,
  { tenantId, printerId }: { tenantId: string; printerId: string },
): Promise<Printer | undefined> {
  const pullPrint = pullPrintId(printerId);
  const path =
    pullPrint === undefined
      ? `/print/printers/${encodeURIComponent(printerId)}`
      : `/print/pullPrintPrinters/${encodeURIComponent(pullPrint)}`;
  const permission = pullPrint === undefined ? 'Printer.Read.All' : 'PullPrintPrinter.Read.All';
  const answer = await unlessNotFound(callGraph({ tenantId, method: 'GET', path, permission }));
  if (!answer) return undefined;
  if (!isRecord(answer.body)) throw unreadableAnswer('no printer', path);
  const { displayName, location } = answer.body;
  return { ...(typeof displayName === 'string' ? { displayName } : {}), location: textsByField(location) };
}

function textsByField(location: unknown): Printer['location'] {
  const texts: Record<string, string | readonly string[]> = {};
  for (const [field, value] of Object.entries(isRecord(location) ? location : {})) {
    if (typeof value === 'string') texts[field] = value;
    else if (Array.isArray(value)) texts[field] = value.filter((one) => typeof one === 'string');
  }
  return texts;
}
