import fc from 'fast-check';
import { actOnJob, releaseJobs, searchJobs, showJob, type Caller } from '../../../shared/heldJobs/actOnHeldJobs';
import type { WishAction } from '../../../shared/jobs/wishes';
import {
  createHeldJobs,
  DEVICE,
  OPERATOR,
  OTHER_TENANT,
  READER_PRINTER,
  TENANT,
  USER,
  VIRTUAL,
} from '../../support/createHeldJobs';

type World = ReturnType<typeof createHeldJobs>;
let world: World;
let key: string;
beforeEach(async () => {
  world = createHeldJobs();
  key = await world.hold('t1');
});

const act = (action: WishAction, body: object | string = {}, caller: Caller = OPERATOR, job: object = {}) =>
  actOnJob(
    world.deps,
    caller,
    { ...(caller.kind === 'operator' ? { tenant: TENANT } : {}), key, action, ...job },
    typeof body === 'string' ? body : JSON.stringify(body),
  );
const show = (caller: Caller = OPERATOR, job: object = {}) =>
  showJob(world.deps, caller, { ...(caller.kind === 'operator' ? { tenant: TENANT } : {}), key, ...job });
const queued = () => world.jobs.sent.length;

describe('a wish', () => {
  it('is stored on the row with its caller, its key is queued, and the answer is 202 with the state', async () => {
    const answer = await act('release', { configure: { colorMode: 'grayscale' } });
    const wish = {
      action: 'release',
      configure: { colorMode: 'grayscale' },
      by: 'operator',
      at: '2026-11-22T00:00:00.000Z',
    };
    expect(answer).toMatchObject({ status: 202, body: { tenantId: TENANT, key, status: 'held', wish } });
    expect(await show()).toMatchObject({ status: 200, body: { wish, job: { displayName: 'Payroll' } } });
    expect(queued()).toBe(1);
    expect(world.logger.events).toEqual([
      { level: 'info', event: 'job.wish', tenantId: TENANT, key, action: 'release', outcome: 'accepted' },
    ]);
  });

  it('that is the same is 202 again, and another one is 409 with the stored one until the first is carried out', async () => {
    await act('redirect', { printer: READER_PRINTER.toUpperCase() });
    world.clock.advance(1_000);
    const stored = { action: 'redirect', printer: READER_PRINTER, at: '2026-11-22T00:00:00.000Z' };
    expect(await act('redirect', { printer: READER_PRINTER })).toMatchObject({ status: 202, body: { wish: stored } });
    for (const [action, body] of [
      ['abort', {}],
      ['release', {}],
      ['redirect', { printer: VIRTUAL }],
      ['redirect', { printer: READER_PRINTER, configure: { copies: 1 } }],
    ] as const) {
      expect(await act(action, body)).toMatchObject({
        status: 409,
        body: { error: { code: 'wishPending' }, job: { wish: stored } },
      });
    }
  });

  it('after the end is 409 with the state', async () => {
    await world.end(key);
    expect(await act('release')).toMatchObject({
      status: 409,
      body: { error: { code: 'jobNotHeld' }, job: { key, status: 'done', outcome: 'released' } },
    });
    expect(queued()).toBe(0);
  });

  it('that Graph refused is shown with its words, and another one may follow', async () => {
    const refused = await world.hold('t2', { lastRefusal: 'Graph answered 404' });
    expect(await show(OPERATOR, { key: refused })).toMatchObject({ body: { lastRefusal: 'Graph answered 404' } });
    expect(await show(DEVICE, { key: refused })).toMatchObject({ body: { lastRefusal: 'Graph answered 404' } });
    expect(await act('abort', { reason: 'Not mine' }, OPERATOR, { key: refused })).toMatchObject({
      status: 202,
      body: { wish: { action: 'abort', reason: 'Not mine' } },
    });
  });

  it.each([
    ['jobStarted_x_y'],
    ['jobFetchable_x_y'],
    ['due_2026-11-22T04:00:00.000Z_jobStarted_44444444-4444-4444-4444-444444444444_t1'],
    ['open_jobStarted_x_y'],
    ['jobStarted_x_y/..'],
    [''],
  ])('for the key %p is 404', async (unknown) => {
    const notFound = { status: 404, body: { error: { code: 'jobNotFound' } } };
    for (const caller of [OPERATOR, DEVICE]) {
      expect(await act('abort', {}, caller, { key: unknown })).toMatchObject(notFound);
      expect(await show(caller, { key: unknown })).toMatchObject(notFound);
    }
    expect(queued()).toBe(0);
  });

  it('for a job of another tenant is 404', async () => {
    expect(await act('release', {}, OPERATOR, { tenant: OTHER_TENANT })).toMatchObject({ status: 404 });
    expect(await act('release', {}, OPERATOR, { tenant: "x' or '" })).toMatchObject({ status: 404 });
    expect(await act('release', {}, OPERATOR, { tenant: TENANT.toUpperCase() })).toMatchObject({ status: 202 });
  });
});

