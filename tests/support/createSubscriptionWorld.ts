import { createConflictListings } from '../../shared/subscriptions/conflictListings';
import { createTenants, type TenantStatus } from '../../shared/tenants/tenants';
import { createWatches, type StoredWatch, type Watch } from '../../shared/watches/watches';
import { createCapturedLogger } from './createCapturedLogger';
import { createFakeClock } from './createFakeClock';
import { createFakeGraph } from './createFakeGraph';
import { createMemoryQueue } from './memoryQueue';
import { createMemoryTable } from './memoryTable';
import { testKey } from './testKey';

export const TENANT = '11111111-1111-1111-1111-111111111111';
export const OTHER_TENANT = '22222222-2222-2222-2222-222222222222';
export const PRINTER = '33333333-3333-3333-3333-333333333333';
export const DEFINITION = '44444444-4444-4444-4444-444444444444';
export const CLIENT_ID = '99999999-0000-4000-8000-000000000007';
export const PUBLIC_BASE_URL = 'https://receiver.example/api';

/** The moment all these tests begin. */
export const START = '2026-11-22T00:00:00.000Z';
export const MINUTE = 60_000;

/** Everything the use cases on subscriptions need, in memory, with handles to look inside. */
export function createSubscriptionWorld() {
  const clock = createFakeClock(Date.parse(START));
  const graph = createFakeGraph();
  const logger = createCapturedLogger();
  const events = createMemoryQueue();
  const tenantTable = createMemoryTable();
  const watchTable = createMemoryTable(clock);
  const watches = createWatches(watchTable);
  const tenants = createTenants(tenantTable);
  const deps = {
    callGraph: graph.callGraph,
    callBatch: graph.callBatch,
    conflicts: createConflictListings(clock),
    tenants,
    watches,
    events,
    clock,
    random: () => 0.5,
    logger,
    config: {
      clientStateKeys: [{ keyId: 'k1', key: testKey(7) }] as const,
      publicBaseUrl: PUBLIC_BASE_URL,
      clientId: CLIENT_ID,
      graphBaseUrl: 'https://graph.microsoft.com/v1.0',
    },
  };
  return {
    deps,
    events,
    clock,
    graph,
    logger,
    tenantTable,
    watchTable,
    watches,
    tenants,
    addTenant: (tenantId = TENANT, status: TenantStatus = 'active') =>
      tenants.add({
        tenantId,
        name: 'A customer',
        status,
        taskDeadlineMinutes: 15,
        retentionDays: 30,
        createdAt: START,
      }),
    /** Stores a watch and gives it back as stored. */
    async put(fields: WatchFields = {}): Promise<StoredWatch> {
      const watch = watchOf(fields);
      await watches.add(watch);
      return this.read(watch);
    },
    /** How many watches there are, without what stays of removed ones. */
    async countWatches(): Promise<number> {
      let count = 0;
      for await (const _watch of watches.list()) count += 1;
      return count;
    },
    /** The row as it is now. */
    async read(key: Pick<Watch, 'tenantId' | 'kind' | 'id'> = fetchable()): Promise<StoredWatch> {
      const stored = await watches.get(key);
      if (!stored) throw new Error('no such watch');
      return stored;
    },
  };
}

/** Any cells of a watch. */
export type WatchFields = { [Cell in keyof Watch]?: Watch[Cell] };

/** A watch with these cells and the status that they amount to. */
export function watchOf(fields: WatchFields): Watch {
  const { subscriptionId, lastError } = fields;
  const isFailing = lastError !== undefined;
  const withSubscription = { expirationDateTime: '', status: isFailing ? 'updateFailed' : 'active' };
  return {
    ...fetchable(),
    since: START,
    wanted: true,
    generation: 0,
    failures: 0,
    ...(isFailing ? { nextTryAt: '' } : {}),
    ...fields,
    ...(subscriptionId === undefined
      ? { status: isFailing ? 'createFailed' : 'pending' }
      : { ...withSubscription, ...fields, status: withSubscription.status }),
  } as Watch;
}

export type SubscriptionWorld = ReturnType<typeof createSubscriptionWorld>;

export function fetchable(tenantId = TENANT, id = PRINTER) {
  return { tenantId, kind: 'jobFetchable' as const, id };
}

export function started(tenantId = TENANT, id = DEFINITION) {
  return { tenantId, kind: 'jobStarted' as const, id };
}

/** A watch that is served by `subscription-0`, which the fake Graph has, renewed at START. */
export async function putServed(world: SubscriptionWorld, fields: WatchFields = {}): Promise<StoredWatch> {
  const subscriptionId = fields.subscriptionId ?? 'subscription-0';
  const resource = `print/printers/${fields.id ?? PRINTER}/jobs`;
  const notificationUrl = `${PUBLIC_BASE_URL}/notifications`;
  const tenantId = fields.tenantId ?? TENANT;
  world.graph.put({ id: subscriptionId, tenantId, resource, changeType: 'updated', notificationUrl });
  return world.put({
    subscriptionId,
    resource,
    notificationUrl,
    changeType: 'updated',
    keyId: 'k1',
    renewedAt: START,
    expirationDateTime: '2026-11-24T22:00:00.000Z',
    ...fields,
  });
}
