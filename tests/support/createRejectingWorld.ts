import type { OpenDownload } from '../../shared/archive/download';
import { createDeviceTokens } from '../../shared/deviceTokens/deviceTokens';
import { GraphError } from '../../shared/graph/errors';
import type { HttpAnswer, HttpRequest } from '../../shared/graph/http';
import { createLedger } from '../../shared/jobs/ledger';
import type { BlobContainer } from '../../shared/storage/blobs';
import type { DocumentContainer } from '../../shared/storage/documents';
import type { EntityTable } from '../../shared/storage/entityTable';
import type { MessageQueue } from '../../shared/storage/queues';
import { createTenants } from '../../shared/tenants/tenants';
import { createWatches } from '../../shared/watches/watches';
import { createFakeClock } from './createFakeClock';
import { createFakeGraph } from './createFakeGraph';
import { createMemoryContainer } from './memoryContainer';
import type { QueueContents } from '../../shared/storage/queueContents';
import type { Post } from '../../shared/sinks/post';
import { createMemoryDocuments } from './memoryDocuments';
import { createMemoryQueue } from './memoryQueue';
import { createMemoryQueueContents } from './memoryQueueContents';
import { createMemoryTable } from './memoryTable';
import { DEFINITION, JOB, PRINTER, SUBSCRIPTION, TASK, TENANT_A } from './notifications';
import { watchOf } from './createSubscriptionWorld';

/** What goes wrong: the n-th call alone, or the n-th and all later ones. Counts from 1. */
export interface Rejections {
  nth: number;
  all: boolean;
}

const START = Date.parse('2026-11-22T00:00:00.000Z');
const OTHER_PRINTER = 'cccccccc-0000-4000-8000-000000000015';
const OPEN_TASK = 'eeeeeeee-0000-4000-8000-000000000014';
const METHODS = ['GET', 'POST', 'PATCH', 'DELETE'] as const;
const GRAPH = 'https://graph.microsoft.com/v1.0';

/**
 * What the app awaits outside its process: tables, queues, HTTP to Graph and tokens. One customer has two watches, of which
 * one has no subscription yet, a job with its task, and an older task that no notification named. Every call is counted,
 * and those of `rejections` reject, some at once and some in a later turn of the event loop.
 */
