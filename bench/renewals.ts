import { createConflictListings } from '../shared/subscriptions/conflictListings';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createStorage, startAzurite } from '../local/startAzurite';
import { notMeasured } from '../shared/telemetry/catalogue';
import { systemClock } from '../shared/clock';
import { createGraphBatch } from '../shared/graph/batch';
import { createGraphClient } from '../shared/graph/client';
import { createSilence, createThrottle } from '../shared/graph/throttle';
import { createSendHttp } from '../shared/graph/http';
import { reconcileAll } from '../shared/subscriptions/reconcileAll';
import { eachBounded } from '../shared/concurrency';
import { TABLE_NAMES } from '../shared/storage/account';
import { openTables } from '../shared/storage/tables';
import { createTenants } from '../shared/tenants/tenants';
import { createWatches } from '../shared/watches/watches';
import { exact, type Part } from './figures';
import { BENCH_RING, CLIENT_ID } from './testBed';

const WATCHES = 1_000;
const TENANTS = 3;
/** Time that the simulated Graph needs for a batch, and how many batches may run at once. */
const BATCH_MS = 500;
const AT_ONCE = 4;
const WRITES_AT_ONCE = 16;
const HOUR_MS = 60 * 60_000;
const PUBLIC_BASE_URL = 'https://receiver.example/api';

/**
 * 1,000 due renewals of three tenants, their rows in Azurite, against a Graph on loopback that answers every batch after
 * half a second.
 */
export const renewals: Part = {
  title: 'a thousand renewals',
  figures: {
    renew_requests_per_1000: {
      what: 'requests to Graph besides tokens for 1,000 due renewals over 3 tenants',
      unit: 'requests',
      bar: 60,
    },
    renew_wall: {
      what: 'their time, rows in Azurite, against that of the batches alone, 500 ms each and four at once',
      unit: 'ratio',
      bar: 1.5,
    },
  },
  async measure({ root }) {
    const azurite = await startAzurite({ root });
    await createStorage(azurite.connectionString);
    const graph = await startSlowGraph();
    try {
      const deps = await createWorld(graph.url, azurite.connectionString);
      const startedAt = performance.now();
      const { counts } = await reconcileAll(deps);
      const tookMs = performance.now() - startedAt;
      if (counts.renewed !== WATCHES) throw new Error(`Not all were renewed: ${JSON.stringify(counts)}`);
      if (graph.most() > AT_ONCE) throw new Error(`${graph.most()} batches ran at once`);
      const best = Math.ceil(graph.batches() / AT_ONCE) * BATCH_MS;
      return { renew_requests_per_1000: exact(graph.requests()), renew_wall: exact(tookMs / best) };
    } finally {
      await graph.stop();
      await azurite.stop();
    }
  },
};

async function createWorld(graphBaseUrl: string, connectionString: string) {
  const table = await openTables({ connectionString });
  const tenants = createTenants(table(TABLE_NAMES.tenants));
  const watches = createWatches(table(TABLE_NAMES.subscriptions));
  const anHourAgo = new Date(Date.now() - HOUR_MS).toISOString();
  for (let n = 0; n < TENANTS; n += 1) {
    await tenants.add({
      tenantId: `tenant-${n}`,
      name: 'Bench',
      status: 'active',
      taskDeadlineMinutes: 15,
      retentionDays: 30,
      // Two days old, so that the daily listing is among the requests.
      createdAt: new Date(Date.now() - 48 * HOUR_MS).toISOString(),
    });
  }
  const numbers = Array.from({ length: WATCHES }, (_, n) => n);
  await eachBounded(WRITES_AT_ONCE, numbers, async (n) => {
    await watches.add({
      tenantId: `tenant-${n % TENANTS}`,
      kind: 'jobFetchable',
      id: `printer-${n}`,
      since: anHourAgo,
      wanted: true,
      generation: 0,
      failures: 0,
      status: 'active',
      subscriptionId: `subscription-${n}`,
      keyId: BENCH_RING[0].keyId,
      notificationUrl: `${PUBLIC_BASE_URL}/notifications`,
      renewedAt: anHourAgo,
      expirationDateTime: new Date(Date.now() + 60 * HOUR_MS).toISOString(),
    });
  });
  const throttle = createThrottle(systemClock);
  const callGraph = createGraphClient({
    baseUrl: graphBaseUrl,
    sendHttp: createSendHttp(),
    tokens: { get: () => Promise.resolve('bench'), refused: () => undefined },
    silence: createSilence(systemClock),
    throttle,
    clock: systemClock,
    random: Math.random,
    measure: notMeasured,
  });
  return {
    tenants,
    watches,
    callGraph,
    callBatch: createGraphBatch({
      ...{ callGraph, throttle, clock: systemClock, random: Math.random, measure: notMeasured },
    }),
    conflicts: createConflictListings(systemClock),
    clock: systemClock,
    random: Math.random,
    logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
    config: { clientStateKeys: BENCH_RING, clientId: CLIENT_ID, publicBaseUrl: PUBLIC_BASE_URL, graphBaseUrl },
  };
}

async function startSlowGraph() {
  let requests = 0;
  let batches = 0;
  let running = 0;
  let most = 0;
  const answer = async (request: http.IncomingMessage): Promise<unknown> => {
    requests += 1;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.method === 'GET') return { value: [] };
    batches += 1;
    running += 1;
    most = Math.max(most, running);
    await delay(BATCH_MS);
    running -= 1;
    const asked = JSON.parse(Buffer.concat(chunks).toString()) as {
      requests: { id: string; url: string; body: object }[];
    };
    return {
      responses: asked.requests.map(({ id, url, body }) => ({
        ...{ id, status: 200 },
        body: { id: url.split('/')[2], ...body },
      })),
    };
  };
  const server = http.createServer((request, response) => {
    void answer(request).then((body) => response.end(JSON.stringify(body)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1.0`,
    requests: () => requests,
    batches: () => batches,
    most: () => most,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
