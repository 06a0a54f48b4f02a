import { ReceiverError } from '../../errors';
import { isRecord, parseId } from '../../parse';
import type { CallGraph } from '../client';
import { pullPrintId } from '../../jobPlace';

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
    const { body } = await callGraph({ tenantId, method: 'GET', path, permission: 'PullPrintPrinter.Read.All' });
    return isRecord(body) && parseId(body['id']) === printerId.toLowerCase();
  } catch (error) {
    if (error instanceof ReceiverError) return false;
    throw error;
  }
}
