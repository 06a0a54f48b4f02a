import { createLedger } from '../../../shared/jobs/ledger';
import { addToGroup, sortGroups, type PoisonGroup, type PoisonMessage } from '../../../shared/operations/poison';
import { replayPoison, visitPoison } from '../../../shared/operations/replayPoison';
import { createMemoryQueueContents } from '../../support/memoryQueueContents';
import { createMemoryTable } from '../../support/memoryTable';
import type { SignatureCheck } from '../../../shared/storage/signedMessages';

const TENANT = '11111111-1111-1111-1111-111111111111';
const OTHER = '22222222-2222-2222-2222-222222222222';
const JOBS = 'print-notifications';
const SUBSCRIPTIONS = 'subscription-events';
const EVENTS = 'print-job-events';

/** The contract's job message. */
const jobMessage = (over: Record<string, unknown> = {}) =>
  JSON.stringify({
    event: {
      v: 1,
      kind: 'jobFetchable',
      tenantId: TENANT,
      printerId: 'p1',
      jobId: '5182',
      foundBy: 'graph',
      receivedAt: '2026-11-22T00:00:00.000Z',
      traceparent: '',
      deferrals: 7,
      generation: 2,
      ...over,
    },
  });
const lifecycle = JSON.stringify({
  event: {
    v: 1,
    kind: 'lifecycle',
    tenantId: TENANT,
    receivedAt: '',
    traceparent: '',
    tag: 't',
    lifecycleEvent: 'missed',
    generation: 0,
  },
});
const sweep = JSON.stringify({
  event: { v: 1, kind: 'sweepAll', receivedAt: '2026-11-22T00:00:00.000Z', traceparent: '' },
});
const renew = JSON.stringify({
  event: {
    v: 1,
    kind: 'renew',
    tenantId: TENANT,
    receivedAt: '',
    traceparent: '',
    rowKey: 'jobFetchable_p1',
  },
});

function createWorld() {
  let now = 0;
  const queues = new Map<string, ReturnType<typeof createMemoryQueueContents>>();
  const open = (name: string) => {
    const queue = queues.get(name) ?? createMemoryQueueContents(() => (now += 1000));
    queues.set(name, queue);
    return queue;
  };
  const ledger = createMemoryTable();
  const deps = {
    ledger: createLedger(ledger),
    checkSignature: () => 'valid' as SignatureCheck,
    contents: (name: string) => Promise.resolve(open(name)),
    queue: (name: string) => Promise.resolve(open(name)),
  };
  return {
    deps,
    ledger,
    open,
    async seen(queue?: string): Promise<PoisonMessage[]> {
      const found: PoisonMessage[] = [];
      await visitPoison(deps, (message) => void found.push(message), queue);
      return found;
    },
    row: (cells: Readonly<Record<string, string | undefined>>, rowKey = 'jobFetchable_p1_5182') =>
      ledger.insert({
        partitionKey: TENANT,
        rowKey,
        firstSeenAt: '2026-11-22T00:00:00.000Z',
        ...cells,
      }),
  };
}

