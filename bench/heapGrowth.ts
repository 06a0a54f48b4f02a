import { newTenant } from '../shared/tenants/tenants';
import { createRequestToken, createTokens } from '../shared/graph/tokens';
import { createReadAccess, createPlacesOf, createTenantShare } from '../shared/jobs/access';
import { newWatch } from '../shared/watches/watches';
import { createLedger } from '../shared/jobs/ledger';
import { randomBytes } from 'node:crypto';
import { readConfig } from '../shared/config';
import { createGraphClient, createSilence, createThrottle } from '../shared/graph/client';
import type { SendHttp } from '../shared/graph/http';
import { releaseEveryJob } from '../shared/jobs/startedJob';
import { processNotification } from '../shared/jobs/processNotification';
import type { Logger } from '../shared/logger';
import { createRequestRenewal } from '../shared/subscriptions/message';
import { receive } from '../shared/webhook/receive';
import { createFakeClock } from '../tests/support/createFakeClock';
import { createMemoryQueue } from '../tests/support/memoryQueue';
import { createMemoryTable } from '../tests/support/memoryTable';
import { benchEnvironment } from './benchEnvironment';
import { BENCH_RING, notificationBody } from './notifications';
import { exactFigure, type Figure } from './ratio';

const BAR_MIB = 16;
const FEW = 5_000;
const MANY = 50_000;
const BATCH = 10;
/** Less than a day before the subscriptions of the notifications end: each asks for a renewal. */
const BEGIN = Date.parse('2026-11-24T12:00:00.000Z');
/** Some hundred notifications a second, more than one instance works on. */
const BETWEEN_BATCHES_MS = 50;

const silent: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * What the process still holds after many notifications beyond what it holds after few: webhook and worker as the app
 * wires them, over storage in memory, which is emptied before each reading, and over Graph's bare answers. Every
 * notification is of another tenant, so any memory per tenant or watch shows.
 */
export async function measureHeapGrowth(): Promise<Figure> {
  const [jobs, events, poison, subscriptions] = [
    createMemoryQueue(),
    createMemoryQueue(),
    createMemoryQueue(),
    createMemoryQueue(),
  ];
  const ledgerTable = createMemoryTable();
  const ledger = createLedger(ledgerTable);
  const clock = createFakeClock(BEGIN);
  const config = readConfig(benchEnvironment('UseDevelopmentStorage=true'));
  const throttle = createThrottle(clock);
  const silence = createSilence(clock);
  const worker = {
    ledger,
    readAccess: createReadAccess({
      tenants: { get: (tenantId) => Promise.resolve(newTenant({ ...TENANT, tenantId })) },
      watches: {
        get: (key) => {
          const watch = newWatch({ ...key, since: '' });
          return Promise.resolve({ watch, etag: '' });
        },
      },
      clock,
    }),
    callGraph: createGraphClient({
      baseUrl: config.graphBaseUrl,
      sendHttp: createGraphAnswers(),
      tokens: createTokens(createRequestToken(config, clock), clock),
      throttle,
      silence,
      clock,
      random: Math.random,
    }),
    throttle,
    silence,
    share: createTenantShare(createPlacesOf(silence)),
    decide: releaseEveryJob,
    queues: { jobs, events, poison },
    requestRenewal: createRequestRenewal({ queue: subscriptions, clock }),
    clock,
    random: Math.random,
    logger: silent,
  };
  const webhook = {
    ring: BENCH_RING,
    queues: { jobs, subscriptions },
    verifyTokens: () => Promise.resolve(true),
    clock,
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
      const outcomes: string[] = [];
      for (const { text } of jobs.sent.splice(0))
        outcomes.push(await processNotification(worker, JSON.parse(text)));
      // A message that is put back is another instance's to take: this one hears no more of that tenant.
      const counts = {
        done: outcomes.filter((outcome) => outcome === 'done').length,
        postponed: jobs.sent.splice(0).length,
        told: events.sent.splice(0).length,
        renewals: subscriptions.sent.splice(0).length,
      };
      const { postponed } = counts;
      if (
        postponed !== 1 ||
        counts.done !== BATCH - 1 ||
        counts.told !== counts.done ||
        counts.renewals !== BATCH
      ) {
        throw new Error(`A batch of the bench ended in another way: ${JSON.stringify(counts)}`);
      }
      clock.advance(BETWEEN_BATCHES_MS);
    }
    ledgerTable.clear();
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

/**
 * Answers as Graph does: the job without its tasks, then the task that the notification named; every PATCH is taken. Of
 * ten tenants one is throttled for a minute, so that its message is put back, and one for a second, which is waited out.
 */
function createGraphAnswers(): SendHttp {
  let tenants = 0;
  let last = { authorization: '', jobUrl: '' };
  return ({ method, url, headers }) => {
    const answer = (status: number, body: unknown, more = {}) =>
      Promise.resolve({ status, headers: more, body: JSON.stringify(body) });
    if (method === 'PATCH') return answer(200, {});
    if (url.includes('/tasks/')) {
      const id = url.split('/').at(-1);
      return answer(200, { id, status: { state: 'processing' }, parentUrl: last.jobUrl });
    }
    const { Authorization: authorization = '' } = headers;
    const isNew = authorization !== last.authorization;
    last = { authorization, jobUrl: url.split('?')[0] ?? '' };
    if (isNew) tenants += 1;
    const retryAfter = isNew ? ['60', '1'][tenants % BATCH] : undefined;
    return retryAfter === undefined
      ? answer(200, { id: '5182', status: { state: 'paused' }, isFetchable: false })
      : answer(429, { error: { code: 'TooManyRequests' } }, { 'retry-after': retryAfter });
  };
}

function heapMib(): number {
  if (!globalThis.gc) throw new Error('Start the bench with --expose-gc (npm run bench does)');
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed / 1024 / 1024;
}