describe('a body', () => {
  it.each<[WishAction, object | string, string | undefined]>([
    ['redirect', {}, 'printer'],
    ['redirect', { printer: 'a/b' }, 'printer'],
    ['redirect', { printer: 5 }, 'printer'],
    ['release', { printer: VIRTUAL }, 'printer'],
    ['release', { configure: {} }, 'configure'],
    ['release', { configure: { copies: 0 } }, 'configure.copies'],
    ['release', { configure: { paper: 'A4' } }, 'configure.paper'],
    ['abort', { configure: { copies: 1 } }, 'configure'],
    ['abort', { reason: 'x'.repeat(257) }, 'reason'],
    ['release', '[]', undefined],
    ['release', 'null', undefined],
    ['release', '{"configure":', undefined],
    ['release', '{"__proto__":{"x":1}}', '__proto__'],
  ])('of %s that is %j is 400 with the field', async (action, body, field) => {
    const answer = await act(action, body);
    expect(answer).toMatchObject({
      status: 400,
      body: { error: { code: 'invalidRequest', ...(field === undefined ? {} : { field }) } },
    });
    expect(Object.keys((answer.body as { error: object }).error).includes('field')).toBe(field !== undefined);
    expect(queued()).toBe(0);
  });

  it('of any JSON is answered with 400, or stored as one of the actions', async () => {
    const bodies = fc.oneof(
      fc.json({ maxDepth: 4 }),
      fc.string(),
      fc.jsonValue().map((configure) => JSON.stringify({ configure })),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('release', 'redirect', 'abort'), bodies, async (action, body) => {
        const { status } = await act(action, body);
        expect([202, 400, 409]).toContain(status);
        for (const routes of [searchJobs, releaseJobs]) {
          for (const caller of [OPERATOR, DEVICE]) expect((await routes(world.deps, caller, body)).status).toBe(400);
        }
      }),
    );
  });

  it('may be empty where nothing is needed', async () => {
    expect(await act('release', '')).toMatchObject({ status: 202 });
  });

  it('of a release of all jobs names user and printer, and for the vendor the tenant', async () => {
    const whole = { tenant: TENANT, user: USER, printer: VIRTUAL };
    for (const field of ['tenant', 'user', 'printer']) {
      const answer = await releaseJobs(world.deps, OPERATOR, JSON.stringify({ ...whole, [field]: undefined }));
      expect(answer).toMatchObject({ status: 400, body: { error: { field, message: `${field} is missing.` } } });
    }
    // The tenant of a device is that of its token.
    const answer = await releaseJobs(world.deps, DEVICE, JSON.stringify({ ...whole, tenant: OTHER_TENANT }));
    expect(answer).toMatchObject({ status: 400, body: { error: { field: 'tenant' } } });
  });
});

describe('a device', () => {
  it('releases jobs at the printers of its token, redirects to these alone, and aborts', async () => {
    const near = await world.hold('t2', { printerId: READER_PRINTER });
    const notAllowed = { status: 403, body: { error: { code: 'printerNotAllowed' } } };
    expect(await act('release', {}, DEVICE)).toMatchObject(notAllowed);
    expect(await act('redirect', { printer: VIRTUAL }, DEVICE)).toMatchObject({
      ...notAllowed,
      body: { error: { field: 'printer' } },
    });
    expect(queued()).toBe(0);
    expect(await act('release', {}, DEVICE, { key: near })).toMatchObject({ status: 202 });
    expect(await act('redirect', { printer: READER_PRINTER }, DEVICE)).toMatchObject({ status: 202 });
    const wrong = await world.hold('t3');
    expect(await act('abort', {}, DEVICE, { key: wrong })).toMatchObject({ status: 202 });
  });

  it('cannot release a job whose printer is not known', async () => {
    const unknown = await world.hold('t2', { printerId: '' });
    expect(await act('release', {}, DEVICE, { key: unknown })).toMatchObject({ status: 403 });
  });

  it('sees and reaches jobs of its own tenant alone, whatever tenant the request names', async () => {
    const foreign = await world.hold('t9', { tenantId: OTHER_TENANT, printerId: READER_PRINTER });
    for (const tenant of [undefined, OTHER_TENANT]) {
      const job = { key: foreign, ...(tenant === undefined ? {} : { tenant }) };
      expect(await show(DEVICE, job)).toMatchObject({ status: 404 });
      for (const action of ['release', 'abort'] as const)
        expect(await act(action, {}, DEVICE, job)).toMatchObject({ status: 404 });
      expect(await act('redirect', { printer: READER_PRINTER }, DEVICE, job)).toMatchObject({ status: 404 });
    }
    expect(queued()).toBe(0);
  });

  it('is shown the state without the user, the document and the name of who decided', async () => {
    await act('redirect', { printer: READER_PRINTER });
    expect((await show(DEVICE)).body).toEqual({
      key,
      time: '2026-11-22T00:00:05Z',
      copies: 2,
      colorMode: 'color',
      status: 'held',
      outcome: 'held',
      heldUntil: '2026-11-22T04:00:00.000Z',
      wish: { action: 'redirect', printer: READER_PRINTER, at: '2026-11-22T00:00:00.000Z' },
    });
  });

  it('is named in the wish', async () => {
    await act('abort', {}, DEVICE);
    expect(await show()).toMatchObject({ body: { wish: { by: 'device:0123456789abcdef Reader 1' } } });
  });
});

