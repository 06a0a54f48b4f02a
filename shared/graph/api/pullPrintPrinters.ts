import { ReceiverError } from '../../errors';
import { isRecord, parseId } from '../../parse';
import type { CallGraph } from '../client';
import { pullPrintId } from '../../jobPlace';
import { readWholeListing, type Paging } from '../paging';

const PERMISSION = 'PullPrintPrinter.Read.All';

/**
 * Whether an id is that of a pull print printer, by GET /print/pullPrintPrinters/{id} (api/pullprintprinter-get). False when
 * Graph does not say so: the permission is optional, and without it Graph answers 403.
 *
 * @param printerId also as events show it, with the prefix
 */
export async function isPullPrintPrinter(callGraph: CallGraph, tenantId: string, printerId: string): Promise<boolean> {
  if (pullPrintId(printerId) !== undefined) return true;
  const path = `/print/pullPrintPrinters/${encodeURIComponent(printerId)}`;
  try {
    const { body } = await callGraph({ tenantId, method: 'GET', path, permission: PERMISSION });
    return isRecord(body) && parseId(body['id']) === printerId.toLowerCase();
  } catch (error) {
    if (error instanceof ReceiverError) return false;
    throw error;
  }
}

/** A pull print printer. Its members are shown to a signed-in administrator alone (api/printer-list-pullprintprinters). */
export interface PullPrintPrinter {
  id: string;
  displayName: string;
  /** Every printer of the tenant is a member. */
  includeAllPrinters: boolean;
}

/** GET /print/pullPrintPrinters (api/print-list-pullprintprinters). Rejects as `readAllPages`. */
export function listPullPrintPrinters(paging: Paging, tenantId: string): Promise<PullPrintPrinter[]> {
  const call = { tenantId, path: '/print/pullPrintPrinters', permission: PERMISSION };
  return readWholeListing(paging, call, (item) => {
    const { id, displayName, includeAllPrinters } = isRecord(item) ? item : {};
    const parsed = parseId(id);
    if (parsed === undefined) return undefined;
    const name = typeof displayName === 'string' ? displayName : parsed;
    return { id: parsed, displayName: name, includeAllPrinters: includeAllPrinters === true };
  });
}
