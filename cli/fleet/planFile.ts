import * as z from 'zod';
import { ReceiverError } from '../../shared/errors';
import { parseGuid } from '../../shared/parse';
import { formatPath, readJsonDocument } from '../../shared/rules/readDocument';
import { checkGraphBaseUrl, checkOrigin, checkTrustedHosts } from '../../shared/settings/addresses';
import { checkHosts, SIGN_IN_HOSTS } from '../../shared/settings/clouds';
import { MOST_FLEET_BYTES, printers } from './document';

/** A fleet document, and every definition and pull print printer of the customer. */
const MOST_FILE_BYTES = 2 * MOST_FLEET_BYTES;

const guid = z.string().refine((text) => parseGuid(text) === text, 'must be a GUID in lower case');
const id = z.string().regex(/^[\w.-]{1,128}$/, 'must be an id');
const time = z.iso.datetime('must be a time in UTC, such as 2026-11-29T12:00:00.000Z');
const name = z.string().max(1_024);
const named = z.array(z.strictObject({ id, name })).max(10_000);

const planFile = z.strictObject({
  kind: z.literal('fleetPlan'),
  version: z.literal(1),
  createdAt: time,
  /** No trigger is made from this file after it. */
  validUntil: time,
  tenantId: guid,
  /** Where the administrator signs in, and to which app. */
  clientId: guid,
  authorityHost: z.string().max(256),
  graphBaseUrl: z.string().max(256),
  /** Every definition of the app: an administrator cannot list them, and triggers of others are never changed. */
  definitions: named,
  /** The first entry that includes a printer counts. Each definition has a watch with a subscription until `validUntil`. */
  jobStarted: z.array(z.strictObject({ definitionId: id, printers })).max(100),
  /** Null where the app may not read them. */
  pullPrintPrinters: named.nullable(),
});

/** What an administrator of a customer needs to make and remove its triggers. It holds no secret. */
export type PlanFile = z.output<typeof planFile>;

/** The text of a file for an administrator. */
export function formatPlanFile(file: PlanFile): string {
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

/**
 * The plan in the text of a file.
 *
 * @param trustedHosts origins outside Microsoft's clouds that may receive the token of the administrator, as TRUSTED_HOSTS
 *   names them. The file is from outside: it must not say where a token goes
 * @throws ReceiverError `fleetFileInvalid` with each fault, `configInvalid` for `trustedHosts`
 */
export function parsePlanFile(text: string, name: string, trustedHosts: string | undefined): PlanFile {
  const read = readJsonDocument(text, { schema: planFile, mostBytes: MOST_FILE_BYTES });
  const faults =
    'faults' in read
      ? read.faults.map(({ path, message }) => `${formatPath(path)} ${message}`)
      : findFaults(read.document, trustedOrigins(trustedHosts));
  if ('document' in read && faults.length === 0) return read.document;
  throw new ReceiverError('fleetFileInvalid', `${name} is no valid file of fleet plan --out`, { details: faults });
}

/** What the schema does not see: hosts that do not belong to one cloud of Microsoft, and definitions that are not listed. */
function findFaults(file: PlanFile, trusted: readonly string[]): string[] {
  const { graphBaseUrl, authorityHost, definitions, jobStarted } = file;
  const graph = checkGraphBaseUrl(graphBaseUrl);
  const signIn = checkOrigin(authorityHost, SIGN_IN_HOSTS[0] ?? '');
  const forms = [
    ...('problem' in graph ? [`$.graphBaseUrl ${graph.problem}`] : []),
    ...('problem' in signIn ? [`$.authorityHost ${signIn.problem}`] : []),
  ];
  if (forms.length > 0) return forms;
  const addresses = [
    { name: '$.graphBaseUrl', role: 'graph', url: graphBaseUrl },
    { name: '$.authorityHost', role: 'signIn', url: authorityHost },
  ] as const;
  const known = new Set(definitions.map((definition) => definition.id));
  return [
    ...checkHosts(addresses, { trusted, inAzure: false }),
    ...jobStarted.flatMap(({ definitionId }, index) =>
      known.has(definitionId) ? [] : [`$.jobStarted[${index}].definitionId is not one of $.definitions`],
    ),
  ];
}

function trustedOrigins(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  const checked = checkTrustedHosts(text);
  if ('value' in checked) return checked.value;
  throw new ReceiverError('configInvalid', '1 setting to correct', { details: [`TRUSTED_HOSTS ${checked.problem}`] });
}