describe('a release of all jobs of a user', () => {
  const release = async (caller: Caller, request: object) => {
    const { status, body } = await releaseJobs(world.deps, caller, JSON.stringify({ user: USER, ...request }));
    return { status, body: body as { jobs: { key: string; wish?: object }[]; continuation?: string } };
  };

  it('releases those of the printer, redirects the others to it, and answers for each', async () => {
    const near = await world.hold('t2', { printerId: READER_PRINTER });
    const aborted = await world.hold('t3');
    await act('abort', {}, OPERATOR, { key: aborted });
    await world.hold('t4', { user: 'grace@contoso.com' });
    await world.hold('t5', { tenantId: OTHER_TENANT });
    const answer = await release(DEVICE, { printer: READER_PRINTER, configure: { copies: 1 } });
    const configure = { copies: 1 };
    expect(answer).toMatchObject({
      status: 202,
      body: {
        jobs: [
          { key, result: 'accepted', wish: { action: 'redirect', printer: READER_PRINTER, configure } },
          { key: near, result: 'accepted', wish: { action: 'release', configure } },
          { key: aborted, result: 'conflict', wish: { action: 'abort' } },
        ],
      },
    });
    expect(answer.body.jobs).toHaveLength(3);
    expect(Object.keys(answer.body)).toEqual(['jobs']);
    expect(queued()).toBe(3);
  });

  it('may be sent again', async () => {
    const first = await release(OPERATOR, { tenant: TENANT, printer: VIRTUAL });
    expect(await release(OPERATOR, { tenant: TENANT, printer: VIRTUAL })).toEqual(first);
    expect(first.body.jobs).toMatchObject([{ result: 'accepted', wish: { action: 'release' } }]);
  });

  it('leaves out a job that is deleted, and says of one that ended that it is not held', async () => {
    const deleted = await world.hold('t2');
    const get = world.ledger.get.bind(world.ledger);
    let reads = 0;
    world.ledger.get = async (job) => {
      const found = await get(job);
      reads += 1;
      // After the listing has read both.
      if (reads === 2) {
        await world.end(key);
        await world.ledger.remove({ tenantId: TENANT, rowKey: deleted });
      }
      return found;
    };
    const { body } = await release(OPERATOR, { tenant: TENANT, printer: VIRTUAL });
    expect(body.jobs).toMatchObject([{ key, result: 'notHeld', status: 'done' }]);
  });

  it('is refused for a printer that the token of the device does not name', async () => {
    expect(await release(DEVICE, { printer: VIRTUAL })).toMatchObject({
      status: 403,
      body: { error: { code: 'printerNotAllowed', field: 'printer' } },
    });
    expect(queued()).toBe(0);
  });

  it('takes 100 jobs at a time, and the continuation takes the rest', async () => {
    for (let number = 100; number < 200; number += 1) await world.hold(`u${number}`);
    const first = await release(OPERATOR, { tenant: TENANT, printer: VIRTUAL });
    const { continuation } = first.body;
    const second = await release(OPERATOR, { tenant: TENANT, printer: VIRTUAL, continuation });
    expect([first.body.jobs.length, second.body.jobs.length, second.body.continuation]).toEqual([100, 1, undefined]);
    expect(await release(OPERATOR, { tenant: TENANT, printer: VIRTUAL, continuation: 'x' })).toMatchObject({
      status: 400,
    });
  });
});
