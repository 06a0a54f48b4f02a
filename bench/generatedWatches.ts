import type { EntityTable, StoredRow } from '../shared/storage/entityTable';
import { BENCH_RING } from './testBed';

export const TENANTS = 200;
export const WATCHES_OF_EACH = 250;
const HOUR_MS = 60 * 60_000;

/** The id of the n-th tenant of the generated rows, from 0. */
export const tenantOf = (n: number) => `tenant-${n}`;

/**
 * The table Subscriptions of 200 tenants with 250 watches each. Its rows are generated when they are read, and writes succeed
 * and are forgotten, so that the heap holds only what the reader keeps.
 *
 * @param renewedAt of every watch; milliseconds since 1970. Its subscription ends 61 hours later
 */
export function createGeneratedWatches(of: { renewedAt: number; publicBaseUrl: string }): EntityTable {
  const renewedAt = new Date(of.renewedAt).toISOString();
  const generate = (tenantId: string, n: number): StoredRow => ({
    etag: `W/"${n}"`,
    cells: {
      ...{ partitionKey: tenantId, rowKey: `jobFetchable_printer-${n}`, status: 'active', wanted: true },
      ...{ since: renewedAt, renewedAt, generation: 28_000_000, failures: 0, keyId: BENCH_RING[0].keyId },
      ...{
        subscriptionId: `subscription-${n}`,
        expirationDateTime: new Date(of.renewedAt + 61 * HOUR_MS).toISOString(),
      },
      ...{ notificationUrl: `${of.publicBaseUrl}/notifications`, name: `Printer ${n} on the second floor` },
    },
  });
  return {
    async *list(partitionKey) {
      const tenantIds =
        partitionKey === undefined ? Array.from({ length: TENANTS }, (_, n) => tenantOf(n)) : [partitionKey];
      for (const tenantId of tenantIds) {
        for (let n = 0; n < WATCHES_OF_EACH; n += 1) {
          await Promise.resolve();
          yield generate(tenantId, n);
        }
      }
    },
    get: () => Promise.resolve(undefined),
    insert: () => Promise.resolve('W/"1"'),
    replace: () => Promise.resolve('W/"2"'),
    replaceEach: (changes) => Promise.resolve(changes.map(() => 'W/"2"')),
    write: (changes) => Promise.resolve(changes.map(() => 'W/"2"')),
    remove: () => Promise.resolve(true),
  };
}

/** The heap after a collection of garbage. @throws without --expose-gc */
export function heapMib(): number {
  if (!globalThis.gc) throw new Error('Start the bench with --expose-gc (npm run bench does)');
  globalThis.gc();
  return process.memoryUsage().heapUsed / 1024 / 1024;
}
