import { randomBytes } from 'node:crypto';
import { ReceiverError } from '../../../shared/errors';
import { parseJobMessage } from '../../../shared/jobs/message';
import type { MessageQueue } from '../../../shared/storage/queues';
import { parseSubscriptionMessage } from '../../../shared/subscriptions/message';
import type { ClientStateRecord } from '../../../shared/watches/clientState';
import { receive, type ReceiveDependencies } from '../../../shared/webhook/receive';
import { createCapturedLogger } from '../../support/createCapturedLogger';
import { createFakeClock } from '../../support/createFakeClock';
import { createMemoryQueue } from '../../support/memoryQueue';
import {
  bodyOf,
  fetchableItem,
  lifecycleItem,
  startedItem,
  stateFor,
  TENANT_A,
  TENANT_B,
  CLIENT_ID,
  TEST_RING,
} from '../../support/notifications';
import { webhookParts } from '../../support/webhookParts';

function setUp(replaced: Partial<ReceiveDependencies> = {}) {
  const jobs = createMemoryQueue();
  const subscriptions = createMemoryQueue();
  const logger = createCapturedLogger();
  const deadline = new AbortController();
  const dependencies: ReceiveDependencies = {
    ring: TEST_RING,
    clientId: CLIENT_ID,
    queues: { jobs, subscriptions },
    verifyTokens: () => Promise.reject(new Error('no token in this batch')),
    clock: createFakeClock(),
    randomBytes,
    logger,
    ...webhookParts,
    ...replaced,
  };
  const post = (
    body: Uint8Array,
    { route = 'receiveNotifications', declaredLength = String(body.length), traceparent = '' } = {},
  ) =>
    receive(dependencies, {
      route,
      declaredLength,
      traceparent,
      readBody: () => Promise.resolve(body),
      signal: deadline.signal,
    });
  return { post, jobs, subscriptions, logger, deadline };
}

const withTokens =
  (...items: unknown[]) =>
  (tokens: unknown) =>
    Buffer.from(JSON.stringify({ value: items, validationTokens: tokens }));
const never: MessageQueue = { send: () => new Promise(() => undefined) };

describe('202', () => {
  it('stores one readable message per item, each with a span of one trace, and then answers', async () => {
    const { post, jobs, subscriptions, logger } = setUp();
    const { status, counts } = await post(bodyOf(startedItem(), fetchableItem(), lifecycleItem()));
    expect(status).toBe(202);
    expect(counts).toEqual({ items: 3, accepted: 3, merged: 0, unknownKey: 0, refused: {} });
    const jobMessages = jobs.sent.map(({ text }) => parseJobMessage(JSON.parse(text)));
    expect(jobMessages).toMatchObject([
      { message: { reference: { kind: 'jobStarted' } } },
      { message: { reference: { kind: 'jobFetchable' } } },
    ]);
    const lifecycle = parseSubscriptionMessage(JSON.parse(subscriptions.sent[0]?.text ?? ''));
    expect(lifecycle).toMatchObject({ message: { kind: 'lifecycle', tenantId: TENANT_A } });
    const traceId = logger.events[0]?.['traceId'];
    const parents = [...jobMessages, lifecycle].map((parsed) =>
      'message' in parsed ? parsed.message.traceparent : '',
    );
    expect(new Set(parents).size).toBe(3);
    for (const parent of parents) expect(parent).toContain(`00-${String(traceId)}-`);
  });

  it('with a trace context of the host, each message is sent by the span of the invocation', async () => {
    const { post, jobs, logger } = setUp();
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await post(bodyOf(startedItem(), fetchableItem()), { traceparent });
    const parsed = jobs.sent.map(({ text }) => parseJobMessage(JSON.parse(text)));
    expect(parsed).toMatchObject([{ message: { traceparent } }, { message: { traceparent } }]);
    expect(logger.events[0]?.['traceId']).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
  });

  it.each(['receiveNotifications', 'receiveLifecycleEvents'])(
    'routes by the item, not by the route %s',
    async (route) => {
      const { post, jobs, subscriptions } = setUp();
      await post(bodyOf(lifecycleItem(), fetchableItem()), { route });
      expect([jobs.sent.length, subscriptions.sent.length]).toEqual([1, 1]);
    },
  );

  it('answers an empty batch, and a batch of refused items alone, and sends nothing', async () => {
    const { post, jobs } = setUp();
    expect((await post(bodyOf())).status).toBe(202);
    expect((await post(bodyOf({}))).status).toBe(202);
    expect(jobs.sent).toEqual([]);
  });

  it('sends side by side: no send waits for another', async () => {
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    let started = 0;
    const jobs: MessageQueue = {
      send: () => {
        started += 1;
        if (started === 3) open();
        return gate;
      },
    };
    const { post } = setUp({ queues: { jobs, subscriptions: never } });
    expect((await post(bodyOf(startedItem(), startedItem(), startedItem()))).status).toBe(202);
  });
});

