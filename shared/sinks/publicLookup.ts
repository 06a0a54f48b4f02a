import { lookup as lookupName, type LookupAddress, type LookupAllOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isLoopbackAddress, isPublicAddress } from '../settings/publicAddresses';

/** All addresses of a name, as `dns.lookup` with `all`. */
export type ResolveName = (
  name: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** The code of the error for a name that leads to an address which is not public. */
export const NOT_PUBLIC = 'addressNotPublic';

/**
 * Resolves names for a connection and refuses those that lead into a private network. The connection is made to one of the
 * addresses that were checked, because nothing resolves the name a second time. One wrong address among several is enough to
 * refuse, because the system chooses among them.
 *
 * Node calls it for names alone. URLs with an IP address are checked with the settings.
 */
export function createPublicLookup(allowLoopback: boolean, resolve: ResolveName = lookupName): LookupFunction {
  const isAllowed = ({ address }: LookupAddress) =>
    isPublicAddress(address) || (allowLoopback && isLoopbackAddress(address));
  return (name, options, callback) => {
    resolve(name, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error || !first) return callback(error ?? failure('ENOTFOUND'), '');
      if (!addresses.every(isAllowed)) return callback(failure(NOT_PUBLIC), '');
      if (options.all) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });
  };
}

function failure(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}
