import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { notMeasured } from '../../../shared/telemetry/catalogue';
import type { Config } from '../../../shared/config';
import { forListed, openGraphService } from '../../../shared/graph/service';
import { createFakeClock } from '../../support/createFakeClock';

test('a process asks Graph with its own token and remembers for all its calls which tenant is throttled', async () => {
  const tokens: (string | undefined)[] = [];
  const server = http.createServer((request, response) => {
    tokens.push(request.headers.authorization);
    response.writeHead(429, { 'retry-after': '60' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const config: Config = {
      storage: { connectionString: 'unused' },
      eventsStorage: { connectionString: 'unused' },
      dataStorage: { connectionString: 'unused' },
      graphBaseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credential: 'development',
      authorityHost: 'https://login.microsoftonline.com',
      clientId: '99999999-9999-9999-9999-999999999999',
      clientStateKeys: [{ keyId: 'k1', key: Buffer.alloc(32) }],
      trustedHosts: [],
      publicBaseUrl: 'https://receiver.example/api',
    };
    const { callGraph, throttle } = openGraphService(config, () => Promise.resolve(true), notMeasured);
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

describe('tokens for listed tenants alone', () => {
  const open = (isListed: boolean) => {
    const clock = createFakeClock();
    const asked: string[] = [];
    let reads = 0;
    const request = forListed(
      (tenantId) => {
        asked.push(tenantId);
        return Promise.resolve('token');
      },
      () => {
        reads += 1;
        return Promise.resolve(isListed);
      },
      clock,
    );
    return { clock, asked, get: () => request('t1', { fresh: true }), reads: () => reads };
  };

  it('requests none for a tenant without a row in Tenants', async () => {
    const { get, asked } = open(false);
    await expect(get()).rejects.toMatchObject({
      code: 'tenantNotActive',
      remedy: expect.stringContaining('tenants add') as string,
    });
    expect(asked).toEqual([]);
  });

  it('reads the row of a tenant once a minute', async () => {
    const { clock, get, asked, reads } = open(true);
    await get();
    await get();
    expect([asked.length, reads()]).toEqual([2, 1]);
    clock.advance(60_001);
    await get();
    expect(reads()).toBe(2);
  });
});
