import fc from 'fast-check';
import { searchJobs, type Caller } from '../../../shared/heldJobs/actOnHeldJobs';
import {
  createHeldJobs,
  DEVICE,
  OPERATOR,
  OTHER_TENANT,
  READER_PRINTER,
  TENANT,
  USER,
} from '../../support/createHeldJobs';

type World = ReturnType<typeof createHeldJobs>;
interface Found {
  jobs: { key: string }[];
  continuation?: string;
}

async function search(world: World, request: object, caller: Caller = OPERATOR) {
  const { status, body } = await searchJobs(world.deps, caller, JSON.stringify(request));
  return { status, body, ...(body as Found) };
}

async function pages(world: World, request: object, caller: Caller = OPERATOR, between = () => Promise.resolve()) {
  const keys: string[] = [];
  const sizes: number[] = [];
  for (let continuation: string | undefined, page = 0; page < 1_000; page += 1) {
    const next = continuation === undefined ? {} : { continuation };
    const found = await search(world, { ...request, ...next }, caller);
    expect(found.status).toBe(200);
    keys.push(...found.jobs.map(({ key }) => key));
    sizes.push(found.jobs.length);
    continuation = found.continuation;
    if (continuation === undefined) return { keys, sizes };
    await between();
  }
  throw new Error('the pages have no end');
}

const taskOf = (number: number) => `t${String(number).padStart(4, '0')}`;

describe('a search', () => {
  it('shows the vendor the state of each job without the whole printJob', async () => {
    const world = createHeldJobs();
    const key = await world.hold('t1');
    expect((await search(world, { tenant: TENANT.toUpperCase() })).body).toEqual({
      jobs: [
        {
          tenantId: TENANT,
          key,
          status: 'held',
          outcome: 'held',
          firstSeenAt: '2026-11-22T00:00:10.000Z',
          heldUntil: '2026-11-22T04:00:00.000Z',
          printerId: '33333333-3333-3333-3333-333333333333',
          jobId: 't1',
          createdDateTime: '2026-11-22T00:00:05Z',
          displayName: 'Payroll',
          createdBy: { id: 'aaaaaaaa-0000-0000-0000-000000000001', userPrincipalName: USER },
          copies: 2,
          colorMode: 'color',
        },
      ],
    });
  });

  it('shows a device key, time, copies and colour alone', async () => {
    const world = createHeldJobs();
    const key = await world.hold('t1');
    const bare = await world.hold('t2', { job: '{"configuration":{"copies":"2"}}' });
    expect((await search(world, { user: USER }, DEVICE)).body).toEqual({
      jobs: [
        { key, time: '2026-11-22T00:00:05Z', copies: 2, colorMode: 'color' },
        { key: bare, time: '2026-11-22T00:00:10.000Z' },
      ],
    });
  });

  it('finds the jobs of one user, one printer or one tenant, and never those of another tenant', async () => {
    const world = createHeldJobs();
    const ada = await world.hold('t1');
    const grace = await world.hold('t2', { user: 'grace@contoso.com', heldUntil: '2026-11-22T01:00:00.000Z' });
    const near = await world.hold('t3', { printerId: READER_PRINTER });
    const foreign = await world.hold('t4', { tenantId: OTHER_TENANT });
    const keysOf = async (request: object, caller = OPERATOR) => (await pages(world, request, caller)).keys;
    // All jobs of a tenant in the order in which their holds end.
    expect(await keysOf({ tenant: TENANT })).toEqual([grace, ada, near]);
    expect(await keysOf({ tenant: TENANT, user: 'ADA@Contoso.com' })).toEqual([ada, near]);
    expect(await keysOf({ tenant: TENANT, printer: READER_PRINTER.toUpperCase() })).toEqual([near]);
    expect(await keysOf({ tenant: TENANT, user: 'grace@contoso.com', printer: READER_PRINTER })).toEqual([]);
    expect(await keysOf({ tenant: OTHER_TENANT })).toEqual([foreign]);
    expect(await keysOf({ user: USER }, DEVICE)).toEqual([ada, near]);
  });

  it('leaves out a job that ended since the index was read, and one whose row cannot be read', async () => {
    const world = createHeldJobs();
    const ended = await world.hold('t1');
    const broken = await world.hold('t2');
    const left = await world.hold('t3');
    const get = world.ledger.get.bind(world.ledger);
    world.ledger.get = async (key) => {
      if (key.rowKey === ended) await world.end(ended);
      return get(key);
    };
    const row = await world.table.get(TENANT, broken);
    await world.table.replace({ partitionKey: TENANT, rowKey: broken, status: 'perhaps' }, row?.etag ?? '');
    expect((await search(world, { tenant: TENANT })).jobs.map(({ key }) => key)).toEqual([left]);
    expect(world.logger.events).toMatchObject([{ event: 'row.unreadable', level: 'error' }]);
  });

  it('reads at most 500 rows for one page, and the next page continues', async () => {
    const world = createHeldJobs();
    for (let number = 0; number < 501; number += 1) await world.hold(taskOf(number));
    const last = await world.hold('u', { printerId: READER_PRINTER });
    const get = world.ledger.get.bind(world.ledger);
    let reads = 0;
    world.ledger.get = (key) => ((reads += 1), get(key));
    const first = await search(world, { tenant: TENANT, printer: READER_PRINTER });
    expect({ jobs: first.jobs, reads }).toEqual({ jobs: [], reads: 500 });
    expect((await pages(world, { tenant: TENANT, printer: READER_PRINTER })).keys).toEqual([last]);
  });

  it.each([1, 7, 8, 9, 25, 50, 100])('of 50 jobs in pages of %d shows each once', async (limit) => {
    const world = createHeldJobs();
    const held: string[] = [];
    for (let number = 0; number < 50; number += 1) held.push(await world.hold(taskOf(number)));
    const { keys, sizes } = await pages(world, { tenant: TENANT, user: USER, limit });
    expect(keys).toEqual(held);
    expect(Math.max(...sizes)).toBe(Math.min(limit, 50));
  });
});

