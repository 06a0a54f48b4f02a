import { z } from 'zod';
import { requireFound } from '../http/readRequest';
import { access } from '../signIn/permissions';
import { startPrinterCreation } from '../world/printers';
import type { PrinterOperation } from '../world/simulation';
import { isCertificateRequest } from './certificateRequest';
import { ok, route, tenantOf, type Route } from './graphCall';
import { viewPrinter } from './printersAndTasks';

const named = z.string().min(1);
/** The parameters of api/printer-create.md. Without `hasPhysicalDevice` the printer has a device. */
const newPrinterSchema = z
  .strictObject({
    displayName: named,
    manufacturer: named,
    model: named,
    physicalDeviceId: named.nullish(),
    hasPhysicalDevice: z.boolean().default(true),
    certificateSigningRequest: z.strictObject({
      content: z.string().refine(isCertificateRequest, 'must be a base64-encoded PKCS #10 certificate request'),
      transportKey: z.base64().min(1),
    }),
    connectorId: named.nullish(),
  })
  .refine(
    ({ hasPhysicalDevice, physicalDeviceId }) => !hasPhysicalDevice || typeof physicalDeviceId === 'string',
    'physicalDeviceId is required when hasPhysicalDevice is true',
  );

const descriptions = {
  running: 'The operation is running.',
  succeeded: 'The operation has completed successfully.',
  failed: 'The operation failed.',
};

/** The registration of a printer, which takes a while, and the operation by which a signed-in user follows it. */
export const printerCreationRoutes: readonly Route[] = [
  route('POST /print/printers/create', 'printer-create.md', access.createPrinter, (call) => {
    const { displayName, manufacturer, model, hasPhysicalDevice } = newPrinterSchema.parse(call.body);
    const description = { displayName, manufacturer, model, hasPhysicalDevice };
    const { id, endsAt, createdAt } = startPrinterCreation(call.simulation, tenantOf(call), description);
    const seconds = Math.max(1, Math.ceil((endsAt - createdAt) / 1000));
    // The host that the caller used, as in @odata.nextLink.
    const location = `${call.origin}${call.version}/print/operations/${id}`;
    return { status: 202, headers: { 'operation-location': location, 'retry-after': String(seconds) } };
  }),
  route('GET /print/operations/{operationId}', 'printoperation-get.md', access.createPrinter, (call) =>
    ok(viewOperation(requireFound(tenantOf(call).operations.get(call.params['operationId'] ?? ''), 'The operation'))),
  ),
];

/** A printerCreateOperation as Graph writes it (api/printoperation-get.md); the printer is there once it succeeded. */
function viewOperation({ id, createdAt, state, printer }: PrinterOperation) {
  return {
    '@odata.type': '#microsoft.graph.printerCreateOperation',
    id,
    createdDateTime: new Date(createdAt).toISOString(),
    status: { state, description: descriptions[state] },
    ...(state === 'succeeded' ? { certificate: 'simulated', printer: viewPrinter(printer) } : {}),
  };
}