describe('503', () => {
  it('when one of several messages could not be stored; the others are', async () => {
    const stored: string[] = [];
    const jobs: MessageQueue = {
      send: (text) => {
        if (text.includes('jobFetchable'))
          return Promise.reject(Object.assign(new Error('s3cret'), { statusCode: 500 }));
        stored.push(text);
        return Promise.resolve();
      },
    };
    const { post, logger } = setUp({ queues: { jobs, subscriptions: never } });
    const { status, counts } = await post(bodyOf(startedItem(), fetchableItem(), startedItem()));
    expect({ status, accepted: counts.accepted, stored: stored.length }).toEqual({
      status: 503,
      accepted: 2,
      stored: 2,
    });
    expect(logger.events[0]).toMatchObject({
      level: 'error',
      status: 503,
      accepted: 2,
      error: 'Error',
      errorStatus: 500,
    });
    expect(JSON.stringify(logger.events)).not.toContain('s3cret');
  });

  it('when the time is up while storage does not answer', async () => {
    const stalled: MessageQueue = {
      send: () => {
        deadline.abort(new ReceiverError('deadlinePassed', 'time is up'));
        return new Promise(() => undefined);
      },
    };
    const { post, deadline, logger } = setUp({ queues: { jobs: stalled, subscriptions: never } });
    const answer = post(bodyOf(startedItem()));
    expect(await answer).toMatchObject({ status: 503, counts: { accepted: 0 } });
    expect(logger.events[0]).toMatchObject({ event: 'notifications.received', code: 'deadlinePassed' });
  });

  it('when a keyId is not in the ring, after the accepted items are stored', async () => {
    const { post, jobs } = setUp();
    const { status, counts } = await post(
      bodyOf(startedItem({ clientState: stateFor({ keyId: 'k2' }) }), startedItem()),
    );
    expect({ status, counts }).toMatchObject({ status: 503, counts: { accepted: 1, unknownKey: 1 } });
    expect(jobs.sent).toHaveLength(1);
  });
});

it.each([
  ['an item has the right mac', bodyOf(startedItem(), {}), true],
  ['no item has it', bodyOf({}), false],
  ['it has no item', bodyOf(), false],
  ['it is not a batch', Buffer.from('x'), false],
])('says whether a body is proven to come from Graph: %s', async (_name, body, fromGraph) => {
  expect(await setUp().post(body)).toMatchObject({ fromGraph });
});

describe('what the record of clientStates says', () => {
  const recordOf = (record: ClientStateRecord | undefined, ageMs = 0): Partial<ReceiveDependencies> => ({
    record: { current: () => Promise.resolve({ record, ageMs }), refresh: () => Promise.resolve() },
  });
  const issued = (...keyIds: string[]): ClientStateRecord => ({ keyIds: new Set(keyIds), revoked: new Map() });
  const signedWith = (keyId: string) => bodyOf(startedItem({ clientState: stateFor({ keyId }) }));

  it('503 for a key that has signed, because CLIENT_STATE_KEYS may lack it, and no error, because anyone can name it', async () => {
    const { post, logger } = setUp(recordOf(issued('k1', 'old')));
    expect(await post(signedWith('old'))).toMatchObject({ status: 503, counts: { unknownKey: 1, refused: {} } });
    expect(logger.events).toMatchObject([{ level: 'warn', status: 503, unknownKey: 1, fromGraph: false }]);
  });

  it('503 and an error for a key that has signed beside an item with the right mac, which Graph alone can send', async () => {
    const { post, logger } = setUp({ ...recordOf(issued('k1', 'old')) });
    const body = bodyOf(startedItem({ clientState: stateFor({ keyId: 'old' }) }), startedItem());
    expect(await post(body)).toMatchObject({ status: 503, counts: { accepted: 1, unknownKey: 1 } });
    expect(logger.events).toMatchObject([{ level: 'error', status: 503, fromGraph: true }]);
  });

  it('202 for a key that never signed, which anyone can make up', async () => {
    const { post, logger } = setUp(recordOf(issued('k1', 'old')));
    expect(await post(signedWith('made-up'))).toMatchObject({ status: 202, counts: { refused: { unknownKey: 1 } } });
    expect(logger.events).toMatchObject([{ level: 'warn', 'refused.unknownKey': 1 }]);
  });

  it('503 for any key before it was read, and no error, because anyone can cause that', async () => {
    const { post, logger } = setUp(recordOf(undefined));
    expect(await post(signedWith('made-up'))).toMatchObject({ status: 503, counts: { unknownKey: 1 } });
    expect(logger.events).toMatchObject([{ level: 'warn', status: 503 }]);
  });

  it('202 for a revoked clientState of a job and of a lifecycle event, and nothing is stored', async () => {
    const tag = stateFor({}).split('.')[2] ?? '';
    const record = { ...issued('k1'), revoked: new Map([[`${TENANT_A} ${tag}`, 6]]) };
    const { post, jobs, subscriptions } = setUp(recordOf(record));
    const clientState = stateFor({ generation: 5 });
    const { status, counts } = await post(bodyOf(startedItem({ clientState }), lifecycleItem({ clientState })));
    expect({ status, refused: counts.refused }).toEqual({ status: 202, refused: { revoked: 2 } });
    expect([...jobs.sent, ...subscriptions.sent]).toEqual([]);
    await post(bodyOf(startedItem({ clientState: stateFor({ generation: 6 }) })));
    expect(jobs.sent).toHaveLength(1);
  });

  it('shows in the log how old it is once it is older than two minutes', async () => {
    const { post, logger } = setUp(recordOf(issued('k1'), 120_001));
    await post(bodyOf());
    expect(logger.events).toMatchObject([{ level: 'info', recordAgeS: 120 }]);
  });
});

