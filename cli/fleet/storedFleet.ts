import { ReceiverError } from '../../shared/errors';
import { formatFindings, locateFindings } from '../rulesFile';
import { readStored, type DocumentPlace } from '../storedDocument';
import type { CliContext } from '../context';
import { MOST_FLEET_BYTES, readFleetDocument, type FleetDocument } from './document';

/** The blob of the fleet document of a customer. */
export function fleetBlobOf(tenantId: string): string {
  return `fleet/${tenantId}.json`;
}

/** Where the document of a customer and its replaced versions are stored. */
export function fleetPlaceOf(tenantId: string): DocumentPlace {
  return {
    blob: fleetBlobOf(tenantId),
    historyBlob: (at) => `fleet/history/${at}_${tenantId}.json`,
    changedCode: 'fleetChanged',
    compareVerb: 'fleet plan',
  };
}

/**
 * The document in a text.
 *
 * @param name of the file or blob, for the error
 * @throws ReceiverError `fleetInvalid` with each fault at its line and column
 */
export function fleetDocumentIn(text: string, name: string): FleetDocument {
  const { document, findings } = locateFindings(readFleetDocument(text), () => []);
  if (document) return document;
  throw new ReceiverError('fleetInvalid', `${name} is no valid fleet document`, {
    details: formatFindings(name, findings),
  });
}

/**
 * The stored document of a customer.
 *
 * @throws ReceiverError `fleetNotFound`, `fleetInvalid`, or that of storage
 */
export async function requireFleetDocument({ services }: CliContext, tenantId: string): Promise<FleetDocument> {
  const blob = fleetBlobOf(tenantId);
  const stored = await readStored(await (await services()).configBlobs(), blob, MOST_FLEET_BYTES);
  if (stored) return fleetDocumentIn(stored.text, blob);
  throw new ReceiverError('fleetNotFound', `${blob} does not exist`, {
    remedy: `Store a document: fleet import <file> --tenant ${tenantId}`,
  });
}
