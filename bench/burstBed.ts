import { QueueServiceClient } from '@azure/storage-queue';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createControlClient, type ControlClient } from '../local/graphSimulator/control/controlClient';
import { startLocalCloud, type LocalCloud } from '../local/startLocalCloud';
import { systemClock } from '../shared/clock';
import { createServices, type Services } from '../shared/services';
import { addWatch } from '../shared/subscriptions/manage';
import { TIMERS_OFF } from '../tests/support/timers';
import { PLACES } from './apps/fewPlaces';
import { makeBenchApp } from './testBed';

/** What the host runs at a time, in the proportion of host.json. */
const FEW_PLACES = {
  AzureFunctionsJobHost__extensions__queues__batchSize: `${PLACES - Math.floor(PLACES / 3)}`,
  AzureFunctionsJobHost__extensions__queues__newBatchThreshold: `${Math.floor(PLACES / 3)}`,
};
const POLL_MS = 50;
const PATIENCE_MS = 10 * 60_000;
/** Graph under load, as in the figures of bursts. */
const GRAPH_ANSWERS_AFTER_MS = 300;

export interface Customer {
  tenantId: string;
  printerId: string;
}

/** The local cloud with customers whose print jobs wait for the app. */
export interface BurstBed {
  cloud: LocalCloud;
  control: ControlClient;
  /** The services of the app in this process, on the same storage. */
  services: Services;
  customers: readonly Customer[];
  /** Prints `count` jobs of each customer at once. */
  print(count: number, of?: readonly Customer[]): Promise<void>;
  /** Resolves when `count` job events have been sent in all: milliseconds since `startedAt` (performance.now). */
  untilEvents(count: number, startedAt: number): Promise<number>;
  /** Log lines of the hosts with this event. */
  countLogged(event: string): number;
  stop(): Promise<void>;
}

export interface BurstOptions {
  customers: number;
  /** The same app with other limits on what a tenant uses. */
  app?: 'noLimits' | 'fewPlaces';
  hosts?: number;
  /** Graph answers each print call after 300 ms. */
  slow?: boolean;
}

/** Runs `work` on a new bed, and ends all of it. */
export async function withBurstBed<T>(
  root: string,
  options: BurstOptions,
  work: (bed: BurstBed) => Promise<T>,
): Promise<T> {
  const bed = await startBurstBed(root, options);
  try {
    return await work(bed);
  } finally {
    await bed.stop();
  }
}

async function startBurstBed(root: string, options: BurstOptions): Promise<BurstBed> {
  const { app, hosts = 1, slow = true } = options;
  const cloud = await startLocalCloud({
    root,
    ports: 'free',
    settings: { ...TIMERS_OFF, ...(app === 'fewPlaces' && FEW_PLACES) },
    hosts,
    ...(app && { appRoot: await makeBenchApp(root, app) }),
  });
  try {
    const control = createControlClient(cloud.simulator);
    const services = createServices({ ...cloud.settings });
    const customers: Customer[] = [];
    for (let n = 0; n < options.customers; n += 1) customers.push(await onboard(control, services));
    if (slow) {
      await control.addFault({
        pathPattern: '/print/',
        count: -1,
        action: { type: 'delay', ms: GRAPH_ANSWERS_AFTER_MS },
      });
    }
    const service = QueueServiceClient.fromConnectionString(cloud.connectionString);
    const events = service.getQueueClient('print-job-events');
    return {
      cloud,
      control,
      services,
      customers,
      async print(count, of = customers) {
        await Promise.all(of.map(({ tenantId, printerId }) => control.print(tenantId, { printerId, count })));
      },
      async untilEvents(count, startedAt) {
        for (;;) {
          const { approximateMessagesCount = 0 } = await events.getProperties();
          const tookMs = performance.now() - startedAt;
          if (approximateMessagesCount >= count) return tookMs;
          if (tookMs > PATIENCE_MS) throw new Error(`${approximateMessagesCount} of ${count} job events were sent`);
          await delay(POLL_MS);
        }
      },
      countLogged: (event) =>
        cloud.hosts.flatMap((host) => host.lines()).filter((line) => line.includes(`\\"event\\":\\"${event}\\"`))
          .length,
      stop: () => cloud.stop(),
    };
  } catch (error) {
    await cloud.stop();
    throw error;
  }
}

async function onboard(control: ControlClient, services: ReturnType<typeof createServices>): Promise<Customer> {
  const tenantId = randomUUID();
  await control.createTenant({ tenantId });
  const { id: printerId } = await control.createPrinter(tenantId, { displayName: 'Printer' });
  const { id: definitionId } = await control.createDefinition(tenantId, { displayName: 'Receiver' });
  await control.createTrigger(tenantId, { printerId, definitionId });
  await (
    await services.tenants()
  ).add({
    ...{ tenantId, name: 'Bench', status: 'active', taskDeadlineMinutes: 15, retentionDays: 30 },
    createdAt: new Date(systemClock.now()).toISOString(),
  });
  const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
  await addWatch({ ...(await services.subscriptions()), logger }, { tenantId, kind: 'jobStarted', id: definitionId });
  return { tenantId, printerId };
}