describe('a body that is not a batch', () => {
  it('refuses a declared length above 1 MiB without reading the body', async () => {
    const { logger } = setUp();
    const readBody = jest.fn();
    const received = await receive(
      {
        ring: TEST_RING,
        clientId: CLIENT_ID,
        queues: { jobs: never, subscriptions: never },
        verifyTokens: jest.fn(),
        clock: createFakeClock(),
        randomBytes,
        logger,
        ...webhookParts,
      },
      { route: 'r', declaredLength: '1048577', readBody, signal: new AbortController().signal },
    );
    expect(received).toMatchObject({ status: 413, counts: { refused: { tooLarge: 1 } } });
    expect(readBody).not.toHaveBeenCalled();
  });

  it.each(['', 'x', '5'])('counts the bytes themselves when the declared length is %p', async (declaredLength) => {
    const { post } = setUp();
    expect((await post(Buffer.alloc(1024 * 1024 + 1, 0x20), { declaredLength })).status).toBe(413);
  });

  it('takes exactly 1 MiB', async () => {
    const { post, jobs } = setUp();
    const body = Buffer.alloc(1024 * 1024, 0x20);
    bodyOf(startedItem()).copy(body);
    expect((await post(body)).status).toBe(202);
    expect(jobs.sent).toHaveLength(1);
  });

  it('notes a body above 1 MiB for a sweep, and logs that once for each', async () => {
    const note = jest.fn().mockReturnValueOnce(true).mockReturnValue(false);
    const { post, logger } = setUp({ sweepRequests: { note, answered: jest.fn(), send: jest.fn() } });
    for (let count = 0; count < 2; count += 1) await post(Buffer.alloc(1024 * 1024 + 1, 0x20));
    await post(bodyOf());
    expect(note).toHaveBeenCalledTimes(2);
    expect(logger.events.filter(({ event }) => event === 'notifications.tooLarge')).toMatchObject([{ level: 'warn' }]);
  });

  it('logs how many lifecycle events it does not know, and none of their words', async () => {
    const { post, logger } = setUp();
    await post(bodyOf(...['one', 'two', 'two'].map((lifecycleEvent) => lifecycleItem({ lifecycleEvent }))));
    expect(logger.events).toMatchObject([{ level: 'info', accepted: 1, merged: 2, unknownEvents: 3 }]);
    expect(JSON.stringify(logger.events)).not.toContain('two');
  });

  it('stops judging after 64 refused items, and says so in the log', async () => {
    const { post, logger } = setUp();
    const { status, counts } = await post(bodyOf(...Array.from({ length: 65 }, () => ({})), startedItem()));
    expect({ status, counts }).toMatchObject({ status: 202, counts: { items: 64, refused: { noTenantId: 64 } } });
    expect(logger.events).toMatchObject([{ level: 'warn', stopped: true }]);
  });

  it('answers 503 when the time is up while it waits for its turn, and no error, because anyone can cause that', async () => {
    const late = new ReceiverError('deadlinePassed', 'time is up');
    const { post, deadline, logger } = setUp({
      takeTurn: () => {
        deadline.abort(late);
        return new Promise(() => undefined);
      },
    });
    expect(await post(bodyOf(startedItem()))).toMatchObject({ status: 503, counts: { items: 0, refused: {} } });
    expect(logger.events).toMatchObject([{ level: 'warn', status: 503, code: 'deadlinePassed' }]);
  });

  it('says in the log of an empty body that chunked bodies arrive empty (azure-functions-host#4926)', async () => {
    const { post, logger } = setUp();
    expect((await post(Buffer.alloc(0))).status).toBe(400);
    expect(logger.events[0]?.['hint']).toMatch(/chunked.*Content-Length/);
  });
});

