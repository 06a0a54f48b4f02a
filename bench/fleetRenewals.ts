import { createConflictListings } from '../shared/subscriptions/conflictListings';
import type { CallGraphBatch } from '../shared/graph/batch';
import type { CallGraph } from '../shared/graph/client';
import { reconcileAll } from '../shared/subscriptions/reconcileAll';
import type { SubscriptionDeps } from '../shared/subscriptions/record';
import { createTenants } from '../shared/tenants/tenants';
import { createWatches } from '../shared/watches/watches';
import { createVirtualTime } from '../tests/support/createVirtualTime';
import { createMemoryTable } from '../tests/support/memoryTable';
import { exact, type Part } from './figures';
import { createGeneratedWatches, heapMib, tenantOf, TENANTS, WATCHES_OF_EACH } from './generatedWatches';
import { BENCH_RING, CLIENT_ID } from './testBed';

const WATCHES = TENANTS * WATCHES_OF_EACH;
/** concepts/throttling-limits.md, subscriptions: writes of an app over all tenants, and of an app in one tenant, in 20 s. */
const GRAPH_WINDOW_MS = 20_000;
const GRAPH_APP_WRITES = 2_000;
const GRAPH_TENANT_WRITES = 500;
/** Time that Graph needs for a batch. */
const BATCH_MS = 500;
const HOUR_MS = 60 * 60_000;
const START = Date.UTC(2026, 10, 22);
const PUBLIC_BASE_URL = 'https://receiver.example/api';
/** Batches between two looks at the heap. */
const LOOK_EVERY = 100;

/**
 * One renewal run over 50,000 due watches of 200 customers, on a clock whose time passes when all work waits for it. The
 * table generates its rows and keeps none, so that only what the run keeps is measured.
 */
export const fleetRenewals: Part = {
  title: 'fifty thousand renewals',
  figures: {
    fleet_renew_time: {
      what: 'one run over 50,000 due watches of 200 customers against the time that 2,000 writes in 20 s need',
      unit: 'ratio',
      bar: 1.2,
    },
    fleet_renew_memory: { what: 'how far the heap grows during that run', unit: 'MiB', bar: 64 },
  },
  async measure() {
    // The first run loads code.
    await renew(1);
    const before = heapMib();
    const { tookMs, mostMib, mostOfApp, mostOfTenant } = await renew(TENANTS);
    if (mostOfApp > GRAPH_APP_WRITES || mostOfTenant > GRAPH_TENANT_WRITES) {
      throw new Error(`More than Graph takes in 20 s: ${mostOfApp} writes of the app, ${mostOfTenant} of one customer`);
    }
    // The first window costs no wait.
    const idealMs = (Math.ceil(WATCHES / GRAPH_APP_WRITES) - 1) * GRAPH_WINDOW_MS + BATCH_MS;
    const details = [
      `${tookMs / 1_000} s on its clock, ${idealMs / 1_000} s at best`,
      `at most ${mostOfApp} writes of the app and ${mostOfTenant} of one customer in 20 s`,
    ];
    return {
      fleet_renew_time: exact(Math.round((tookMs / idealMs) * 1_000) / 1_000, details),
      fleet_renew_memory: exact(Math.max(0, mostMib - before), [
        `${before.toFixed(1)} MiB before, at most ${mostMib.toFixed(1)} MiB`,
      ]),
    };
  },
};

async function renew(tenantCount: number) {
  const clock = createVirtualTime(START);
  const tenants = createTenants(createMemoryTable(clock));
  for (let n = 0; n < tenantCount; n += 1) {
    // Listed today, so that the run renews and does nothing else.
    const now = new Date(START).toISOString();
    await tenants.add({ tenantId: tenantOf(n), name: 'Bench', createdAt: now, listedAt: now });
  }
  const found = { mostMib: 0, batches: 0 };
  const writes: { at: number; tenantId: string; count: number }[] = [];
  const callBatch: CallGraphBatch = async (tenantId, parts) => {
    writes.push({ at: clock.now(), tenantId, count: parts.length });
    found.batches += 1;
    if (found.batches % LOOK_EVERY === 0) found.mostMib = Math.max(found.mostMib, heapMib());
    await clock.sleep(BATCH_MS);
    return parts.map(({ path, body }) => ({
      answer: { status: 200, body: { id: path.split('/')[2], ...(body as object) } },
    }));
  };
  const callGraph: CallGraph = ({ path }) => Promise.reject(new Error(`The run made a call of its own: ${path}`));
  const deps: SubscriptionDeps = {
    ...{ callGraph, callBatch, tenants, clock, random: () => 0.5, conflicts: createConflictListings(clock) },
    watches: createWatches(createGeneratedWatches({ renewedAt: START - HOUR_MS, publicBaseUrl: PUBLIC_BASE_URL })),
    logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
    config: {
      ...{ clientStateKeys: BENCH_RING, clientId: CLIENT_ID, publicBaseUrl: PUBLIC_BASE_URL },
      graphBaseUrl: 'https://graph.microsoft.com/v1.0',
    },
  };
  let renewed = 0;
  let isOver = false;
  const run = reconcileAll(deps).finally(() => (isOver = true));
  await clock.runUntil(() => isOver);
  renewed = (await run).counts.renewed;
  if (renewed !== tenantCount * WATCHES_OF_EACH) throw new Error(`Only ${renewed} watches were renewed`);
  return {
    tookMs: clock.now() - START,
    mostMib: Math.max(found.mostMib, heapMib()),
    mostOfApp: mostInWindow(writes),
    mostOfTenant: Math.max(
      ...tenantIdsOf(writes).map((id) => mostInWindow(writes.filter((one) => one.tenantId === id))),
    ),
  };
}

function tenantIdsOf(writes: readonly { tenantId: string }[]): string[] {
  return [...new Set(writes.map(({ tenantId }) => tenantId))];
}

/** The most writes in any 20 seconds. `writes` are in the order of time. */
function mostInWindow(writes: readonly { at: number; count: number }[]): number {
  let most = 0;
  let sum = 0;
  let first = 0;
  for (const { at, count } of writes) {
    sum += count;
    for (let oldest = writes[first]; oldest && at - oldest.at >= GRAPH_WINDOW_MS; oldest = writes[first]) {
      sum -= oldest.count;
      first += 1;
    }
    most = Math.max(most, sum);
  }
  return most;
}
