import { pullPrintId } from '../../jobPlace';
import { isRecord, parseText } from '../../parse';
import { unlessNotFound, type CallGraph } from '../client';
import { unreadableAnswer } from '../errors';
import { readWholeListing, type Paging } from '../paging';

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
 * @returns undefined for a 404, and for an answer that is about another printer
 * @throws GraphError as `callGraph` otherwise, and `graphAnswerUnreadable`
 */
export async function readPrinter(
  callGraph: CallGraph,
  { tenantId, printerId }: { tenantId: string; printerId: string },
): Promise<Printer | undefined> {
  const pullPrint = pullPrintId(printerId);
  const askedId = pullPrint ?? printerId;
  const path = `/print/${pullPrint === undefined ? 'printers' : 'pullPrintPrinters'}/${encodeURIComponent(askedId)}`;
  const permission = pullPrint === undefined ? 'Printer.Read.All' : 'PullPrintPrinter.Read.All';
  const answer = await unlessNotFound(callGraph({ tenantId, method: 'GET', path, permission }));
  if (!answer) return undefined;
  if (!isRecord(answer.body)) throw unreadableAnswer('no printer', path);
  const { id, displayName, location } = answer.body;
  if (typeof id === 'string' && id.toLowerCase() !== askedId.toLowerCase()) return undefined;
  return { ...(typeof displayName === 'string' ? { displayName } : {}), location: textsByField(location) };
}

/** A printer of a listing. A text that Graph does not give is ''. */
export interface ListedPrinter {
  /** Lower-cased. */
  id: string;
  name: string;
  manufacturer: string;
  model: string;
  location: Printer['location'];
  /** When it was registered, as Graph writes it. Absent where Graph does not give it. */
  registeredAt?: string;
  /** The names of its shares (resources/printershare.md). */
  shares: string[];
}

/**
 * GET /print/printers with the shares of each, all pages. Delegated only, and of the relationships `shares` alone can be
 * expanded (api/print-list-printers.md).
 *
 * @throws GraphError as `readAllPages`
 */
export function listPrinters(paging: Paging, tenantId: string): Promise<ListedPrinter[]> {
  const call = { tenantId, path: '/print/printers?$expand=shares', permission: 'Printer.Read.All' };
  return readWholeListing(paging, call, (item) => {
    const { id, displayName, manufacturer, model, registeredDateTime, location, shares } = isRecord(item) ? item : {};
    if (typeof id !== 'string' || id === '') throw unreadableAnswer('a printer without an id', call.path);
    const shareNames = (Array.isArray(shares) ? shares : []).flatMap((share: unknown) =>
      isRecord(share) && typeof share['displayName'] === 'string' ? [share['displayName']] : [],
    );
    return {
      ...{ id: id.toLowerCase(), name: parseText(displayName) },
      ...{ manufacturer: parseText(manufacturer), model: parseText(model) },
      ...(typeof registeredDateTime === 'string' ? { registeredAt: registeredDateTime } : {}),
      ...{ location: textsByField(location), shares: shareNames },
    };
  });
}

function textsByField(location: unknown): Printer['location'] {
  const texts: Record<string, string | readonly string[]> = {};
  for (const [field, value] of Object.entries(isRecord(location) ? location : {})) {
    if (typeof value === 'string') texts[field] = value;
    else if (Array.isArray(value)) texts[field] = value.filter((one) => typeof one === 'string');
  }
  return texts;
}
