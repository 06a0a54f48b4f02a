import type { LookupAddress, LookupOptions } from 'node:dns';
import { createPublicLookup, NOT_PUBLIC } from '../../../shared/sinks/publicLookup';

const at = (...addresses: string[]): LookupAddress[] =>
  addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

/** What a connection receives for a name that has these addresses. */
async function look(answer: LookupAddress[] | Error, allowLoopback = false, options: LookupOptions = { all: true }) {
  const asked: string[] = [];
  const lookup = createPublicLookup(allowLoopback, (name, { all }, callback) => {
    asked.push(`${name} ${all}`);
    if (answer instanceof Error) callback(answer, []);
    else callback(null, answer);
  });
  const outcome = await new Promise<unknown>((resolve) => {
    lookup('events.example', options, (error, address, family) => {
      resolve(error ? { code: error.code } : { address, family });
    });
  });
  // All addresses of the name, whatever the connection asks for.
  expect(asked).toEqual(['events.example true']);
  return outcome;
}

it('gives the addresses that it has checked', async () => {
  const addresses = at('20.50.2.1', '2603:1030::1');
  expect(await look(addresses)).toMatchObject({ address: addresses });
  expect(await look(addresses, false, {})).toEqual({ address: '20.50.2.1', family: 4 });
});

it.each([
  [['10.0.0.1']],
  [['169.254.169.254']],
  [['fd00::1']],
  [['fe80::1%eth0']],
  [['::ffff:10.0.0.1']],
  [['127.0.0.1']],
  [['::1']],
  // A name that an attacker controls may have a public address beside the one that is meant.
  [['20.50.2.1', '10.0.0.1']],
  [['2603:1030::1', '127.0.0.1']],
  [['20.50.2.1', '::ffff:169.254.169.254']],
])('refuses a name with %j', async (addresses) => {
  expect(await look(at(...addresses))).toEqual({ code: NOT_PUBLIC });
  expect(await look(at(...addresses), false, {})).toEqual({ code: NOT_PUBLIC });
});

it('allows loopback in a local cloud, and nothing else that is not public', async () => {
  expect(await look(at('127.0.0.1', '::1'), true)).toMatchObject({ address: at('127.0.0.1', '::1') });
  expect(await look(at('127.0.0.1', '10.0.0.1'), true)).toEqual({ code: NOT_PUBLIC });
});

it('passes on that a name has no address', async () => {
  expect(await look(Object.assign(new Error('getaddrinfo'), { code: 'EAI_AGAIN' }))).toEqual({ code: 'EAI_AGAIN' });
  expect(await look([])).toEqual({ code: 'ENOTFOUND' });
});
