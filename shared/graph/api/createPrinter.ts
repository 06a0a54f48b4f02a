import type { Clock } from '../../clock';
import { isRecord, parseId, parseText } from '../../parse';
import type { CallGraph } from '../client';
import { GraphError, unreadableAnswer } from '../errors';
import { TRIGGER_PERMISSIONS } from './taskTriggers';

/** A printer to register that has no device. */
export interface VirtualPrinter {
  tenantId: string;
  displayName: string;
  manufacturer: string;
  model: string;
  /** A PKCS #10 request, and the public key in it; both base64 (resources/printcertificatesigningrequest.md). */
  certificateSigningRequest: { content: string; transportKey: string };
}

/** The example answer of api/printer-create.md asks to wait 5 s. */
const POLL_MS = 5_000;
/** Microsoft says that a registration takes long, and not how long. */
const MOST_POLLS = 60;

const permission = TRIGGER_PERMISSIONS.write;

/**
 * Registers a virtual printer: POST /print/printers/create, then GET /print/operations/{id} until it has ended, for five
 * minutes. Graph accepts these calls from a signed-in Printer Administrator alone (api/printer-create.md,
 * api/printoperation-get.md). A create whose answer is lost is not repeated, because it may have made the printer.
 *
 * @returns the id of the printer, lower-cased
 * @throws GraphError as `callGraph`, `graphAnswerUnreadable`, and `printerNotCreated` when the operation fails or does not end
 */
export async function createVirtualPrinter(
  { callGraph, clock }: { callGraph: CallGraph; clock: Pick<Clock, 'sleep'> },
  { tenantId, ...printer }: VirtualPrinter,
): Promise<string> {
  const path = '/print/printers/create';
  const body = { ...printer, physicalDeviceId: null, hasPhysicalDevice: false, connectorId: null };
  const { operationLocation = '' } = await callGraph({ tenantId, method: 'POST', path, body, permission });
  const operationId = parseId(/\/operations\/([^/?]+)$/.exec(operationLocation)?.[1]);
  if (operationId === undefined) throw unreadableAnswer('no Operation-Location with the id of an operation', path);
  for (let polls = 1; polls <= MOST_POLLS; polls += 1) {
    await clock.sleep(POLL_MS);
    const printerId = await readOperation(callGraph, tenantId, operationId);
    if (printerId !== undefined) return printerId;
  }
  throw new GraphError('printerNotCreated', `The registration ${operationId} has not ended within five minutes`, {
    remedy: 'It may still succeed. Look for the printer in the Universal Print portal before you repeat the command.',
  });
}

/** The id of the printer once the operation has succeeded. Undefined while it runs, or for a state that Graph added since. */
async function readOperation(callGraph: CallGraph, tenantId: string, id: string): Promise<string | undefined> {
  const path = `/print/operations/${id}`;
  const { body } = await callGraph({ tenantId, method: 'GET', path, permission });
  const { status, printer } = isRecord(body) ? body : {};
  const state = parseText(isRecord(status) ? status['state'] : undefined);
  if (state === '') throw unreadableAnswer('a printOperation without a state', path);
  if (state === 'failed')
    throw new GraphError('printerNotCreated', `Graph could not register the printer (operation ${id})`);
  if (state !== 'succeeded') return undefined;
  const printerId = parseId(isRecord(printer) ? printer['id'] : undefined);
  if (printerId === undefined) throw unreadableAnswer('a printer without an id', path);
  return printerId;
}