describe('validationTokens', () => {
  it.each([undefined, null, []])('%j are none, as with every print notification', async (tokens) => {
    const { post, jobs } = setUp();
    expect((await post(withTokens(startedItem())(tokens))).status).toBe(202);
    expect(jobs.sent).toHaveLength(1);
  });

  it('are not verified before an item has passed', async () => {
    const verifyTokens = jest.fn();
    const { post } = setUp({ verifyTokens });
    expect((await post(withTokens({}, 7)(['x']))).status).toBe(202);
    expect(verifyTokens).not.toHaveBeenCalled();
  });

  it('are checked with all tenants that the batch names, then the items are stored', async () => {
    const verifyTokens = jest.fn(() => Promise.resolve(true));
    const { post, jobs } = setUp({ verifyTokens });
    const other = startedItem({ tenantId: undefined, organizationId: TENANT_B.toUpperCase() });
    expect((await post(withTokens(startedItem(), other, 7, {})(['t1', 't2']))).status).toBe(202);
    expect(verifyTokens).toHaveBeenCalledWith(['t1', 't2'], new Set([TENANT_A, TENANT_B]));
    expect(jobs.sent).toHaveLength(1);
  });

  it('refuse the whole batch when one is bad: 202, counted, nothing stored', async () => {
    const { post, jobs, logger } = setUp({ verifyTokens: () => Promise.resolve(false) });
    const { status, counts } = await post(withTokens(startedItem(), fetchableItem(), null)(['bad']));
    expect({ status, counts }).toEqual({
      status: 202,
      counts: {
        items: 3,
        accepted: 0,
        merged: 0,
        unknownKey: 0,
        refused: { notAnObject: 1, validationTokens: 2 },
      },
    });
    expect(jobs.sent).toEqual([]);
    expect(logger.events[0]).toMatchObject({ level: 'warn', refused: 3 });
  });

  it('answer 503 while the signing keys are unreachable', async () => {
    const unreachable = new ReceiverError('keysUnreachable', 'no keys');
    const { post, jobs, logger } = setUp({ verifyTokens: () => Promise.reject(unreachable) });
    expect((await post(withTokens(startedItem())(['t']))).status).toBe(503);
    expect(jobs.sent).toEqual([]);
    expect(logger.events[0]).toMatchObject({ code: 'keysUnreachable', status: 503 });
  });
});

it('logs one line per POST with counts and milliseconds, and nothing that the items say', async () => {
  const clock = createFakeClock();
  const jobs: MessageQueue = {
    send: () => {
      clock.advance(42);
      return Promise.resolve();
    },
  };
  const { post, logger } = setUp({ clock, queues: { jobs, subscriptions: never } });
  await post(bodyOf(startedItem({ note: 'top-secret' }), { tenantId: 'top-secret', clientState: 'top-secret' }));
  expect(logger.events).toEqual([
    {
      level: 'warn',
      event: 'notifications.received',
      fromGraph: true,
      route: 'receiveNotifications',
      status: 202,
      items: 2,
      accepted: 1,
      merged: 0,
      unknownKey: 0,
      refused: 1,
      'refused.clientStateMalformed': 1,
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      ms: 42,
    },
  ]);
  expect(JSON.stringify(logger.events)).not.toContain('secret');
});

it('throws the error of reading the body, and answers 503 when the time is up before the body has arrived', async () => {
  const { deadline } = setUp();
  const dependencies = {
    ring: TEST_RING,
    clientId: CLIENT_ID,
    queues: { jobs: never, subscriptions: never },
    verifyTokens: jest.fn(),
    clock: createFakeClock(),
    randomBytes,
    logger: createCapturedLogger(),
    ...webhookParts,
  };
  const batch = { route: 'r', declaredLength: null, signal: deadline.signal };
  const gone = new Error('aborted');
  await expect(receive(dependencies, { ...batch, readBody: () => Promise.reject(gone) })).rejects.toBe(gone);
  const late = new Error('late');
  deadline.abort(late);
  const waiting = receive(dependencies, { ...batch, readBody: () => new Promise(() => undefined) });
  // It may have been of Graph.
  expect(await waiting).toMatchObject({ status: 503, counts: { items: 0 }, fromGraph: 'unknown' });
});