describe('what a poison message is about', () => {
  it.each([
    ['{not json', 'malformed: no event object'],
    ['{"event":{"v":9}}', 'malformed: unknown version'],
    [jobMessage({ kind: 'unknown', shape: 'print/x/{id}' }), 'unknown resource print/x/{id}'],
  ])('%s cannot be replayed', async (text, cause) => {
    const world = createWorld();
    await world.open(`${JOBS}-poison`).send(text);
    const [message] = await world.seen();
    expect(message).toMatchObject({ queue: JOBS, cause, text });
    expect(message).not.toHaveProperty('replay');
  });

  it.each([
    [undefined, 'never claimed'],
    [{ status: 'failed', cause: 'graphForbidden' }, 'graphForbidden'],
    [{ status: 'claimed' }, 'claimed'],
    [{ status: 'done', outcome: 'fetchable' }, 'done since'],
    [{ status: 'nonsense' }, 'rowUnreadable'],
  ])('a job has the cause of its ledger row %j: %s', async (cells, cause) => {
    const world = createWorld();
    if (cells) await world.row(cells);
    await world.open(`${JOBS}-poison`).send(jobMessage());
    const [message] = await world.seen();
    expect(message).toMatchObject({ cause, tenantId: TENANT, key: 'jobFetchable_p1_5182' });
    const { event } = JSON.parse(message?.replay ?? '') as { event: Record<string, unknown> };
    expect(event).toMatchObject({ foundBy: 'replay', deferrals: 0, jobId: '5182' });
    // A job with a row was admitted before: a later revocation does not stop it.
    expect(event['generation']).toBe(cells ? undefined : 2);
  });

  it('of print-archive is a job too', async () => {
    const world = createWorld();
    await world.row({ status: 'waiting', cause: 'archive', archive: 'wanted' });
    await world.open('print-archive-poison').send(jobMessage());
    const [message] = await world.seen();
    expect(message).toMatchObject({ queue: 'print-archive', cause: 'archive', tenantId: TENANT });
    expect(message?.replay).toBeDefined();
  });

  it('does not hide that the ledger cannot be read', async () => {
    const world = createWorld();
    await world.open(`${JOBS}-poison`).send(jobMessage());
    world.deps.ledger.get = () => Promise.reject(new TypeError('x'));
    await expect(world.seen()).rejects.toThrow(TypeError);
    expect(world.open(`${JOBS}-poison`).texts()).toHaveLength(1);
  });

  it.each([
    [SUBSCRIPTIONS, lifecycle, 'lifecycle event missed failed', TENANT],
    [SUBSCRIPTIONS, renew, 'renewal failed', TENANT],
    [SUBSCRIPTIONS, sweep, 'sweep of all watches failed', undefined],
    [EVENTS, JSON.stringify({ id: 'x', data: { tenantId: OTHER } }), 'the reader of the events gave it up', OTHER],
    [EVENTS, '"text"', 'the reader of the events gave it up', undefined],
  ])('of %s: %s', async (queue, text, cause, tenantId) => {
    const world = createWorld();
    await world.open(`${queue}-poison`).send(text);
    const [message, ...others] = await world.seen();
    expect(others).toEqual([]);
    expect(message).toMatchObject({ queue, cause, replay: text });
    expect(message?.tenantId).toBe(tenantId);
  });

  it('of a sink that has not accepted an event, which is then replayed to its queue', async () => {
    const world = createWorld();
    const text = JSON.stringify({ id: 'x', data: { tenantId: OTHER } });
    await world.open('print-job-events-dead').send(text);
    const cause = 'the sink has not accepted it';
    expect(await world.seen(EVENTS)).toMatchObject([{ queue: EVENTS, cause, tenantId: OTHER, replay: text }]);
    expect(await replayPoison(world.deps, { cause })).toEqual({ replayed: 1, left: [] });
    expect(world.open(EVENTS).texts()).toEqual([text]);
    expect(world.open('print-job-events-dead').texts()).toEqual([]);
  });

  it('of subscription-events may be malformed too', async () => {
    const world = createWorld();
    await world.open(`${SUBSCRIPTIONS}-poison`).send('{}');
    expect(await world.seen()).toMatchObject([{ cause: 'malformed: no event object' }]);
  });
});

describe('visiting the poison queues', () => {
  it('shows each message once, of more than one page, and leaves them as they were', async () => {
    const world = createWorld();
    const poison = world.open(`${JOBS}-poison`);
    for (let sent = 0; sent < 40; sent += 1) await poison.send(jobMessage({ jobId: String(sent) }));
    await world.open(`${EVENTS}-poison`).send('{}');
    expect(new Set((await world.seen()).map(({ id }) => id)).size).toBe(41);
    expect(await world.seen(EVENTS)).toHaveLength(1);
    expect(poison.texts()).toHaveLength(40);
  });

  it('ends although messages become visible again before it is through', async () => {
    const world = createWorld();
    const poison = world.open(`${JOBS}-poison`);
    await poison.send(jobMessage());
    let visits = 0;
    await visitPoison(world.deps, () => {
      visits += 1;
      poison.lapse();
    });
    expect(visits).toBe(1);
    expect(poison.texts()).toHaveLength(1);
  });
});

