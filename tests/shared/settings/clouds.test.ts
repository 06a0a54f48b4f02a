import { checkHosts, isLoopback, type Address } from '../../../shared/settings/clouds';

const GLOBAL = ['https://graph.microsoft.com/v1.0', 'https://login.microsoftonline.com', 'core.windows.net'] as const;
const L4 = ['https://graph.microsoft.us/v1.0', 'https://login.microsoftonline.us', 'core.usgovcloudapi.net'] as const;
const L5 = [
  'https://dod-graph.microsoft.us/beta',
  'https://login.microsoftonline.us',
  'core.usgovcloudapi.net',
] as const;
const AZURE = { trusted: [], inAzure: true };

const addresses = (graph: string, signIn: string, ...storage: string[]): Address[] => [
  { name: 'GRAPH', role: 'graph', url: graph },
  { name: 'SIGN_IN', role: 'signIn', url: signIn },
  ...storage.map((url): Address => ({ name: 'STORAGE', role: 'storage', url })),
];
const queueAt = (suffix: string) => `https://account.queue.${suffix}`;

// concepts/deployments.md: the clouds and their hosts.
it.each([GLOBAL, L4, L5])('%s, %s and %s belong together', (graph, signIn, suffix) => {
  expect(checkHosts(addresses(graph, signIn, queueAt(suffix)), AZURE)).toEqual([]);
});

it.each([
  ['the sign-in host of another cloud', [GLOBAL[0], L4[1], queueAt(GLOBAL[2])], 'SIGN_IN'],
  ['the Graph of another cloud', [L5[0], GLOBAL[1], queueAt(L5[2])], 'SIGN_IN'],
  ['storage of another cloud', [GLOBAL[0], GLOBAL[1], queueAt(L4[2])], 'STORAGE'],
  ['a host of a stranger as Graph', ['https://graph.microsoft.com.example/v1.0', GLOBAL[1]], 'GRAPH'],
  ['a host of a stranger as sign-in', [GLOBAL[0], 'https://login.example'], 'SIGN_IN'],
  ['another port of a known host', ['https://graph.microsoft.com:8443/v1.0', GLOBAL[1]], 'GRAPH'],
  ['a host that only ends like storage', [GLOBAL[0], GLOBAL[1], 'https://evilcore.windows.net'], 'STORAGE'],
  ['China, which has no Universal Print', ['https://microsoftgraph.chinacloudapi.cn/v1.0', GLOBAL[1]], 'GRAPH'],
])('%s is refused by the name of the setting', (_name, [graph = '', signIn = '', ...storage], setting) => {
  const problems = checkHosts(addresses(graph, signIn, ...storage), AZURE);
  expect(problems).toEqual([expect.stringMatching(new RegExp(`^${setting} is not https://.* TRUSTED_HOSTS$`))]);
});

it('accepts exactly the origins that TRUSTED_HOSTS names', () => {
  const own = addresses('https://graph.example:8443/v1.0', 'https://login.example', 'https://queue.example/account');
  const trusted = ['https://graph.example:8443', 'https://login.example', 'https://queue.example'];
  expect(checkHosts(own, { trusted, inAzure: true })).toEqual([]);
  expect(checkHosts(own, { trusted: trusted.slice(1), inAzure: true })).toHaveLength(1);
  expect(checkHosts(own, { trusted: ['https://graph.example', ...trusted.slice(1)], inAzure: true })).toHaveLength(1);
});

it.each([
  ['on loopback', 'http://127.0.0.1:7080/v1.0'],
  ['named by TRUSTED_HOSTS', 'https://graph.example/v1.0'],
])('with a Graph %s, sign-in host and storage are still of one cloud', (_name, graph) => {
  const rules = { trusted: ['https://graph.example'], inAzure: false };
  for (const [, signIn, suffix] of [GLOBAL, L4, L5]) {
    expect(checkHosts(addresses(graph, signIn, queueAt(suffix)), rules)).toEqual([]);
  }
  for (const [signIn, suffix] of [
    [L4[1], GLOBAL[2]],
    [GLOBAL[1], L4[2]],
  ]) {
    const problems = checkHosts(addresses(graph, signIn ?? '', queueAt(suffix ?? '')), rules);
    expect(problems).toEqual([expect.stringMatching(/^STORAGE is not https:.* TRUSTED_HOSTS$/)]);
  }
});

it('two accounts of different clouds do not belong together, where nothing else is known', () => {
  const own = addresses('https://graph.example/v1.0', 'https://login.example', queueAt(L5[2]), queueAt(GLOBAL[2]));
  const rules = { trusted: ['https://graph.example', 'https://login.example'], inAzure: true };
  expect(checkHosts(own, rules)).toEqual([
    'STORAGE is not https://*.core.usgovcloudapi.net: correct it, or add its origin to TRUSTED_HOSTS',
  ]);
});

it('accepts loopback outside Azure only', () => {
  const local = addresses('http://127.0.0.1:7080/v1.0', 'https://localhost:7443', 'http://127.0.0.1:10001/account');
  expect(checkHosts(local, { trusted: [], inAzure: false })).toEqual([]);
  expect(checkHosts(local, { trusted: ['http://127.0.0.1:7080'], inAzure: true })).toHaveLength(3);
});

it.each([
  ['http://localhost:1', true],
  ['http://127.0.0.1:7080/v1.0', true],
  ['http://127.9.9.9', true],
  ['http://[::1]/', true],
  ['https://graph.microsoft.com', false],
  ['http://localhost.example.com', false],
  ['http://127.0.0.1.example.com', false],
  ['no url', false],
])('%p is on loopback: %p', (url, expected) => {
  expect(isLoopback(url)).toBe(expected);
});
