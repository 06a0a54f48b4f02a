import { runInThisContext } from 'node:vm';
import {
  HttpRequest,
  InvocationContext,
  type FunctionHandler,
  type HttpFunctionOptions,
  type StorageQueueFunctionOptions,
  type TimerFunctionOptions,
} from '@azure/functions';
import { signConsentState } from '../../shared/consent/consentLink';
import { createTokenSigner, formatToken } from '../../shared/deviceTokens/tokenText';
import { ReceiverError } from '../../shared/errors';
import { claimJob, finishClaim, releaseClaim } from '../../shared/jobs/claims';
import type * as Queues from '../../shared/storage/queues';
import { holdJob, USER } from '../support/createHeldJobs';
import { createRejectingWorld, type Rejections, type RejectingWorld } from '../support/createRejectingWorld';
import {
  bodyOf,
  CLIENT_ID,
  DEFINITION,
  fetchableItem,
  JOB,
  lifecycleItem,
  PRINTER,
  startedItem,
  TASK,
  TENANT_A,
  TEST_KEYS_SETTING,
  TEST_RING,
} from '../support/notifications';
import { signedMessage } from '../support/signedMessage';
import { testKey } from '../support/testKey';

const mockHandlers = new Map<string, FunctionHandler>();
let mockWorld: RejectingWorld;
jest.mock('@azure/functions', () => {
  type Options = HttpFunctionOptions | StorageQueueFunctionOptions | TimerFunctionOptions;
  const register = (name: string, { handler }: Options) => void mockHandlers.set(name, handler as FunctionHandler);
  return {
    ...jest.requireActual<object>('@azure/functions'),
    app: { http: register, storageQueue: register, timer: register, hook: { appTerminate: jest.fn() } },
  };
});
jest.mock('../../shared/clock', () => ({
  ...jest.requireActual<object>('../../shared/clock'),
  systemClock: {
    now: () => mockWorld.clock.now(),
    sleep: (ms: number, signal?: AbortSignal) => mockWorld.clock.sleep(ms, signal),
  },
}));
jest.mock('../../shared/storage/tables', () => ({ openTables: () => mockWorld.tables() }));
jest.mock('../../shared/storage/blobs', () => ({ openBlobs: () => Promise.resolve(() => mockWorld.blobs) }));
jest.mock('../../shared/storage/documents', () => ({ openDocuments: () => Promise.resolve(mockWorld.documents) }));
jest.mock('../../shared/archive/download', () => ({ createOpenDownload: () => mockWorld.openDownload }));
jest.mock('../../shared/storage/queues', () => {
  const actual = jest.requireActual<typeof Queues>('../../shared/storage/queues');
  type Queue = Parameters<typeof actual.createBoundedQueue>;
  const queue = (name: string, patience: Queue[1]) =>
    actual.createBoundedQueue(mockWorld.queue(name), { ...patience, pauseMs: 0 }, `https://a.queue.example/${name}`);
  return { ...actual, openQueues: () => ({ queue, contents: (name: string) => mockWorld.contents(name) }) };
});
jest.mock('../../shared/sinks/post', () => ({ createPost: () => mockWorld.post }));
jest.mock('../../shared/graph/http', () => ({ createSendHttp: () => mockWorld.sendHttp }));
jest.mock('../../shared/graph/tokens', () => ({
  ...jest.requireActual<object>('../../shared/graph/tokens'),
  createRequestToken: () => mockWorld.requestToken,
}));

const SETTINGS = {
  AzureWebJobsStorage: 'UseDevelopmentStorage=true',
  ENTRA_CLIENT_ID: CLIENT_ID,
  GRAPH_CREDENTIAL: 'secret',
  ENTRA_CLIENT_SECRET: 'secret',
  CLIENT_STATE_KEYS: TEST_KEYS_SETTING,
  PUBLIC_BASE_URL: 'https://app.example.com/api',
};
/** They register the functions of a sink. */
const SINK = {
  EVENTS_SINK_WEBHOOK_URL: 'https://events.example/',
  EVENTS_SINK_WEBHOOK_SECRETS: `whsec_${testKey(1).toString('base64')}`,
};
const EVENT = { specversion: '1.0', id: 'i', source: '/tenants/t', type: 'print.job.started' };
const RECEIVED = { v: 1, receivedAt: '2026-11-22T00:00:00.000Z', traceparent: '' };
const MINUTE = 60_000;

