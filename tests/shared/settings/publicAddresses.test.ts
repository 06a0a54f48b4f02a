import { isLoopbackAddress, isPublicAddress } from '../../../shared/settings/publicAddresses';

/** The first and the last address of each range. */
const NOT_PUBLIC = [
  ['private-use, RFC 1918', '10.0.0.0', '10.255.255.255'],
  ['private-use, RFC 1918', '172.16.0.0', '172.31.255.255'],
  ['private-use, RFC 1918', '192.168.0.0', '192.168.255.255'],
  ['loopback, RFC 1122', '127.0.0.0', '127.255.255.255'],
  ['link-local, RFC 3927, with the metadata service of clouds', '169.254.0.0', '169.254.169.254', '169.254.255.255'],
  ['this host, RFC 1122', '0.0.0.0', '0.255.255.255'],
  ['shared address space, RFC 6598', '100.64.0.0', '100.127.255.255'],
  ['IETF protocol assignments, RFC 6890', '192.0.0.0', '192.0.0.255'],
  ['documentation, RFC 5737', '192.0.2.1', '198.51.100.1', '203.0.113.1'],
  ['benchmarking, RFC 2544', '198.18.0.0', '198.19.255.255'],
  ['multicast, RFC 5771', '224.0.0.0', '239.255.255.255'],
  ['reserved and broadcast, RFC 1112', '240.0.0.0', '255.255.255.255'],
  ['the platform of Azure', '168.63.129.16'],
  ['IPv6 loopback and unspecified, RFC 4291', '::1', '::'],
  ['IPv6 unique-local, RFC 4193', 'fc00::', 'fd12:3456:789a::1', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['IPv6 link-local, RFC 4291', 'fe80::', 'fe80::1%eth0', 'febf:ffff::1'],
  ['IPv6 site-local, RFC 3879', 'fec0::1'],
  ['IPv6 multicast', 'ff02::1'],
  ['IPv4-mapped IPv6, RFC 4291', '::ffff:10.0.0.1', '::ffff:7f00:1', '::ffff:169.254.169.254', '::ffff:8.8.8.8'],
  ['IPv4-compatible IPv6', '::10.0.0.1', '::7f00:1'],
  ['IPv4 behind NAT64, RFC 6052', '64:ff9b::a00:1', '64:ff9b:1::1'],
  ['IPv4 behind 6to4 and Teredo', '2002:a00:1::1', '2001:0:a00:1::1'],
  ['IPv6 documentation, RFC 3849 and 9637', '2001:db8::1', '3fff::1'],
  ['no address', 'localhost', '', '1.2.3', '0x7f000001', '2130706433'],
].flatMap(([range, ...addresses]) => addresses.map((address) => [range, address]));

it.each(NOT_PUBLIC)('%s is not public: %s', (_range, address = '') => {
  expect(isPublicAddress(address)).toBe(false);
});

it.each([
  ...['1.1.1.1', '9.255.255.255', '11.0.0.0', '20.50.2.1', '100.63.255.255', '100.128.0.0', '126.255.255.255'],
  ...['128.0.0.0', '169.253.255.255', '169.255.0.0', '172.15.255.255', '172.32.0.0', '192.167.255.255', '192.169.0.0'],
  ...['198.17.255.255', '198.20.0.0', '223.255.255.255', '168.63.129.17'],
  ...['2603:1030::1', '2001:4860:4860::8888', '2606:4700::1111', '3ffe::1'],
])('%s is public', (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

it('loopback is known in each notation', () => {
  expect(['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1'].map(isLoopbackAddress)).toEqual(
    Array(5).fill(true),
  );
  expect(['10.0.0.1', '128.0.0.1', '::2', '::ffff:10.0.0.1', 'localhost', ''].map(isLoopbackAddress)).toEqual(
    Array(6).fill(false),
  );
});
