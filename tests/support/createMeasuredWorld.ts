import { createActivityMemory } from '../../shared/measurements/activity';
import { measureService, type MeasureServices } from '../../shared/measurements/measureService';
import { createProofMemory } from '../../shared/measurements/proof';
import { createLedger } from '../../shared/jobs/ledger';
import type { JobReference } from '../../shared/jobs/message';
import { createRulesStore } from '../../shared/rules/store';
import type { Measurement, MetricName } from '../../shared/telemetry/catalogue';
import { createTenants, newTenant, type Tenant } from '../../shared/tenants/tenants';
import { createWatches } from '../../shared/watches/watches';
import { createCapturedLogger } from './createCapturedLogger';
import { createFakeClock } from './createFakeClock';
import { DEFINITION, MINUTE, PRINTER, TENANT, watchOf, type WatchFields } from './createSubscriptionWorld';
import { createMemoryContainer } from './memoryContainer';
import { createMemoryQueueContents } from './memoryQueueContents';
import { createMemoryTable } from './memoryTable';
import { testKey } from './testKey';

export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** A Tuesday. */
export const NOW = Date.parse('2026-11-24T15:30:00Z');
export const iso = (ms: number) => new Date(ms).toISOString();

export const started = (taskId: string, printerId = PRINTER, tenantId = TENANT): JobReference => ({
  kind: 'jobStarted',
  ...{ tenantId, definitionId: DEFINITION, taskId, printerId, jobId: taskId },
});
const fetchable = (jobId: string, printerId = PRINTER): JobReference => ({
  kind: 'jobFetchable',
  ...{ tenantId: TENANT, printerId, jobId },
});

/** What the timer `measureService` reads, in memory, and what it measures. */
export function createMeasuredWorld() {
  const clock = createFakeClock(NOW);
  const logger = createCapturedLogger();
  const measured: Measurement[] = [];
  const tables = [createMemoryTable(clock), createMemoryTable(clock), createMemoryTable(clock)] as const;
  const [tenants, watches, ledger] = [createTenants(tables[0]), createWatches(tables[1]), createLedger(tables[2])];
  const blobs = createMemoryContainer();
  const queues = new Map<string, ReturnType<typeof createMemoryQueueContents>>();
  const queueOf = (name: string) => {
    const known = queues.get(name) ?? createMemoryQueueContents(() => clock.now());
    queues.set(name, known);
    return known;
  };
  const services: MeasureServices = {
    config: () => Promise.resolve({ clientStateKeys: [{ keyId: 'k1', key: testKey(7) }] }),
    tenants: () => Promise.resolve(tenants),
    watches: () => Promise.resolve(watches),
    ledger: () => Promise.resolve(ledger),
    rules: () => Promise.resolve(createRulesStore({ blobs, clock })),
    queueContents: (name) => Promise.resolve(queueOf(name)),
  };
  const memory = { activity: createActivityMemory(clock), proofs: createProofMemory(clock) };
  return {
    ...{ clock, logger, measured, ledger, blobs, services, queueOf },
    /** Every row of the three tables. */
    async rows() {
      const rows: unknown[] = [];
      for (const table of tables) for await (const row of table.list()) rows.push([row.cells, row.etag]);
      return rows;
    },
    /** An active customer that was swept eight minutes ago. */
    addTenant: (fields: Partial<Tenant> = {}) =>
      tenants.add(
        newTenant({
          ...{ tenantId: TENANT, name: 'A customer', createdAt: iso(NOW - 60 * DAY) },
          sweptAt: iso(NOW - 8 * MINUTE),
          ...fields,
        }),
      ),
    /** A watch of 60 days whose subscription was renewed 40 minutes ago. */
    addWatch: (fields: WatchFields = {}) =>
      watches.add(
        watchOf({
          ...{ subscriptionId: 's1', since: iso(NOW - 60 * DAY), renewedAt: iso(NOW - 40 * MINUTE) },
          ...{ expirationDateTime: iso(NOW + 69 * HOUR), keyId: 'k1' },
          ...fields,
        }),
      ),
    /** A job event that was first seen at this time. */
    async addJob(at: number, reference: JobReference) {
      const before = clock.now();
      clock.advance(at - before);
      const row = { status: 'done', phase: 'start', attempts: 1, foundBy: 'graph', firstSeenAt: iso(at) } as const;
      await ledger.insert(reference, row);
      clock.advance(before - at);
    },
    /** A job that is held from now on. */
    holdJob: (reference: JobReference, heldUntil: number) =>
      ledger.insert(reference, {
        ...{ status: 'held', phase: 'end', outcome: 'held', attempts: 1, foundBy: 'graph' },
        firstSeenAt: iso(clock.now()),
        heldUntil: iso(heldUntil),
      }),
    async run(overrides: Partial<MeasureServices> = {}) {
      measured.length = 0;
      const measure = (measurement: Measurement) => void measured.push(measurement);
      await measureService({ services: { ...services, ...overrides }, measure, memory, clock, logger });
    },
    values: (metric: MetricName) => measured.filter((one) => one.metric === metric),
    value: (metric: MetricName) => measured.find((one) => one.metric === metric)?.value,
    failedParts: () => logger.events.filter(({ event }) => event === 'service.notMeasured').map(({ part }) => part),
  };
}

/** The same with one healthy customer and its watch. */
export async function createHealthyWorld() {
  const world = createMeasuredWorld();
  await world.addTenant();
  await world.addWatch();
  return world;
}

/** Twelve jobs in the three hours before this time of the day, one week and two weeks ago. */
export async function addBusyPast({ addJob }: Pick<ReturnType<typeof createMeasuredWorld>, 'addJob'>) {
  for (const week of [7, 14]) {
    for (let job = 0; job < 12; job += 1) {
      await addJob(NOW - week * DAY - (1 + (job % 3)) * HOUR, fetchable(`${week}-${job}`));
    }
  }
}