export async function createRejectingWorld(rejections: Rejections) {
  const fakeClock = createFakeClock(START);
  const clock = {
    ...fakeClock,
    // What sleeps until it is ended is watching over work beside it: it must not move the time of that work.
    sleep: (ms: number, signal?: AbortSignal): Promise<void> =>
      signal ? new Promise((resolve) => signal.addEventListener('abort', () => resolve())) : fakeClock.sleep(ms),
  };
  const tables = new Map<string, EntityTable>();
  const queues = new Map<string, ReturnType<typeof createMemoryQueue>>();
  const graph = createFakeGraph();
  let calls = 0;

  const beforeCall = async () => {
    calls += 1;
    const isHit = rejections.all ? calls >= rejections.nth : calls === rejections.nth;
    if (!isHit) return;
    if (calls % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
    throw new Error(`call ${calls} is rejected`);
  };
  const plainTable = (name: string): EntityTable => {
    const table = tables.get(name) ?? createMemoryTable(clock);
    tables.set(name, table);
    return table;
  };
  const table = (name: string): EntityTable => {
    const plain = plainTable(name);
    return {
      get: async (...args) => (await beforeCall(), plain.get(...args)),
      insert: async (...args) => (await beforeCall(), plain.insert(...args)),
      replace: async (...args) => (await beforeCall(), plain.replace(...args)),
      replaceEach: async (...args) => (await beforeCall(), plain.replaceEach(...args)),
      write: async (...args) => (await beforeCall(), plain.write(...args)),
      remove: async (...args) => (await beforeCall(), plain.remove(...args)),
      async *list(...args) {
        await beforeCall();
        yield* plain.list(...args);
      },
    };
  };
  const queue = (name: string): MessageQueue => {
    const plain = queues.get(name) ?? createMemoryQueue();
    queues.set(name, plain);
    return { send: async (...args) => (await beforeCall(), plain.send(...args)) };
  };

  const container = createMemoryContainer();
  const blobs: Pick<BlobContainer, 'read'> = {
    read: async (...args) => (await beforeCall(), container.read(...args)),
  };

  const stored = createMemoryDocuments(clock);
  const documents: DocumentContainer = {
    find: async (...args) => (await beforeCall(), stored.find(...args)),
    store: async (...args) => (await beforeCall(), stored.store(...args)),
    async *list(...args) {
      await beforeCall();
      yield* stored.list(...args);
    },
    remove: async (...args) => (await beforeCall(), stored.remove(...args)),
  };
  const openDownload: OpenDownload = async () => {
    await beforeCall();
    return { content: readDownload() };
  };
  async function* readDownload() {
    await beforeCall();
    yield Buffer.from('the document');
  }

  const waiting = new Map<string, ReturnType<typeof createMemoryQueueContents>>();
  const plainContents = (name: string) => {
    const plain = waiting.get(name) ?? createMemoryQueueContents(() => clock.now());
    waiting.set(name, plain);
    return plain;
  };
  const contents = (name: string): QueueContents => {
    const plain = plainContents(name);
    return {
      count: async () => (await beforeCall(), plain.count()),
      now: async () => (await beforeCall(), plain.now()),
      peek: async () => (await beforeCall(), plain.peek()),
      take: async (...args) => (await beforeCall(), plain.take(...args)),
      show: async (...args) => (await beforeCall(), plain.show(...args)),
      remove: async (...args) => (await beforeCall(), plain.remove(...args)),
      keep: async (...args) => (await beforeCall(), plain.keep(...args)),
    };
  };
  /** The sink of the events. It never rejects, as its type promises. */
  const post: Post = async () => {
    try {
      await beforeCall();
      return { status: 200, headers: {} };
    } catch {
      return { noAnswer: 'ECONNRESET' };
    }
  };

  const parentUrl = `${GRAPH}/print/printers/${PRINTER}/jobs/${JOB}`;
  const tasks = new Map([TASK, OPEN_TASK].map((id) => [id, { id, status: { state: 'processing' }, parentUrl }]));
  const job = { id: JOB, status: { state: 'paused' }, isFetchable: true, createdDateTime: '2026-11-21T23:00:00Z' };
  const printed = [{ id: 'document-1', contentType: 'application/pdf' }];
  const answers: Record<string, () => unknown> = {
    '/print/taskDefinitions': () => ({ value: [{ id: DEFINITION, displayName: 'Ours' }] }),
    [`/print/taskDefinitions/${DEFINITION}/tasks`]: () => ({ value: [...tasks.values()] }),
    [`/print/taskDefinitions/${DEFINITION}/tasks/${TASK}`]: () => tasks.get(TASK),
    [`/print/printers/${PRINTER}/jobs`]: () => ({ value: [job] }),
    [`/print/printers/${OTHER_PRINTER}/jobs`]: () => ({ value: [] }),
    [`/print/printers/${PRINTER}/jobs/${JOB}`]: () => ({ ...job, documents: printed }),
  };
  const ask = async (name: string, path: string, body: unknown): Promise<HttpAnswer> => {
    const plain = path.split('?')[0] ?? '';
    const answer = answers[plain]?.();
    if (plain.endsWith('/$value'))
      return { status: 302, headers: { location: 'https://documents.example/1' }, body: '' };
    if (answer) return { status: 200, headers: {}, body: JSON.stringify(answer) };
    const method = METHODS.find((one) => one === name);
    if (!method || !plain.startsWith('/subscriptions')) return { status: 404, headers: {}, body: '{}' };
    try {
      const call = { tenantId: TENANT_A, method, path, body, permission: '' };
      const { status, body: answered } = await graph.callGraph(call);
      return { status, headers: {}, body: answered === undefined ? '' : JSON.stringify(answered) };
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      return { status: error.status ?? 500, headers: {}, body: '{}' };
    }
  };
  const sendHttp = async ({ method, url, body = '{}' }: HttpRequest): Promise<HttpAnswer> => {
    await beforeCall();
    const path = url.slice(GRAPH.length);
    const sent = JSON.parse(body) as { requests?: { id: string; method: string; url: string; body?: unknown }[] };
    if (!sent.requests) return ask(method, path, sent);
    const responses = await Promise.all(
      sent.requests.map(async (part) => {
        const { status, body: text } = await ask(part.method, part.url, part.body);
        return { id: part.id, status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
      }),
    );
    return { status: 200, headers: {}, body: JSON.stringify({ responses }) };
  };

  const createdAt = new Date(START).toISOString();
  const tenant = {
    tenantId: TENANT_A,
    name: 'A',
    status: 'active',
    taskDeadlineMinutes: 15,
    retentionDays: 30,
  } as const;
  await createTenants(plainTable('Tenants')).add({ ...tenant, createdAt });
  const watches = createWatches(plainTable('Subscriptions'));
  const served = {
    ...({ tenantId: TENANT_A, kind: 'jobStarted', id: DEFINITION, keyId: 'k1', renewedAt: createdAt } as const),
    ...{ subscriptionId: SUBSCRIPTION, changeType: 'created', expirationDateTime: '2026-11-24T22:00:00.000Z' },
    resource: `print/taskDefinitions/${DEFINITION}/tasks`,
    notificationUrl: 'https://app.example.com/api/notifications',
  };
  await watches.add(watchOf(served));
  for (const id of [PRINTER, OTHER_PRINTER])
    await watches.add(watchOf({ tenantId: TENANT_A, kind: 'jobFetchable', id }));
  graph.put({ ...served, id: SUBSCRIPTION });
  const reference = { kind: 'jobStarted', tenantId: TENANT_A, definitionId: DEFINITION, taskId: OPEN_TASK } as const;
  return {
    clock,
    tables: () => Promise.resolve(table),
    queue,
    contents,
    /** Puts a message into a queue without a trigger. */
    put: (name: string, text: string) => plainContents(name).send(text),
    post,
    blobs,
    documents,
    /** An archived document of the customer. */
    addDocument: () =>
      void stored.blobs.set(`${TENANT_A}/p/1/d`, {
        ...{ content: Buffer.from('x'), facts: { contentType: '', source: '' } },
        storedAt: clock.now(),
      }),
    openDownload,
    sendHttp,
    requestToken: async () => (await beforeCall(), 'a token'),
    ledger: createLedger(plainTable('PrintJobs')),
    tokens: createDeviceTokens(plainTable('DeviceTokens')),
    reference,
    /** How many calls have begun. */
    calls: () => calls,
  };
}

export type RejectingWorld = Awaited<ReturnType<typeof createRejectingWorld>>;
