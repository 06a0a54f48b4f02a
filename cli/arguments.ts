import { InvalidArgumentError } from 'commander';
import { ReceiverError } from '../shared/errors';
import { parseId } from '../shared/parse';

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A tenant id, lower-cased. Graph names tenants by GUID in its notifications, so a domain name would never match. */
export function tenantArgument(value: string): string {
  if (!GUID.test(value))
    throw new InvalidArgumentError('It is the GUID of the Entra tenant, not its domain.');
  return value.toLowerCase();
}

/** The id of a printer or of a task definition, lower-cased. */
export function idArgument(value: string): string {
  const id = parseId(value);
  if (id === undefined) throw new InvalidArgumentError('It holds 1 to 128 letters, digits, ".", "_" or "-".');
  return id;
}

/** A name for people: not empty, one line. */
export function nameArgument(value: string): string {
  const name = value.trim();
  if (name === '' || /\p{Cc}/u.test(name)) throw new InvalidArgumentError('It is one line of text.');
  return name;
}

/** An error that ends with exit code 2. */
export function usageError(message: string): ReceiverError {
  return new ReceiverError('usage', message);
}