/** `process` of a test is a copy that Jest made. The one of Node reports rejections that nothing has handled. */
const node = runInThisContext('process') as NodeJS.Process;
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => void unhandled.push(reason);
const before = process.env;
beforeAll(async () => {
  node.on('unhandledRejection', onUnhandled);
  process.env = { ...before, ...SINK };
  await import('../../functions/index');
});
afterAll(() => {
  node.removeListener('unhandledRejection', onUnhandled);
  process.env = before;
});

// Some thousand runs of handlers.
jest.setTimeout(120_000);

interface Scenario {
  handler: string;
  settings?: Readonly<Record<string, string>>;
  input: () => unknown;
  /** Moves the world to the state in which the handler has the most to do. */
  prepare?: (world: RejectingWorld) => Promise<unknown>;
  /** The last line of the handler when nothing rejects, with the fields that show that it did its work. */
  logs?: Record<string, unknown>;
  /** The events of its warnings then. */
  warns?: string[];
  /** Whether a result is one that the handler documents. */
  accepts: (result: unknown) => boolean;
}

const post = (...items: unknown[]) => {
  const body = bodyOf(...items);
  const headers = { 'content-length': String(body.length) };
  return new HttpRequest({ method: 'POST', url: 'http://localhost/api/x', headers, body: { bytes: body } });
};
const hasStatus =
  (...statuses: number[]) =>
  (result: unknown) =>
    typeof result === 'object' && result !== null && 'status' in result && statuses.includes(Number(result.status));
/** Timers and queues: done, or an error of ours, after which the host tries again. */
const isDone = (result: unknown) => result === undefined || result instanceof ReceiverError;
const message = (queue: string, event: object) => () => signedMessage(SETTINGS, queue, { ...RECEIVED, ...event });
const jobEvent = { deferrals: 0, generation: 0, foundBy: 'graph', tenantId: TENANT_A, printerId: PRINTER, jobId: JOB };
const consentLink = () =>
  new HttpRequest({
    method: 'GET',
    url: 'http://localhost/api/consent',
    query: {
      tenant: TENANT_A,
      admin_consent: 'True',
      state: signConsentState(TEST_RING, TENANT_A, mockWorld.clock.now()),
    },
  });
/** Two held jobs of one user, and the token of a device that stands at another printer. */
const hold = async ({ ledger, tokens }: RejectingWorld) => {
  for (const taskId of ['t1', 't2']) heldKey = await holdJob(ledger, taskId, { tenantId: TENANT_A });
  await tokens.add({
    ...{ tenantId: TENANT_A, tokenId: TOKEN_ID, name: 'Reader', printers: [PRINTER], keyId: TEST_RING[0].keyId },
    ...{ status: 'active', createdAt: '2026-11-22T00:00:00.000Z', expiresAt: '2027-11-22T00:00:00.000Z' },
  });
};
const TOKEN_ID = '0123456789abcdef';
let heldKey: string;
const deviceToken = formatToken(createTokenSigner(TEST_RING), { tenantId: TENANT_A, tokenId: TOKEN_ID }).text;
const jobCall = (params: Record<string, string>, body?: object) => () =>
  new HttpRequest({
    method: body ? 'POST' : 'GET',
    url: 'http://localhost/api/jobs',
    params: { key: heldKey, ...params },
    headers: { authorization: `Bearer ${deviceToken}` },
    ...(body ? { body: { string: JSON.stringify(body) } } : {}),
  });
/** The four routes of a backend or of devices. */
const jobRoutes = (suffix: string, params: Record<string, string>, tenant: object): Scenario[] =>
  [
    { name: 'searchHeldJobs', input: jobCall(params, { ...tenant, user: USER }), status: 200 },
    { name: 'releaseHeldJobs', input: jobCall(params, { ...tenant, user: USER, printer: PRINTER }), status: 202 },
    { name: 'showHeldJob', input: jobCall(params), status: 200 },
    { name: 'actOnHeldJob', input: jobCall({ ...params, action: 'redirect' }, { printer: PRINTER }), status: 202 },
  ].map(({ name, input, status }) => ({
    handler: `${name}${suffix}`,
    input,
    prepare: hold,
    accepts: hasStatus(status, 503),
  }));
