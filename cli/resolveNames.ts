import type { Command } from 'commander';
import { ReceiverError } from '../shared/errors';
import { listDefinitions } from '../shared/graph/api/taskDefinitions';
import { pullPrintId } from '../shared/jobPlace';
import { parseGuid } from '../shared/parse';
import { usageError } from './arguments';
import type { CliContext } from './context';
import { warn } from './output';

/** What an option or argument may name without its whole id. */
type Kind = 'tenant' | 'printer' | 'definition';

interface Candidate {
  id: string;
  name?: string;
}

/** The tenant comes first, because the others belong to it. */
const KINDS: readonly Kind[] = ['tenant', 'printer', 'definition'];
const MOST_SHOWN = 10;

/**
 * Replaces each name, and each unique prefix of an id or of a name, in the options `--tenant`, `--printer` and `--definition`
 * and the arguments `<tenant>` and `<definition>` of a command by the id. A whole id costs no read.
 *
 * @throws ReceiverError `usage` for a text that names nothing, or more than one
 */
export async function resolveNames(context: CliContext, command: Command): Promise<void> {
  const args: unknown[] = command.processedArgs;
  let tenantId: string | undefined;
  for (const kind of KINDS) {
    const resolve = (text: unknown) =>
      typeof text === 'string' ? resolveOne(context, { kind, text, tenantId }) : Promise.resolve(text);
    const option: unknown = command.getOptionValue(kind);
    if (option !== undefined) {
      const ids = await (Array.isArray(option) ? mapInOrder(option, resolve) : resolve(option));
      command.setOptionValue(kind, ids);
      if (kind === 'tenant' && typeof ids === 'string') tenantId = ids;
    }
    const place = command.registeredArguments.findIndex((argument) => argument.name() === kind);
    if (place >= 0) args[place] = await resolve(args[place]);
  }
}

async function mapInOrder(values: readonly unknown[], map: (value: unknown) => Promise<unknown>): Promise<unknown[]> {
  const mapped: unknown[] = [];
  for (const value of values) mapped.push(await map(value));
  return [...new Set(mapped)];
}

interface Named {
  kind: Kind;
  text: string;
  tenantId: string | undefined;
}

async function resolveOne(context: CliContext, named: Named): Promise<string> {
  const { kind, text } = named;
  const id = wholeId(kind, text);
  if (id !== undefined) return id;
  const known = await CANDIDATES[kind](context, named);
  const { isWhole, found } = findCandidates(text, known);
  const [first, second] = found;
  if (!first) throw unknown(named, known);
  if (second) {
    throw new ReceiverError('usage', `"${text}" names ${found.length} ${WORDS[kind].plural}`, {
      details: describe(found),
      remedy: 'Add more of the name, or use the id.',
    });
  }
  if (!isWhole) context.terminal.note(`${WORDS[kind].title} ${describeOne(first)}`);
  return first.id;
}

/** Graph identifies tenants, printers and definitions by GUID. */
function wholeId(kind: Kind, text: string): string | undefined {
  if (kind === 'printer' && pullPrintId(text.toLowerCase()) !== undefined) return text.toLowerCase();
  return parseGuid(text);
}

/** Whole names before prefixes: a customer "Contoso" can be named beside a customer "Contoso West". Case does not matter. */
function findCandidates(text: string, known: readonly Candidate[]): { isWhole: boolean; found: Candidate[] } {
  const wanted = fold(text);
  const whole = known.filter(({ id, name = '' }) => [id, fold(name)].includes(wanted));
  if (whole.length > 0) return { isWhole: true, found: whole };
  const found = known.filter(({ id, name = '' }) => id.startsWith(wanted) || fold(name).startsWith(wanted));
  return { isWhole: false, found };
}

