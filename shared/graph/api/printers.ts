import { isRecord, parseText } from '../../parse';
import { unreadableAnswer } from '../errors';
import { readAllPages, type Paging } from '../paging';

/** A printer of a tenant, as its Printer Administrator sees it (resources/printer.md). */
export interface Printer {
  /** Lower-cased. */
  id: string;
  displayName: string;
}

const PATH = '/print/printers';

/**
 * GET /print/printers, all pages. Delegated only: a Printer Administrator has to sign in (api/print-list-printers.md).
 *
 * @throws GraphError as `callGraph`, and `graphAnswerUnreadable`
 */
export async function listPrinters(paging: Paging, tenantId: string): Promise<Printer[]> {
  const found: Printer[] = [];
  const call = { tenantId, path: PATH, permission: 'Printer.Read.All' };
  for await (const item of readAllPages(paging, call)) {
    const { id, displayName } = isRecord(item) ? item : {};
    if (typeof id !== 'string' || id === '') throw unreadableAnswer('a printer without an id', PATH);
    found.push({ id: id.toLowerCase(), displayName: parseText(displayName) });
  }
  return found;
}
