import { randomBytes } from 'node:crypto';
import { systemClock } from '../shared/clock';
import type { CallGraph } from '../shared/graph/graphClient';
import { releaseEveryJob } from '../shared/jobs/decide';
import { processNotification } from '../shared/jobs/processNotification';
import { createReadStanding } from '../shared/jobs/standing';
import { createTenantShare } from '../shared/jobs/tenantShare';
import type { Logger } from '../shared/logger';
import { receive } from '../shared/webhook/receive';
import { createMemoryQueue } from '../tests/support/memoryQueue';
import { createMemoryTable } from '../tests/support/memoryTable';
import { BENCH_RING, notificationBody } from './notifications';
import { exactFigure, type Figure } from './ratio';

const BAR_MIB = 16;
const FEW = 5_000;
const MANY = 50_000;
const BATCH = 10;

const silent: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * What the process still holds after many notifications beyond what it holds after few: webhook and worker on memory
 * stores, which are emptied before each reading. Every notification is of another tenant, so any memory per tenant shows.
 */
export async function measureHeapGrowth(): Promise<Figure> {
  const jobs = createMemoryQueue();
  const events = createMemoryQueue();
  const poison = createMemoryQueue();
  const ledger = createMemoryTable();
  const worker = {
    ledger,
    readStanding: createReadStanding({
      tenants: { get: (tenantId) => Promise.resolve({ ...TENANT, tenantId }) },
      watches: {
        get: (key) => {
          const watch = { ...key, since: '', wanted: true, generation: 0, failures: 0 };
          return Promise.resolve({ watch, etag: '' });
        },
      },
      clock: systemClock,
    }),
    callGraph: answerAsGraph,
    throttle: { remainingMs: () => 0 },
    share: createTenantShare(),
    decide: releaseEveryJob,
    queues: { jobs, events, poison },
    requestRenewal: () => Promise.resolve(),
    clock: systemClock,
    random: Math.random,
    logger: silent,
  };
  const webhook = {
    ring: BENCH_RING,
    queues: { jobs, subscriptions: createMemoryQueue() },
    verifyTokens: () => Promise.resolve(true),
    clock: systemClock,
    randomBytes,
    logger: silent,
  };
  const handle = async (count: number) => {
    for (let done = 0; done < count; done += BATCH) {
      const body = new Uint8Array(notificationBody(BATCH));
      await receive(webhook, {
        route: 'notifications',
        declaredLength: String(body.byteLength),
        readBody: () => Promise.resolve(body),
        signal: new AbortController().signal,
      });
      for (const { text } of jobs.sent.splice(0)) {
        const outcome = await processNotification(worker, JSON.parse(text));
        if (outcome !== 'done') throw new Error(`A notification of the bench ended as ${outcome}`);
      }
      if (events.sent.splice(0).length !== BATCH) throw new Error('The bench lost an event');
    }
    ledger.clear();
  };
  await handle(FEW);
  const before = heapMib();
  await handle(MANY - FEW);
  return exactFigure('heap_growth', Math.round((heapMib() - before) * 100) / 100, 'MiB', BAR_MIB);
}

const TENANT = {
  name: '',
  status: 'active',
  taskDeadlineMinutes: 15,
  retentionDays: 30,
  createdAt: '',
} as const;

/** The job with the task that the path of the notification named; every PATCH is taken. */
const answerAsGraph: CallGraph = ({ method, path }) => {
  if (method === 'PATCH') return Promise.resolve({ status: 200, body: {} });
  const task = path.includes('/tasks/');
  const parentUrl = 'https://graph.microsoft.com/v1.0/print/printers/p/jobs/1';
  const body = task
    ? { id: path.split('/').at(-1), status: { state: 'processing' }, parentUrl }
    : { id: '5182', status: { state: 'paused' }, isFetchable: false };
  return Promise.resolve({ status: 200, body });
};

function heapMib(): number {
  if (!globalThis.gc) throw new Error('Start the bench with --expose-gc (npm run bench does)');
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed / 1024 / 1024;
}