describe('replaying', () => {
  it('sends again what the filter takes, and leaves what no replay can help', async () => {
    const world = createWorld();
    const poison = world.open(`${JOBS}-poison`);
    await poison.send(jobMessage());
    await poison.send(jobMessage({ tenantId: OTHER }));
    await poison.send('{broken');
    await world.open(`${SUBSCRIPTIONS}-poison`).send(renew);

    const one = await replayPoison(world.deps, { tenantId: OTHER });
    expect(one).toEqual({ replayed: 1, left: [] });
    expect(
      world
        .open(JOBS)
        .texts()
        .map((text) => JSON.parse(text) as unknown),
    ).toMatchObject([{ event: { tenantId: OTHER, foundBy: 'replay' } }]);
    expect(poison.texts()).toHaveLength(2);

    expect(await replayPoison(world.deps, { cause: 'another' })).toEqual({ replayed: 0, left: [] });
    expect(await replayPoison(world.deps, { ids: ['none'] })).toEqual({ replayed: 0, left: [] });

    const all = await replayPoison(world.deps, {});
    expect(all).toMatchObject({ replayed: 2, left: [{ cause: 'malformed: no event object' }] });
    expect(poison.texts()).toEqual(['{broken']);
    expect(world.open(SUBSCRIPTIONS).texts()).toEqual([renew]);
  });

  it('loses none when it dies between sending and deleting, and may be repeated', async () => {
    const world = createWorld();
    const poison = world.open(`${JOBS}-poison`);
    await poison.send(jobMessage());
    const before = { ...poison };
    poison.remove = () => Promise.reject(new Error('died'));
    await expect(replayPoison(world.deps, {})).rejects.toThrow('died');
    expect([poison.texts().length, world.open(JOBS).texts().length]).toEqual([1, 1]);
    poison.remove = (message) => before.remove(message);
    expect(await replayPoison(world.deps, {})).toEqual({ replayed: 1, left: [] });
    expect([poison.texts().length, world.open(JOBS).texts().length]).toEqual([0, 2]);
  });

  it('bears that the message became visible again before it was deleted', async () => {
    const world = createWorld();
    const poison = world.open(`${JOBS}-poison`);
    await poison.send(jobMessage());
    poison.remove = () => Promise.resolve(false);
    expect(await replayPoison(world.deps, {})).toEqual({ replayed: 1, left: [] });
    expect(poison.texts()).toHaveLength(1);
  });

  it('ends beside a worker that gives up at once what is sent again, and leaves that in the poison queue', async () => {
    const world = createWorld();
    const poison = world.open(`${JOBS}-poison`);
    for (let sent = 0; sent < 40; sent += 1) await poison.send(jobMessage({ jobId: String(sent) }));
    const reported: number[] = [];
    // The host moves a message to the poison queue under a new id after its last try.
    const worker = { send: (text: string) => poison.send(text) };
    const summary = await replayPoison({ ...world.deps, queue: () => Promise.resolve(worker) }, {}, (count) =>
      reported.push(count),
    );
    expect(summary).toEqual({ replayed: 40, left: [] });
    expect(reported.at(-1)).toBe(40);
    expect(poison.texts()).toHaveLength(40);
  });

  it('keeps the message when it cannot be sent', async () => {
    const world = createWorld();
    await world.open(`${JOBS}-poison`).send(jobMessage());
    const deps = { ...world.deps, queue: () => Promise.reject(new Error('no storage')) };
    await expect(replayPoison(deps, {})).rejects.toThrow('no storage');
    expect(world.open(`${JOBS}-poison`).texts()).toHaveLength(1);
  });
});

it('groups by queue and cause, the largest first', () => {
  const groups = new Map<string, PoisonGroup>();
  const message = (id: string, over: Partial<PoisonMessage> = {}): PoisonMessage => ({
    queue: JOBS,
    id,
    insertedAt: Date.parse('2026-11-22T00:00:00.000Z') + Number(id) * 1000,
    cause: 'graphForbidden',
    text: '',
    ...over,
  });
  addToGroup(groups, message('9', { queue: EVENTS }));
  for (const id of ['3', '1', '2', '4', '5', '6']) {
    addToGroup(
      groups,
      message(id, { tenantId: id === '6' ? OTHER : TENANT, key: `job${Number(id) % 2}`, replay: 'x' }),
    );
  }
  expect(sortGroups(groups)).toEqual([
    {
      queue: JOBS,
      cause: 'graphForbidden',
      count: 6,
      oldest: '2026-11-22T00:00:01.000Z',
      newest: '2026-11-22T00:00:06.000Z',
      tenants: [TENANT, OTHER],
      replayable: 6,
      ids: ['3', '1', '2', '4', '5'],
      jobs: ['job1', 'job0'],
    },
    expect.objectContaining({ queue: EVENTS, count: 1, replayable: 0, tenants: [] }),
  ]);
});

test.each([
  ['unsigned', 'not signed by this app'],
  ['wrongMac', 'not signed by this app'],
  ['unknownKey', 'signed with a key that is not in CLIENT_STATE_KEYS'],
] as const)('a message that is %s stays: a replay would sign what somebody else wrote', async (check, cause) => {
  const world = createWorld();
  for (const [queue, text] of [
    [JOBS, jobMessage()],
    [SUBSCRIPTIONS, renew],
  ] as const) {
    await world.open(`${queue}-poison`).send(text);
  }
  const deps = { ...world.deps, checkSignature: () => check };
  const { replayed, left } = await replayPoison(deps, {});
  expect({ replayed, left: left.map((one) => one.cause) }).toEqual({ replayed: 0, left: [cause, cause] });
  expect(world.open(JOBS).texts()).toEqual([]);
  expect(world.open(SUBSCRIPTIONS).texts()).toEqual([]);
});