const later = (ms: number) => (world: RejectingWorld) => Promise.resolve(world.clock.advance(ms));

const SCENARIOS: Scenario[] = [
  {
    handler: 'receiveNotifications',
    input: () => post(startedItem(), fetchableItem(), lifecycleItem()),
    accepts: hasStatus(202, 503),
  },
  {
    handler: 'receiveLifecycleEvents',
    input: () => post(lifecycleItem({ lifecycleEvent: 'missed' }), lifecycleItem()),
    accepts: hasStatus(202, 503),
  },
  { handler: 'consent', input: consentLink, accepts: hasStatus(200, 503) },
  {
    handler: 'processNotification',
    input: message('print-notifications', {
      ...{ kind: 'jobStarted', definitionId: DEFINITION, taskId: TASK },
      ...jobEvent,
      subscriptionExpirationDateTime: '2026-11-22T01:00:00Z',
    }),
    logs: { event: 'job.processed', jobOutcome: 'released' },
    accepts: isDone,
  },
  {
    handler: 'processNotification',
    input: message('print-notifications', { kind: 'jobFetchable', ...jobEvent }),
    logs: { event: 'job.processed', jobOutcome: 'fetchable' },
    accepts: isDone,
  },
  {
    handler: 'archiveDocument',
    input: message('print-archive', { kind: 'jobFetchable', ...jobEvent }),
    prepare: async ({ ledger, clock }) => {
      const deps = { ledger, clock };
      const reference = { kind: 'jobFetchable', tenantId: TENANT_A, printerId: PRINTER, jobId: JOB } as const;
      const claimed = await claimJob(deps, reference, { runId: 'worker', foundBy: 'graph' });
      if (claimed.outcome !== 'claimed') throw new Error(claimed.outcome);
      await releaseClaim(deps, claimed.claim, { status: 'waiting', archive: 'wanted', cause: 'archive' });
    },
    logs: { event: 'archive.stored', documents: 1 },
    accepts: isDone,
  },
  {
    handler: 'processLifecycleEvent',
    input: message('subscription-events', { kind: 'renew', tenantId: TENANT_A, rowKey: `jobStarted_${DEFINITION}` }),
    prepare: later(61 * MINUTE),
    logs: { event: 'subscription.renewed' },
    accepts: isDone,
  },
  {
    handler: 'deliverJobEvent',
    settings: SINK,
    input: () => EVENT,
    logs: { event: 'event.delivered', status: 200 },
    accepts: isDone,
  },
  {
    handler: 'deliverWaitingEvents',
    settings: SINK,
    input: () => ({}),
    prepare: (world) => Promise.all([1, 2].map(() => world.put('print-job-events-waiting', JSON.stringify(EVENT)))),
    logs: { event: 'events.delivered', delivered: 2 },
    accepts: isDone,
  },
  {
    handler: 'renewSubscriptions',
    input: () => ({}),
    prepare: later(61 * MINUTE),
    logs: { event: 'subscriptions.reconciled', created: 2, renewed: 1, failed: 0 },
    accepts: isDone,
  },
  {
    handler: 'sweepJobs',
    input: () => ({}),
    prepare: later(20 * MINUTE),
    logs: { event: 'jobs.swept', enqueued: 2, failures: 0 },
    accepts: isDone,
  },
  {
    handler: 'recoverJobs',
    input: () => ({}),
    prepare: async ({ ledger, clock, reference }) => {
      await claimJob({ ledger, clock }, reference, { runId: 'dead', foundBy: 'graph' });
      clock.advance(20 * MINUTE);
    },
    logs: { event: 'jobs.recovered', claims: 1, tasks: 1 },
    warns: ['jobs.recovered'],
    accepts: isDone,
  },
  {
    handler: 'applyRetention',
    input: () => ({}),
    prepare: async ({ ledger, clock, reference, addDocument }) => {
      const claimed = await claimJob({ ledger, clock }, reference, { runId: 'a', foundBy: 'graph' });
      if (claimed.outcome !== 'claimed') throw new Error('not claimed');
      await finishClaim({ ledger, clock }, claimed.claim, { outcome: 'released', event: 'sent' }, 30);
      addDocument();
      clock.advance(40 * 24 * 60 * MINUTE);
    },
    logs: { event: 'retention.applied', rows: 1, documents: 1, failed: 0 },
    accepts: isDone,
  },
  {
    handler: 'measureService',
    input: () => ({}),
    prepare: hold,
    logs: { event: 'service.measured', parts: 12, failed: 0 },
    accepts: isDone,
  },
  { handler: 'status', input: jobCall({}), prepare: hold, accepts: hasStatus(200, 503) },
  ...jobRoutes('', { tenantId: TENANT_A }, { tenant: TENANT_A }),
  ...jobRoutes('OfDevice', {}, {}),
];

