import { readConfig } from '../shared/config';
import { createDeviceTokens } from '../shared/deviceTokens/deviceTokens';
import { createLedger } from '../shared/jobs/ledger';
import { createRulesStore } from '../shared/rules/store';
import { readServiceStatus, type StatusServices } from '../shared/status/serviceStatus';
import type { EntityTable } from '../shared/storage/entityTable';
import { createTenants } from '../shared/tenants/tenants';
import { createWatches } from '../shared/watches/watches';
import { createMemoryContainer } from '../tests/support/memoryContainer';
import { createMemoryQueueContents } from '../tests/support/memoryQueueContents';
import { createMemoryTable } from '../tests/support/memoryTable';
import { exact, type Part } from './figures';
import { createGeneratedWatches, heapMib, tenantOf, TENANTS, WATCHES_OF_EACH } from './generatedWatches';
import { benchEnvironment } from './testBed';

const NOW = Date.UTC(2026, 10, 22);
const PUBLIC_BASE_URL = 'https://receiver.example/api';

/** `status` of a service with 50,000 watches, in process on a table that generates its rows. */
export const fleetStatus: Part = {
  title: 'the status of fifty thousand watches',
  figures: {
    fleet_status_memory: {
      what: 'how far the heap grows while the status of 50,000 watches of 200 customers is read',
      unit: 'MiB',
      bar: 64,
    },
  },
  async measure() {
    await read(1);
    const before = heapMib();
    const { mostMib, tookMs } = await read(TENANTS);
    return {
      fleet_status_memory: exact(Math.max(0, mostMib - before), [
        `${before.toFixed(1)} MiB before, at most ${mostMib.toFixed(1)} MiB; ${Math.round(tookMs)} ms on this machine`,
      ]),
    };
  },
};

async function read(tenantCount: number) {
  const clock = { now: () => NOW };
  const tenants = createTenants(createMemoryTable(clock));
  const createdAt = new Date(NOW).toISOString();
  for (let n = 0; n < tenantCount; n += 1) await tenants.add({ tenantId: tenantOf(n), name: 'Bench', createdAt });
  const generated = createGeneratedWatches({ renewedAt: NOW - 60_000, publicBaseUrl: PUBLIC_BASE_URL });
  let mostMib = 0;
  const table: EntityTable = {
    ...generated,
    async *list(...asked) {
      yield* generated.list(...asked);
      // The reader has all rows now.
      mostMib = heapMib();
    },
  };
  const services: StatusServices = {
    config: () => Promise.resolve(readConfig(benchEnvironment('UseDevelopmentStorage=true'))),
    tenants: () => Promise.resolve(tenants),
    watches: () => Promise.resolve(createWatches(table)),
    deviceTokens: () => Promise.resolve({ tokens: createDeviceTokens(createMemoryTable(clock)) }),
    ledger: () => Promise.resolve(createLedger(createMemoryTable(clock))),
    rules: () => Promise.resolve(createRulesStore({ blobs: createMemoryContainer(), clock })),
    queueContents: () => Promise.resolve(createMemoryQueueContents(clock.now)),
  };
  const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const startedAt = performance.now();
  const status = await readServiceStatus(services, { version: 'bench', now: NOW, logger });
  const tookMs = performance.now() - startedAt;
  if (!('watches' in status) || status.watches.live !== tenantCount * WATCHES_OF_EACH || status.state !== 'OK') {
    throw new Error(`Another status than expected: ${JSON.stringify(status)}`);
  }
  return { mostMib: Math.max(mostMib, heapMib()), tookMs };
}