it('a job that is held throughout is on exactly one page, whatever comes and ends in between', async () => {
  const changes = fc.array(fc.array(fc.record({ number: fc.nat(99), ends: fc.boolean() }), { maxLength: 5 }), {
    maxLength: 8,
  });
  const start = fc.uniqueArray(fc.nat(99), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(
      start,
      changes,
      fc.integer({ min: 1, max: 9 }),
      fc.boolean(),
      async (first, rounds, limit, byUser) => {
        const world = createHeldJobs();
        const throughout = new Set<string>();
        for (const number of first) throughout.add(await world.hold(taskOf(number)));
        const between = async () => {
          for (const { number, ends } of rounds.shift() ?? []) {
            const key = `jobStarted_44444444-4444-4444-4444-444444444444_${taskOf(number)}`;
            if (!ends) await world.hold(taskOf(number));
            else {
              await world.end(key);
              throughout.delete(key);
            }
          }
        };
        const request = { tenant: TENANT, limit, ...(byUser ? { user: USER } : {}) };
        const { keys } = await pages(world, request, OPERATOR, between);
        expect(new Set(keys).size).toBe(keys.length);
        expect([...throughout].filter((key) => !keys.includes(key))).toEqual([]);
      },
    ),
    { numRuns: 60 },
  );
});

describe('a continuation', () => {
  const withTwoPages = async (caller = OPERATOR, request: object = { tenant: TENANT, user: USER }) => {
    const world = createHeldJobs();
    for (const task of ['t1', 't2', 't3']) await world.hold(task);
    const { continuation = '' } = await search(world, { ...request, limit: 1 }, caller);
    return { world, request, continuation };
  };

  it('holds the last RowKey of the index and nothing else', async () => {
    const { continuation } = await withTwoPages();
    const [encoded = ''] = continuation.split('.');
    expect(Buffer.from(encoded, 'base64url').toString()).toMatch(/^held_[0-9a-f]{32}_jobStarted_[0-9a-f-]{36}_t1$/);
    expect(continuation).toMatch(/^[\w-]+\.k1\.[\w-]{43}$/);
  });

  it('continues its own search alone: not that of another tenant, user or printer, and none that was changed', async () => {
    const { world, request, continuation } = await withTwoPages();
    const refused = {
      status: 400,
      body: {
        error: {
          code: 'invalidRequest',
          field: 'continuation',
          message: 'continuation does not belong to this request.',
        },
      },
    };
    const other = Buffer.from('jobStarted_').toString('base64url');
    for (const changed of [
      { tenant: OTHER_TENANT },
      { user: 'grace@contoso.com' },
      { user: undefined },
      { printer: READER_PRINTER },
      { continuation: continuation.replace(/^[\w-]+/, other) },
      { continuation: continuation.slice(0, -1) },
      { continuation: 'x' },
    ]) {
      expect(await search(world, { ...request, continuation, ...changed })).toMatchObject(refused);
    }
    expect(await search(world, { ...request, continuation, user: USER.toUpperCase() })).toMatchObject({ status: 200 });
  });

  it('of a device continues its search in its own tenant alone', async () => {
    const { world, continuation } = await withTwoPages(DEVICE, { user: USER });
    expect(await search(world, { user: USER, continuation }, DEVICE)).toMatchObject({ status: 200 });
    const elsewhere: Caller = { ...DEVICE, tenantId: OTHER_TENANT } as Caller;
    expect(await search(world, { user: USER, continuation }, elsewhere)).toMatchObject({ status: 400 });
  });
});
