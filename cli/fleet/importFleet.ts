import { TRIGGER_PERMISSIONS } from '../../shared/graph/api/taskTriggers';
import { listPrinters } from '../../shared/graph/api/printers';
import type { SignInOptions } from '../administrator';
import { notListed, usageError } from '../arguments';
import type { CliContext } from '../context';
import type { JsonOption } from '../output';
import { readFileNamed } from '../rulesFile';
import { readStored, replaceStored } from '../storedDocument';
import { documentOfCsv } from './csvDocument';
import { MOST_FLEET_BYTES } from './document';
import { openFleet } from './readFleet';
import { fleetDocumentIn, fleetPlaceOf } from './storedFleet';

export interface ImportOptions extends JsonOption, SignInOptions {
  tenant: string;
  csv?: string;
  etag?: string;
}

/** `fleet import`: stores the document of a customer, from a JSON file or from a CSV file. */
export async function importVerb(context: CliContext, file: string | undefined, options: ImportOptions): Promise<void> {
  const { terminal, now } = context;
  const { tenant: tenantId, csv, etag, json } = options;
  if ((file === undefined) === (csv === undefined))
    throw usageError('fleet import needs either a file or --csv <file>');
  const services = await context.services();
  if (!(await (await services.tenants()).get(tenantId))) throw notListed(tenantId);
  const text = csv === undefined ? await readFileNamed(context, file ?? '') : await textOfCsv(context, csv, options);
  fleetDocumentIn(text, file ?? csv ?? '');
  const blobs = await services.configBlobs();
  const place = fleetPlaceOf(tenantId);
  const stored = await readStored(blobs, place.blob, MOST_FLEET_BYTES);
  const newEtag = await replaceStored(blobs, place, { stored, text, etag, now: new Date(now()).toISOString() });
  if (json) return terminal.json({ blob: place.blob, etag: newEtag });
  terminal.print(`Stored ${place.blob} with ETag ${newEtag}.`, `Next: fleet plan --tenant ${tenantId}`);
}

async function textOfCsv(context: CliContext, csv: string, options: ImportOptions): Promise<string> {
  const text = await readFileNamed(context, csv);
  const { administrator } = await openFleet(context, options.tenant, TRIGGER_PERMISSIONS.read, options);
  const document = documentOfCsv(csv, text, await listPrinters(administrator, options.tenant));
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