/** Text as it is compared: without case, and with each accented letter in one form. */
export function fold(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

const WORDS: Readonly<Record<Kind, { title: string; plural: string; list: (tenantId?: string) => string }>> = {
  tenant: { title: 'Tenant', plural: 'tenants', list: () => 'See: tenants list' },
  printer: {
    title: 'Printer',
    plural: 'printers',
    list: () => 'Use the id of the printer, or see: subscriptions list',
  },
  definition: {
    title: 'Definition',
    plural: 'definitions',
    list: (tenantId = '<id>') => `See: definitions list --tenant ${tenantId}`,
  },
};

const CANDIDATES: Readonly<Record<Kind, (context: CliContext, named: Named) => Promise<Candidate[]>>> = {
  tenant: listTenants,
  printer: listPrinters,
  definition: listKnownDefinitions,
};

async function listTenants({ terminal, services }: CliContext): Promise<Candidate[]> {
  const found: Candidate[] = [];
  const tenants = await (await services()).tenants();
  for await (const { tenantId, name } of tenants.list(warn(terminal))) found.push({ id: tenantId, name });
  return found;
}

/**
 * Printers with a watch, by id and name, then those of the ledger by id. Graph lists printers for no app (api/print-list-
 * printers.md).
 */
async function listPrinters(context: CliContext, { text, tenantId }: Named): Promise<Candidate[]> {
  const watched = await listWatched(context, 'jobFetchable', tenantId);
  if (tenantId === undefined || findCandidates(text, watched).found.length > 0) return watched;
  const known = new Map(watched.map((printer) => [printer.id, printer]));
  const ledger = await (await context.services()).ledger();
  for await (const { row } of ledger.list(tenantId, { onUnreadable: warn(context.terminal) })) {
    if (row?.printerId !== undefined && !known.has(row.printerId)) known.set(row.printerId, { id: row.printerId });
  }
  return [...known.values()];
}

/** The definitions that Graph lists for this app. Where it refuses, those with a watch can still be named by their id. */
async function listKnownDefinitions(context: CliContext, { text, tenantId }: Named): Promise<Candidate[]> {
  if (tenantId === undefined) throw usageError(`--definition "${text}" needs --tenant`);
  const services = await context.services();
  const { graphBaseUrl, clientId } = await services.config();
  const { callGraph } = await services.graph();
  try {
    const listed = await listDefinitions({ callGraph, graphBaseUrl, clientId }, tenantId);
    return listed.map(({ id, displayName }) => ({ id: id.toLowerCase(), name: displayName }));
  } catch (error) {
    const watched = await listWatched(context, 'jobStarted', tenantId);
    if (error instanceof ReceiverError && findCandidates(text, watched).found.length > 0) return watched;
    throw error;
  }
}

async function listWatched({ terminal, services }: CliContext, kind: string, tenantId?: string): Promise<Candidate[]> {
  const found: Candidate[] = [];
  for await (const { watch } of (await (await services()).watches()).list(tenantId, warn(terminal))) {
    const { id, name } = watch;
    if (watch.kind === kind) found.push({ id, ...(name === undefined ? {} : { name }) });
  }
  return found;
}

function unknown({ kind, text, tenantId }: Named, known: readonly Candidate[]): ReceiverError {
  const { title, list } = WORDS[kind];
  const where = kind === 'tenant' || tenantId === undefined ? '' : ` of tenant ${tenantId}`;
  const none = `No ${title.toLowerCase()}${where} has an id or a name that begins with "${text}"`;
  const remedy = list(tenantId);
  if (known.length === 0) return usageError(none, remedy);
  const details = describe(known);
  return new ReceiverError('usage', `${none}. Known`, { details, remedy });
}

function describe(candidates: readonly Candidate[]): string[] {
  const shown = candidates.slice(0, MOST_SHOWN).map(describeOne);
  const more = candidates.length - shown.length;
  return more > 0 ? [...shown, `and ${more} more`] : shown;
}

function describeOne({ id, name }: Candidate): string {
  return name === undefined || name === '' ? id : `${id} (${name})`;
}
