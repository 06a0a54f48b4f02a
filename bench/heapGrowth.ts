import { notMeasured } from '../shared/telemetry/catalogue';
import { createLedger } from '../shared/jobs/ledger';
import { createLocateJob } from '../shared/graph/api/printerShares';
import { createReadAccess } from '../shared/jobs/access';
import { createAllowances, createFairQueue } from '../shared/fairness/fairQueue';
import { createPlaces } from '../shared/fairness/places';
import { createTurns } from '../shared/fairness/turns';
import { createGraphClient } from '../shared/graph/client';
import { createSilence, createThrottle } from '../shared/graph/throttle';
import type { SendHttp } from '../shared/graph/http';
import { createFindPrinter } from '../shared/jobs/decision';
import { createRequestRenewal } from '../shared/subscriptions/renewalRequests';
import { newTenant } from '../shared/tenants/tenants';
import { newWatch } from '../shared/watches/watches';
import { createRequestToken, createTokens } from '../shared/graph/tokens';
import { randomBytes } from 'node:crypto';
import { readConfig } from '../shared/config';
import { processNotification } from '../shared/jobs/processNotification';
import type { Logger } from '../shared/logger';
import { receive } from '../shared/webhook/receive';
import { createFakeClock } from '../tests/support/createFakeClock';
import { createMemoryQueue } from '../tests/support/memoryQueue';
import { createMemoryTable } from '../tests/support/memoryTable';
import { webhookParts } from '../tests/support/webhookParts';
import { exact, type Part } from './figures';
import { BENCH_RING, CLIENT_ID, benchEnvironment, notificationBody } from './testBed';

const BAR_MIB = 16;
const FEW = 5_000;
const MANY = 50_000;
const BATCH = 10;
/** Less than a day before the subscriptions of the notifications end, so that each notification requests a renewal. */
const BEGIN = Date.parse('2026-11-24T12:00:00.000Z');
/** Some hundred notifications a second: more than one instance processes. */
const BETWEEN_BATCHES_MS = 50;

const silent: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * Heap that the process keeps after many notifications beyond the heap after few. Webhook and worker are wired as in the
 * app. Storage is in memory and emptied before each reading. Graph's answers are minimal. Every notification is of
 * another tenant, so that any memory per tenant or watch shows.
 */
export const heapGrowth: Part = {
  title: 'the heap',
  figures: {
    heap_growth: {
      what: 'heap after 50,000 notifications beyond the heap after 5,000',
      unit: 'MiB',
      bar: BAR_MIB,
    },
  },
  async measure() {
    const [jobs, events, poison, subscriptions] = [
      createMemoryQueue(),
      createMemoryQueue(),
      createMemoryQueue(),
      createMemoryQueue(),
    ];
    const waiting = createMemoryQueue();
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
          getRecord: (key) => Promise.resolve(newWatch({ ...key, since: '', generation: 0 })),
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
        measure: notMeasured,
      }),
      readClientStates: () => Promise.resolve(undefined),
      locateJob: createLocateJob(clock),
      throttle,
      silence,
      places: createPlaces({ silence, clock }),
      turns: createTurns({ silence, clock }),
      rules: { rulesOf: () => Promise.resolve({ kind: 'none' as const }) },
      findPrinter: createFindPrinter(clock),
      queues: { jobs, waiting, events, archive: createMemoryQueue(), poison },
      requestRenewal: createRequestRenewal({ queue: subscriptions, clock }),
      requestSweep: () => Promise.resolve(),
      clock,
      random: Math.random,
      logger: silent,
    };
    const fair = {
      triggered: jobs,
      waiting,
      allowances: createAllowances(clock),
      signer: { sign: (text: string) => text },
    };
    const webhook = {
      ring: BENCH_RING,
      clientId: CLIENT_ID,
      queues: { jobs: createFairQueue(fair), subscriptions },
      verifyTokens: () => Promise.resolve(true),
      clock,
      randomBytes,
      logger: silent,
      ...webhookParts,
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
        for (const { text } of jobs.sent.splice(0)) outcomes.push(await processNotification(worker, JSON.parse(text)));
        // A deferred message is processed by another instance: this one gets no more of that tenant.
        const counts = {
          done: outcomes.filter((outcome) => outcome === 'done').length,
          deferred: jobs.sent.splice(0).length,
          events: events.sent.splice(0).length,
          renewals: subscriptions.sent.splice(0).length,
        };
        const { deferred } = counts;
        if (deferred !== 1 || counts.done !== BATCH - 1 || counts.events !== counts.done || counts.renewals !== BATCH) {
          throw new Error(`A batch of the bench had other results: ${JSON.stringify(counts)}`);
        }
        clock.advance(BETWEEN_BATCHES_MS);
      }
      ledgerTable.clear();
    };
    await handle(FEW);
    const before = heapMib();
    await handle(MANY - FEW);
    return { heap_growth: exact(Math.round((heapMib() - before) * 100) / 100) };
  },
};

const TENANT = {
  name: '',
  status: 'active',
  taskDeadlineMinutes: 15,
  retentionDays: 30,
  createdAt: '',
} as const;

/**
 * Answers as Graph does: the job without its tasks, then the task that the notification named; every PATCH succeeds.
 * Of ten tenants one is throttled for a minute, so that its message is deferred, and one for a second, which the call waits out.
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
      ? answer(200, { id: last.jobUrl.split('/').at(-1), status: { state: 'paused' }, isFetchable: false })
      : answer(429, { error: { code: 'TooManyRequests' } }, { 'retry-after': retryAfter });
  };
}

function heapMib(): number {
  if (!globalThis.gc) throw new Error('Start the bench with --expose-gc (npm run bench does)');
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed / 1024 / 1024;
}
