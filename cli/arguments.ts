import { InvalidArgumentError } from 'commander';
import { ReceiverError } from '../shared/errors';
import { parseId } from '../shared/parse';
import type { WatchKey } from '../shared/watches/watches';
import type { Terminal } from './terminal';

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A tenant id, lower-cased. Graph identifies tenants by GUID in its notifications, so a domain name would never match. */
export function tenantArgument(value: string): string {
  if (!GUID.test(value)) throw new InvalidArgumentError('It must be the GUID of the Entra tenant, not a domain name.');
  return value.toLowerCase();
}

/** The flag and the help of `--tenant`, in the same words for every verb. `resolveNames` finds the id. */
export const TENANT_FLAG = '--tenant <name or id>';
export const TENANT_HELP = 'the tenant: its name, its id, or the beginning of one of them';

/** The id of a trigger, message or token, lower-cased. */
export function idArgument(value: string): string {
  const id = parseId(value);
  if (id === undefined) throw new InvalidArgumentError('It must have 1 to 128 letters, digits, ".", "_" or "-".');
  return id;
}

/** A display name: one line, not empty. */
export function nameArgument(value: string): string {
  const name = value.trim();
  if (name === '' || /\p{Cc}/u.test(name)) throw new InvalidArgumentError('It must be one line of text.');
  return name;
}

/** A value that must be one of `words`. */
export function oneOf(words: readonly string[]): (value: string) => string {
  return (value) => {
    if (words.includes(value)) return value;
    throw new InvalidArgumentError(`It must be one of ${words.join(', ')}.`);
  };
}

/** How much is shown at most. */
export function limitArgument(value: string): number {
  const limit = Number(value);
  if (!Number.isSafeInteger(limit) || limit < 1) throw new InvalidArgumentError('It must be a whole number from 1.');
  return limit;
}

/** The options that name one watch. */
export interface WatchOptions {
  tenant: string;
  printer?: string;
  definition?: string;
}

/**
 * The watch that the options of `verb` name.
 *
 * @throws ReceiverError `usage` for neither or both of --printer and --definition
 */
export function watchKeyOf(verb: string, { tenant, printer, definition }: WatchOptions): WatchKey {
  if (printer !== undefined && definition === undefined) return { tenantId: tenant, kind: 'jobFetchable', id: printer };
  if (definition !== undefined && printer === undefined)
    return { tenantId: tenant, kind: 'jobStarted', id: definition };
  throw usageError(`${verb} needs either --printer <id> or --definition <id>`);
}

/** An error that ends with exit code 2. */
export function usageError(problem: string, remedy?: string): ReceiverError {
  return new ReceiverError('usage', problem, remedy === undefined ? {} : { remedy });
}

/** The tenant is not on the allow-list, or has been removed from it. */
export function notListed(tenantId: string, removed = false): ReceiverError {
  const state = removed ? 'has been removed' : 'is not on the allow-list';
  return new ReceiverError('tenantNotActive', `Tenant ${tenantId} ${state}`, {
    remedy: `Add it: tenants add ${tenantId} --name <text>`,
  });
}

/** The id is that of a pull print printer, for which Graph documents neither triggers nor subscriptions. */
export function pullPrintPrinter(id: string, what: 'triggers' | 'subscriptions'): ReceiverError {
  return new ReceiverError('pullPrintPrinter', `${id} is a pull print printer, and Graph has no ${what} for these`);
}

/**
 * Asks for confirmation before `verb` changes something that cannot be undone.
 *
 * @throws ReceiverError `usage` when there is no terminal to answer
 */
export async function confirm(terminal: Terminal, verb: string, question: string): Promise<boolean> {
  const answer = await terminal.confirm(question);
  if (answer === undefined) {
    throw usageError(`${verb} asks for confirmation, and there is no terminal to answer`, 'Add --yes to confirm.');
  }
  return answer;
}
