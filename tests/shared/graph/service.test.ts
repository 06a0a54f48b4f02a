import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { openGraphService } from '../../../shared/graph/service';

test('a process asks Graph with its own token and remembers for all its calls which tenant is throttled', async () => {
  const tokens: (string | undefined)[] = [];
  const server = http.createServer((request, response) => {
    tokens.push(request.headers.authorization);
    response.writeHead(429, { 'retry-after': '60' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { callGraph, throttle } = openGraphService({
      storage: { connectionString: 'unused' },
      graphBaseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credential: 'development',
      authorityHost: 'https://login.microsoftonline.com',
      clientId: '99999999-9999-9999-9999-999999999999',
      clientStateKeys: [{ keyId: 'k1', key: Buffer.alloc(32) }],
      trustedHosts: [],
      publicBaseUrl: 'https://receiver.example/api',
    });
    const call = { tenantId: 't1', method: 'GET', path: '/print', permission: 'none' } as const;
    await expect(callGraph(call)).rejects.toMatchObject({ code: 'graphThrottled' });
    await expect(callGraph(call)).rejects.toMatchObject({ code: 'graphThrottled' });
    expect(tokens).toEqual(['Bearer development.t1']);
    expect([throttle.remainingMs('t1') > 5_000, throttle.remainingMs('t2')]).toEqual([true, 0]);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