/** Runs a handler once, in a process of its own as far as the services are concerned. */
async function run({ handler, settings, input, prepare }: Scenario, rejections: Rejections) {
  mockWorld = await createRejectingWorld(rejections);
  await prepare?.(mockWorld);
  process.env = { ...SETTINGS, ...settings };
  const call = mockHandlers.get(handler);
  if (!call) throw new Error(`no function ${handler}`);
  const lines: { level: string; event: Record<string, unknown> }[] = [];
  const logHandler = (level: string, line: unknown) =>
    void lines.push({ level, event: JSON.parse(String(line)) as Record<string, unknown> });
  const context = new InvocationContext({ functionName: handler, logHandler });
  const result: unknown = await Promise.resolve(call(input(), context)).catch((error: unknown) => error);
  await settle();
  return { result, lines, calls: mockWorld.calls() };
}

/** Node reports a rejection at the end of the turn in which nothing handled it. The world rejects two turns late at most. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

// https://nodejs.org/api/process.html#event-unhandledrejection: by default it ends the process, and with it each message
// in hand loses a try. The third time within half an hour ends the host.
describe.each(SCENARIOS)('$handler', (scenario) => {
  it.each([false, true])(
    'leaves no rejection unhandled, whichever call rejects (and all later ones: %p)',
    async (all) => {
      const clean = await run(scenario, { nth: Infinity, all });
      expect(clean.result instanceof Error || hasStatus(503)(clean.result)).toBe(false);
      // Otherwise a fake that lacks a method would end the work before the calls that are to reject.
      expect(clean.lines.filter(({ level }) => level === 'error')).toEqual([]);
      const warnings = clean.lines.filter(({ level }) => level === 'warning');
      expect(warnings.map(({ event }) => event['event'])).toEqual(scenario.warns ?? []);
      if (scenario.logs) expect(clean.lines.at(-1)?.event).toMatchObject(scenario.logs);
      const wrong: string[] = [];
      for (let nth = 1; nth <= clean.calls; nth += 1) {
        unhandled.length = 0;
        const { result } = await run(scenario, { nth, all });
        if (unhandled.length > 0) wrong.push(`call ${nth}: ${String(unhandled[0])} is unhandled`);
        if (!scenario.accepts(result)) wrong.push(`call ${nth}: ended with ${String(result)}`);
      }
      expect(wrong).toEqual([]);
      expect(clean.calls).toBeGreaterThan(0);
    },
  );
});

it('covers every function of the app', () => {
  // GET /api/health makes no call that may reject.
  const called = [...mockHandlers.keys()].filter((name) => name !== 'health');
  expect(called.sort()).toEqual([...new Set(SCENARIOS.map(({ handler }) => handler))].sort());
});

it('notices a rejection that nothing handles', async () => {
  // Jest has listeners that fail a test for one.
  const others = node.listeners('unhandledRejection').filter((listener) => listener !== onUnhandled);
  for (const listener of others) node.removeListener('unhandledRejection', listener);
  unhandled.length = 0;
  void Promise.reject(new Error('floating'));
  await settle();
  for (const listener of others) node.on('unhandledRejection', listener);
  expect(unhandled).toMatchObject([{ message: 'floating' }]);
});
