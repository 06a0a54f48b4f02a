import { ReceiverError } from '../../../shared/errors';
import { createSweepTime, type SweepProgress } from '../../../shared/sweep/sweepRun';
import { sweepTenant } from '../../../shared/sweep/sweepTenant';
import type { TenantStatus } from '../../../shared/tenants/tenants';
import { graphError } from '../../support/createFakeGraph';
import { DEFINITION, MINUTE, PRINTER, START, TENANT } from '../../support/createSubscriptionWorld';
import { createSweepWorld, type SweepWorld } from '../../support/createSweepWorld';

const OTHER_PRINTER = '66666666-6666-6666-6666-666666666666';
const TASKS = `/print/taskDefinitions/${DEFINITION}/tasks`;
const JOBS = `/print/printers/${PRINTER}/jobs`;
const task = (taskId: string) => ({ kind: 'jobStarted', tenantId: TENANT, definitionId: DEFINITION, taskId }) as const;
const job = (jobId: string, printerId = PRINTER) =>
  ({ kind: 'jobFetchable', tenantId: TENANT, printerId, jobId }) as const;

let world: SweepWorld;
beforeEach(() => {
  world = createSweepWorld();
  // Two hours after START, when the tenant, its watches and nothing else came to be.
  world.clock.advance(120 * MINUTE);
  world.putTenantInGraph();
});

async function onboard(status: TenantStatus = 'active', watches: ('jobStarted' | 'jobFetchable')[] = []) {
  await world.addTenant(TENANT, status);
  for (const kind of watches) await world.put({ kind, id: kind === 'jobStarted' ? DEFINITION : PRINTER });
}

async function sweep(deps = world.deps, { everyTrigger = true, retryNow = false } = {}) {
  const tenant = await world.tenants.get(TENANT);
  if (!tenant) throw new Error('no tenant');
  const progress: SweepProgress[] = [];
  const unreadable: string[] = [];
  const result = await sweepTenant(deps, tenant, {
    time: createSweepTime(world.clock, { runMs: Infinity, rounds: () => 1 }),
    everyTrigger,
    retryNow,
    onProgress: (step) => progress.push(step),
    onUnreadable: (error) => unreadable.push(error.message),
  });
  return { ...result, progress, unreadable };
}

describe('what is enqueued', () => {
  it('every open task of every definition of ours, watched or not, with the place of its job', async () => {
    await onboard('active', ['jobStarted']);
    world.putDefinition();
    world.putDefinition('unwatched');
    world.putTask('t1', { job: '1' });
    world.putTask('t2', { state: 'pending' });
    world.putTask('t3', { state: 'completed', job: '3' });
    world.putTask('t4', { definition: 'unwatched' });
    expect(await sweep()).toMatchObject({
      outcome: 'swept',
      seen: 3,
      enqueued: 3,
      // The definitions, each one's tasks, and the printer that showed a task, for its trigger.
      listings: 4,
      failures: [],
    });
    expect(world.found().sort()).toEqual([
      `jobStarted_${DEFINITION}_t1`,
      `jobStarted_${DEFINITION}_t2`,
      'jobStarted_unwatched_t4',
    ]);
    const sent = world.jobs.sent.find(({ text }) => text.includes('"t1"'));
    const { event } = JSON.parse(sent?.text ?? '') as { event: Record<string, unknown> };
    expect(event).toMatchObject({
      tenantId: TENANT,
      printerId: PRINTER,
      jobId: '1',
      receivedAt: '2026-11-22T02:00:00.000Z',
      deferrals: 0,
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/) as string,
    });
    // No generation: nobody outside could have written this message.
    expect(event).not.toHaveProperty('generation');
  });

  it.each(['active', 'paused', 'removed'] as const)(
    'of a %s tenant no task of a definition of another app, however old, and does not list its tasks',
    async (status) => {
      await onboard(status, ['jobStarted']);
      world.putDefinition();
      world.putDefinition('theirs', TENANT, '0b1c2d3e-0000-4000-8000-000000000001');
      world.putTask('t1');
      world.putTask('t2', { definition: 'theirs', job: '2' });
      world.clock.advance(24 * 60 * MINUTE);
      await sweep();
      expect(world.found()).toEqual([`jobStarted_${DEFINITION}_t1`]);
      expect(world.said()).not.toContain('/print/taskDefinitions/theirs/tasks');
    },
  );

  it.each(['paused', 'removed'] as const)(
    'of a %s tenant the tasks, which block somebody, and not its printers',
    async (status) => {
      await onboard(status, ['jobStarted', 'jobFetchable']);
      world.putDefinition();
      world.putTask('t1');
      world.putJob('1', 5);
      expect(await sweep()).toMatchObject({ outcome: 'swept', enqueued: 1 });
      expect(world.said()).toEqual(['/print/taskDefinitions', TASKS]);
      const row = await world.tenants.get(TENANT);
      expect(row?.sweptAt).toBeUndefined();
      // It takes its turn like any other.
      expect(row?.sweepTriedAt).toBe('2026-11-22T02:00:00.000Z');
    },
  );

  it('every ready job of a watched printer, from the begin of the watch and inside retention less a day', async () => {
    await onboard('active', ['jobFetchable']);
    world.clock.advance(40 * 24 * 60 * MINUTE);
    world.putJob('before the watch'.replaceAll(' ', '-'), 43 * 24 * 60);
    world.putJob('too-old', 29 * 24 * 60);
    world.putJob('old-enough', 29 * 24 * 60 - 1);
    world.putJob('new', 1);
    world.putJob('not-ready', 1, { isFetchable: false });
    expect(await sweep()).toMatchObject({ seen: 4, enqueued: 2 });
    expect(world.found()).toEqual([`jobFetchable_${PRINTER}_old-enough`, `jobFetchable_${PRINTER}_new`]);
  });

  it('nothing that the ledger has finished or is working on; what it failed at is', async () => {
    await onboard('active', ['jobStarted', 'jobFetchable']);
    world.putDefinition();
    for (const id of ['t1', 't2', 't3']) world.putTask(id);
    for (const id of ['1', '2']) world.putJob(id, 5);
    await world.putRow(task('t1'), { status: 'done' });
    await world.putRow(task('t2'), { status: 'claimed', leaseUntil: '2026-11-22T02:01:00.000Z' });
    await world.putRow(task('t3'), { status: 'failed' });
    await world.putRow(job('1'), { status: 'done' });
    await sweep();
    expect(world.found()).toEqual([`jobStarted_${DEFINITION}_t3`, `jobFetchable_${PRINTER}_2`]);
  });

  it('a task past its deadline in every run while Graph asks for a long wait, anything else ever more rarely', async () => {
    await onboard('active', ['jobStarted']);
    world.putDefinition();
    world.putTask('late');
    world.putTask('new');
    await world.putRow(task('late'), { status: 'waiting', nextTryAt: '2026-11-23T00:00:00.000Z' });
    const runs = [];
    for (let run = 0; run < 6; run += 1) {
      runs.push((await sweep()).enqueued);
      world.clock.advance(10 * MINUTE);
    }
    // `new` after 0, 10 and 30 minutes, each time with `late`.
    expect(runs).toEqual([2, 2, 1, 2, 1, 1]);
  });

  // Graph refuses to end the task, and the worker tries once a minute (docs/decisions/0013): one message, not ten more.
  it('no task past its deadline whose own message is due soon, in ten runs', async () => {
    await onboard('active', ['jobStarted']);
    world.putDefinition();
    world.putTask('late');
    await world.putRow(task('late'), { status: 'waiting' });
    for (let run = 0; run < 10; run += 1) {
      const nextTryAt = new Date(world.clock.now() + 70_000 - run * 10_000).toISOString();
      const row = await world.ledgerTable.get(TENANT, `jobStarted_${DEFINITION}_late`);
      await world.ledgerTable.replace(
        {
          partitionKey: TENANT,
          rowKey: `jobStarted_${DEFINITION}_late`,
          status: 'waiting',
          attempts: 600 + run,
          firstSeenAt: START,
          foundBy: 'graph',
          nextTryAt,
        },
        row?.etag ?? '',
      );
      expect(await sweep()).toMatchObject({ seen: 1, enqueued: 0 });
      world.clock.advance(10 * MINUTE);
    }
    // The message was lost all the same: nobody has moved the row for ten minutes.
    expect(await sweep()).toMatchObject({ seen: 1, enqueued: 1 });
  });

  it('a task that the ledger calls done and Graph lists as open for long: less and less often, and five times at most', async () => {
    await onboard('active', ['jobStarted']);
    world.putDefinition();
    world.putTask('t1');
    await world.putRow(task('t1'));
    // The listing may be older than the row.
    expect(await sweep()).toMatchObject({ seen: 1, enqueued: 0 });
    world.clock.advance(15 * MINUTE);
    expect(await sweep()).toMatchObject({ seen: 1, enqueued: 1 });
    const { event } = JSON.parse(world.jobs.sent[0]?.text ?? '') as { event: Record<string, unknown> };
    expect(event).toMatchObject({ taskId: 't1', stillOpen: true });
    expect(await sweep()).toMatchObject({ enqueued: 0 });
    world.clock.advance(9 * MINUTE);
    expect(await sweep()).toMatchObject({ enqueued: 1 });
    world.clock.advance(60 * MINUTE);
    const { etag = '', cells = {} } = (await world.ledgerTable.get(TENANT, `jobStarted_${DEFINITION}_t1`)) ?? {};
    await world.ledgerTable.replace({ ...(cells as { partitionKey: string; rowKey: string }), reopened: 5 }, etag);
    world.clock.advance(60 * MINUTE);
    expect(await sweep()).toMatchObject({ seen: 1, enqueued: 0 });
  });

  it.each(['unknownFutureValue', ''])('a task in the state "%s": its job may wait', async (state) => {
    await onboard('active', ['jobStarted']);
    world.putDefinition();
    world.putTask('t1', { state });
    world.putTask('t2', { state });
    await world.putRow(task('t2'));
    world.clock.advance(15 * MINUTE);
    expect(await sweep()).toMatchObject({ seen: 2, enqueued: 1 });
    expect(world.found()).toEqual([`jobStarted_${DEFINITION}_t1`]);
  });

  it('what failed for long neither before its time nor after the end of its retries, unless a person asks', async () => {
    await onboard('active', ['jobStarted', 'jobFetchable']);
    world.putDefinition();
    for (const id of ['due', 'spaced', 'ended']) world.putTask(id);
    world.putJob('gone', 60);
    const nextTryAt = '2026-11-22T03:00:00.000Z';
    await world.putRow(task('due'), { status: 'failed', failures: 1, nextTryAt: START });
    await world.putRow(task('spaced'), { status: 'failed', failures: 4, nextTryAt });
    await world.putRow(task('ended'), { status: 'failed', failures: 10, retriesEndedAt: START });
    await world.putRow(job('gone'), { status: 'gone', failures: 10, retriesEndedAt: START });
    expect(await sweep()).toMatchObject({ seen: 4, enqueued: 1 });
    expect(world.found()).toEqual([`jobStarted_${DEFINITION}_due`]);
    expect(await sweep(world.deps, { retryNow: true })).toMatchObject({ enqueued: 4 });
  });

  it('nothing for an unreadable row, which is reported', async () => {
    await onboard('active', ['jobStarted']);
    world.putDefinition();
    world.putTask('t1');
    await world.ledgerTable.insert({
      partitionKey: TENANT,
      rowKey: `jobStarted_${DEFINITION}_t1`,
      status: 'odd',
    });
    expect(await sweep()).toMatchObject({
      enqueued: 0,
      unreadable: [expect.stringContaining('PrintJobs') as string],
    });
  });

  it('never by writing the ledger', async () => {
    await onboard('active', ['jobStarted', 'jobFetchable']);
    world.putDefinition();
    world.putTask('t1', { job: '1' });
    world.putJob('1', 5);
    await sweep();
    expect(world.ledgerTable.size()).toBe(0);
  });
});

describe('what it asks of Graph', () => {
  it('one listing for each definition and each printer, and all pages of it', async () => {
    await onboard('active', ['jobStarted', 'jobFetchable']);
    world.setPageSize(2);
    world.putDefinition();
    for (const id of ['1', '2', '3', '4', '5']) world.putJob(id, 5);
    expect(await sweep()).toMatchObject({ listings: 3, seen: 5, enqueued: 5 });
    expect(world.said()).toEqual([
      '/print/taskDefinitions',
      TASKS,
      JOBS,
      `${JOBS}?$skiptoken=2`,
      `${JOBS}?$skiptoken=4`,
    ]);
  });

  it('a small tenant at once, a large one spread over seconds', async () => {
    await onboard();
    const before = world.clock.now();
    for (let n = 0; n < 60; n += 1) world.putDefinition(`d${n}`);
    await sweep();
    expect(world.clock.now()).toBe(before);
    world.putDefinition('d60');
    await sweep();
    // 61 listings, each 50 ms after the one before; four take turns.
    expect(world.clock.now() - before).toBe(61 * 200);
  });

  it('after a throttled listing nothing more of this tenant; the rest is postponed', async () => {
    await onboard('active', ['jobStarted', 'jobFetchable']);
    world.putDefinition();
    world.putTask('t1');
    world.putPrinter();
    world.refuse(/tasks$/, graphError('throttled', 30_000));
    const result = await sweep();
    expect(result).toMatchObject({ outcome: 'postponed', enqueued: 0, failures: [] });
    expect(world.said()).toEqual(['/print/taskDefinitions', TASKS]);
    expect((await world.tenants.get(TENANT))?.sweptAt).toBeUndefined();
  });

  it('what was found before the throttling stays found', async () => {
    await onboard('active', ['jobStarted', 'jobFetchable']);
    world.putDefinition();
    world.putTask('t1');
    world.refuse(/printers/, graphError('throttled'));
    expect(await sweep()).toMatchObject({ outcome: 'postponed', enqueued: 1 });
  });

  it.each([
    ['throttled', 'postponed', []],
    [
      'unavailable',
      'swept',
      [
        { error: 'Graph said unavailable. The call is retried.' },
        { error: 'Graph said unavailable. The call is retried.' },
      ],
    ],
  ] as const)('so does what the pages before a %s one showed', async (kind, outcome, failures) => {
    await onboard('active', ['jobStarted', 'jobFetchable']);
    world.setPageSize(1);
    world.putDefinition();
    world.putTask('t1');
    world.putTask('t2');
    world.putJob('1', 5);
    world.putJob('2', 5);
    world.refuse(/skiptoken/, graphError(kind));
    const result = await sweep();
    expect(result).toMatchObject({ outcome, failures });
    const found = world.found();
    expect(found[0]).toBe(`jobStarted_${DEFINITION}_t1`);
    // A throttled tenant is not listed any further.
    expect(found.slice(1)).toEqual(kind === 'throttled' ? [] : [`jobFetchable_${PRINTER}_1`]);
    expect(result).toMatchObject({ seen: found.length, enqueued: found.length });
    expect(result.progress).toHaveLength(found.length);
  });

  it('starts with another printer each time, so that what is cut short is not always the same', async () => {
    await onboard();
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) {
      await world.put({ id });
      world.putPrinter(id);
    }
    await sweep({ ...world.deps, random: () => 0.5 });
    expect(world.said()[1]).toBe('/print/printers/d/jobs');
  });
});

describe('failures', () => {
  it('of one listing are reported and do not stop the others', async () => {
    await onboard('active', ['jobStarted', 'jobFetchable']);
    world.putDefinition();
    world.putJob('1', 5);
    world.refuse(/tasks$/, graphError('forbidden'));
    expect(await sweep()).toMatchObject({
      outcome: 'swept',
      enqueued: 1,
      failures: [
        {
          of: `jobStarted_${DEFINITION}`,
          error:
            'Graph said forbidden. Grant the app the permission and have an administrator of the customer consent again.',
        },
      ],
    });
  });

  it('a watched definition that Graph no longer lists is listed and reported', async () => {
    await onboard('active', ['jobStarted']);
    expect(await sweep()).toMatchObject({ failures: [{ of: `jobStarted_${DEFINITION}` }] });
  });

  it('without a watch of JobStarted the permission for definitions is not missed', async () => {
    await onboard('active', ['jobFetchable']);
    world.putJob('1', 5);
    world.refuse(/taskDefinitions/, graphError('forbidden'));
    expect(await sweep()).toMatchObject({ outcome: 'swept', enqueued: 1, failures: [] });
  });

  it('a consent that was taken back ends it at the first call', async () => {
    await onboard('active', ['jobStarted', 'jobFetchable']);
    const refused = new ReceiverError('tokenRefused', 'Entra gave no token (400)');
    world.refuse(/./, refused);
    expect(await sweep()).toMatchObject({
      outcome: 'refused',
      listings: 1,
      failures: [{ of: 'taskDefinitions', error: refused.message }],
    });
    expect(world.calls).toHaveLength(1);
  });

  it('and is no news of a tenant that was removed', async () => {
    await onboard('removed');
    const refused = new ReceiverError('tokenRefused', 'Entra gave no token (400)');
    world.refuse(/./, refused);
    expect(await sweep()).toMatchObject({ outcome: 'refused', failures: [] });
  });

  it('a sign-in host that is out postpones it', async () => {
    await onboard('active', ['jobFetchable']);
    world.refuse(/./, new ReceiverError('tokenUnavailable', 'x'));
    expect(await sweep()).toMatchObject({ outcome: 'postponed' });
  });

  it('four listings in a row that Graph cannot serve are an outage', async () => {
    await onboard();
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']) await world.put({ id });
    world.refuse(/printers/, graphError('unavailable'));
    const { outcome, listings } = await sweep();
    expect(outcome).toBe('postponed');
    // The definitions, and the four that were under way together.
    expect(listings).toBe(5);
    expect((await world.tenants.get(TENANT))?.sweptAt).toBeUndefined();
  });

  describe('of a few definitions and printers in every run', () => {
    const GOOD = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
    // Neighbours in the table; the definitions are all there are.
    const BAD = ['bad-1', 'bad-2', 'bad-3'];
    beforeEach(async () => {
      await onboard();
      for (const id of [...GOOD, ...BAD]) {
        await world.put({ id });
        world.putPrinter(id);
      }
      for (const id of BAD) await world.put({ kind: 'jobStarted', id });
      GOOD.forEach((id, n) => world.putJob(`${n}`, 5, {}, id));
      world.refuse(/bad/, graphError('unavailable'));
    });
    const sweptAt = async () => (await world.tenants.get(TENANT))?.sweptAt;

    it.each(Array.from({ length: 13 }, (_, n) => n))(
      'keep no other from being swept, nor the tenant, begun at printer %i',
      async (first) => {
        const result = await sweep({ ...world.deps, random: () => (first + 0.5) / 13 });
        expect(result).toMatchObject({ outcome: 'swept', listings: 1 + 3 + 13, enqueued: GOOD.length });
        expect(result.failures.map(({ of }) => of).sort()).toEqual(
          ['jobFetchable', 'jobStarted'].flatMap((kind) => BAD.map((id) => `${kind}_${id}`)),
        );
        // What was seen counts, as with a listing that is forbidden.
        expect(await sweptAt()).toBe('2026-11-22T02:00:00.000Z');
      },
    );

    it('cut off the definitions when they are more, and no printer; then not all was looked at', async () => {
      for (const id of ['bad-4', 'bad-5']) await world.put({ kind: 'jobStarted', id });
      expect(await sweep()).toMatchObject({ outcome: 'postponed', enqueued: GOOD.length });
      expect(await sweptAt()).toBeUndefined();
    });

    it('are not more than all there are: nothing was left out', async () => {
      await world.put({ kind: 'jobStarted', id: 'bad-4' });
      expect(await sweep()).toMatchObject({ outcome: 'swept', enqueued: GOOD.length });
      expect(await sweptAt()).toBe('2026-11-22T02:00:00.000Z');
    });
  });

  it.each(['ledger', 'watches', 'jobs'] as const)('%s that cannot be used end it as an error', async (part) => {
    await onboard('active', ['jobStarted']);
    world.putDefinition();
    world.putTask('t1');
    const out = () => {
      throw new ReceiverError('storageUnavailable', 'out');
    };
    const broken = { ...world.deps, [part]: { ...world.deps[part], list: out, getWithoutJob: out, send: out } };
    expect(await sweep(broken)).toMatchObject({ outcome: 'error', failures: [{ of: '*' }] });
    expect(world.logger.events.at(-1)).toMatchObject({ event: 'sweep.error', code: 'storageUnavailable' });
    const row = await world.tenants.get(TENANT);
    expect(row?.sweptAt).toBeUndefined();
    // It has had its turn (docs/decisions/0010): the others come first in the next run.
    expect(row?.sweepTriedAt).toBe('2026-11-22T02:00:00.000Z');
  });

  it('and so does the row of the tenant itself, whose turn can then not be noted', async () => {
    await onboard();
    const update = () => Promise.reject(new ReceiverError('storageUnavailable', 'out'));
    const broken = { ...world.deps, tenants: { ...world.tenants, update } };
    expect(await sweep(broken)).toMatchObject({ outcome: 'error', failures: [{ of: '*' }] });
    expect(world.logger.events).toMatchObject([
      { level: 'error', event: 'sweep.error' },
      { level: 'warn', event: 'sweep.progressNotSaved', code: 'storageUnavailable', tenantId: TENANT },
    ]);
  });
});

describe('a tenant that grants a token and no permission', () => {
  const PRINTERS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
  beforeEach(async () => {
    await onboard();
    for (const id of PRINTERS) {
      await world.put({ id });
      world.putPrinter(id);
    }
  });
  /** As reconciliation leaves it (shared/subscriptions/standOfTenant.ts). */
  const flag = () => world.tenants.update(TENANT, (tenant) => ({ ...tenant, graphAccess: 'refused', failures: 3 }));
  const sweptAt = async () => (await world.tenants.get(TENANT))?.sweptAt;

  it('has refused after four listings, and no completed sweep is recorded', async () => {
    world.refuse(/./, graphError('forbidden'));
    expect(await sweep()).toMatchObject({ outcome: 'refused', listings: 4 });
    expect(await sweptAt()).toBeUndefined();
  });

  it('has refused after fewer when it has no more', async () => {
    for (const id of PRINTERS.slice(1)) {
      const { watch, etag } = await world.read({ tenantId: TENANT, kind: 'jobFetchable', id });
      await world.watches.save({ ...watch, wanted: false }, etag);
    }
    world.refuse(/./, graphError('forbidden'));
    expect(await sweep()).toMatchObject({ outcome: 'refused', listings: 2, failures: [{}] });
    expect(await sweptAt()).toBeUndefined();
  });

  it.each([
    ['one printer', /taskDefinitions|printers\/[ad-j]/],
    ['the definitions', /printers/],
  ])('has not refused when it shows %s', async (_name, refused) => {
    world.refuse(refused, graphError('forbidden'));
    expect(await sweep()).toMatchObject({ outcome: 'swept', listings: 1 + PRINTERS.length });
    expect(await sweptAt()).toBe('2026-11-22T02:00:00.000Z');
  });

  // PrintTaskDefinition.ReadWrite.All is missing, PrintJob.ReadBasic.All is granted; tasks are listed before printers.
  it('nor when it forbids more definitions than that and shows its printers', async () => {
    for (const id of ['d1', 'd2', 'd3', 'd4']) await world.put({ kind: 'jobStarted', id });
    world.putJob('1', 5, {}, 'a');
    world.putJob('2', 5, {}, 'j');
    world.refuse(/taskDefinitions/, graphError('forbidden'));
    const result = await sweep();
    expect(result).toMatchObject({ outcome: 'swept', listings: 1 + 4 + PRINTERS.length });
    expect(world.found().sort()).toEqual(['jobFetchable_a_1', 'jobFetchable_j_2']);
    expect(result.failures.map(({ of }) => of).sort()).toEqual([
      ...['d1', 'd2', 'd3', 'd4'].map((id) => `jobStarted_${id}`),
      'taskDefinitions',
    ]);
  });

  it('nor after a 404, which needs a permission', async () => {
    world.refuse(/taskDefinitions/, graphError('notFound'));
    world.refuse(/printers/, graphError('forbidden'));
    expect(await sweep()).toMatchObject({ outcome: 'swept', listings: 1 + PRINTERS.length });
    // It was shown nothing all the same.
    expect(await sweptAt()).toBeUndefined();
  });

  it('is tried by one listing of each kind once reconciliation has flagged it', async () => {
    await flag();
    world.refuse(/./, graphError('forbidden'));
    expect(await sweep()).toMatchObject({ outcome: 'refused', listings: 2 });
    world.clearRefusals();
    world.refuse(/./, graphError('unavailable'));
    expect(await sweep()).toMatchObject({ outcome: 'postponed', listings: 2 });
  });

  it.each([
    ['the definitions', /printers\/b/],
    ['a printer', /taskDefinitions/],
  ])('is swept whole again, flag or not, when %s can be listed', async (_name, refused) => {
    await flag();
    world.refuse(refused, graphError('forbidden'));
    expect(await sweep()).toMatchObject({ outcome: 'swept', listings: 1 + PRINTERS.length });
    expect(world.said()).toHaveLength(1 + PRINTERS.length);
  });

  it('reads no row of the ledger', async () => {
    await world.putRow(job('1', 'a'));
    world.refuse(/./, graphError('forbidden'));
    const get = jest.spyOn(world.ledgerTable, 'get');
    await sweep();
    expect(get).not.toHaveBeenCalled();
  });

  it('and of which nothing is watched has refused nothing', async () => {
    world.watchTable.clear();
    world.refuse(/./, graphError('forbidden'));
    expect(await sweep()).toMatchObject({ outcome: 'swept', listings: 1, failures: [] });
    expect(await sweptAt()).toBeUndefined();
  });

  it.each(['paused', 'removed'] as const)('%s, has refused, which is no news', async (status) => {
    await world.tenants.update(TENANT, (tenant) => ({ ...tenant, status }));
    world.refuse(/./, graphError('forbidden'));
    expect(await sweep()).toMatchObject({ outcome: 'refused', listings: 1, failures: [] });
  });
});

describe('what it tells', () => {
  it('each listing, as it is gone through', async () => {
    await onboard('active', ['jobStarted', 'jobFetchable']);
    world.putDefinition();
    world.putTask('t1');
    world.putPrinter();
    expect((await sweep()).progress).toEqual([
      { tenantId: TENANT, of: `jobStarted_${DEFINITION}`, seen: 1, enqueued: 1 },
      { tenantId: TENANT, of: `jobFetchable_${PRINTER}`, seen: 0, enqueued: 0 },
    ]);
  });

  it('how many of the listed jobs Graph lost, on the row of the tenant, beside the time of the sweep', async () => {
    await onboard('active', ['jobStarted', 'jobFetchable']);
    world.putDefinition();
    world.putDefinition('unwatched');
    for (const id of ['t1', 't2', 'not-listed']) await world.putRow(task(id), { foundBy: 'sweep' });
    await world.putRow(task('in-time'), { foundBy: 'sweep', notifiedAt: '2026-11-22T00:10:00.000Z' });
    world.putTask('t1', { state: 'completed' });
    world.putTask('in-time', { state: 'completed' });
    await world.putRow(job('1'), { foundBy: 'sweep' });
    await world.putRow(job('2'));
    for (const id of ['1', '2']) world.putJob(id, 60);
    await world.putRow({ ...task('t3'), definitionId: 'unwatched' }, { foundBy: 'sweep' });
    world.putTask('t3', { state: 'completed', definition: 'unwatched' });
    const expected = { lostByGraph: 2, sweptAt: '2026-11-22T02:00:00.000Z' };
    expect(await sweep()).toMatchObject({ lostByGraph: 2 });
    expect(await world.tenants.get(TENANT)).toMatchObject({ status: 'active', ...expected });
    // The next one has them in memory.
    const get = jest.spyOn(world.ledgerTable, 'get');
    expect(await sweep()).toMatchObject({ lostByGraph: 2 });
    expect(get).not.toHaveBeenCalled();
  });

  it.each([
    ['lists', () => undefined],
    ['has forgotten since it was seen', () => world.forgetTask('t1')],
  ])('a printer whose trigger was lost: it had a task that Graph %s, its newer job has none', async (_name, forget) => {
    await onboard('active', ['jobStarted', 'jobFetchable']);
    world.putDefinition();
    world.putTask('t1', { state: 'completed', job: '1' });
    world.putJob('1', 60);
    await sweep();
    forget();
    world.putJob('2', 30);
    expect(await sweep()).toMatchObject({ triggersLost: [PRINTER], listings: 3 });
    expect(world.logger.events).toContainEqual({
      level: 'warn',
      event: 'sweep.triggerLost',
      tenantId: TENANT,
      printerId: PRINTER,
    });
  });

  describe('a task whose job is named through a share', () => {
    const shareId = '99999999-9999-9999-9999-999999999999';
    beforeEach(async () => {
      await onboard('active', ['jobStarted', 'jobFetchable']);
      world.putDefinition();
      world.putTask('t1', { job: '1', parent: `shares/${shareId}` });
      world.putTask('t0', { state: 'completed', job: '0' });
      world.putJob('0', 60);
      world.putJob('1', 30);
    });

    it('is queued with its share, and as long as no row knows the printer no trigger counts as lost', async () => {
      expect(await sweep()).toMatchObject({ triggersLost: [] });
      expect(world.jobs.sent.map(({ text }) => JSON.parse(text) as unknown)).toContainEqual({
        event: expect.objectContaining({ kind: 'jobStarted', taskId: 't1', shareId, jobId: '1' }) as unknown,
      });
    });

    it('carries the job of the printer that its row names', async () => {
      await world.putRow(task('t1'), { printerId: PRINTER, jobId: '1' });
      expect(await sweep()).toMatchObject({ triggersLost: [] });
      world.putJob('2', 20);
      expect(await sweep()).toMatchObject({ triggersLost: [PRINTER] });
    });
  });

  it('no trigger of a pull print printer, which has none (resources/pullprintprinter.md)', async () => {
    await onboard('active', ['jobStarted']);
    world.putDefinition();
    world.putTask('t1', { state: 'completed', job: '1', parent: `pullPrintPrinters/${OTHER_PRINTER}` });
    await world.putRow(task('t2'), { printerId: `pullprint.${OTHER_PRINTER}`, jobId: '2' });
    expect(await sweep()).toMatchObject({ triggersLost: [] });
    expect(world.said().filter((path) => path.includes(OTHER_PRINTER))).toEqual([]);
  });

  it('nothing of a printer whose newest job had a task that Graph has forgotten', async () => {
    await onboard('active', ['jobStarted', 'jobFetchable']);
    world.putDefinition();
    world.putTask('t1', { state: 'completed', job: '1' });
    world.putJob('1', 60);
    await sweep();
    world.forgetTask('t1');
    expect(await sweep()).toMatchObject({ triggersLost: [] });
  });

  it('that of an unwatched printer too, for one listing more when all are asked for', async () => {
    await onboard('active', ['jobStarted']);
    world.putDefinition();
    world.putTask('t1', { state: 'completed', job: '1', printer: OTHER_PRINTER });
    world.putJob('2', 30, {}, OTHER_PRINTER);
    expect(await sweep()).toMatchObject({ triggersLost: [OTHER_PRINTER], listings: 3, enqueued: 0 });
  });

  it('that of such a printer once a day otherwise, as its history is long', async () => {
    await onboard('active', ['jobStarted']);
    world.putDefinition();
    world.putTask('t1', { state: 'completed', job: '1', printer: OTHER_PRINTER });
    const found: string[] = [];
    for (let run = 0; run < 144; run += 1) {
      if (run % 72 === 0) world.putJob(`new-${run}`, 30, {}, OTHER_PRINTER);
      found.push(...(await sweep(world.deps, { everyTrigger: false })).triggersLost);
      world.clock.advance(10 * MINUTE);
    }
    expect(found).toEqual([OTHER_PRINTER]);
    expect(world.said().filter((path) => path.includes(OTHER_PRINTER))).toHaveLength(1);
  });

  it('nothing more of such printers once one of them was forbidden', async () => {
    await onboard('active', ['jobStarted']);
    world.putDefinition();
    for (const printer of ['a', 'b', 'c', 'd', 'e', 'f']) {
      world.putTask(`t-${printer}`, { state: 'completed', job: '1', printer });
    }
    world.refuse(/printers/, graphError('forbidden'));
    expect(await sweep()).toMatchObject({ outcome: 'swept', listings: 3, failures: [] });
  });

  it('nothing of triggers where it may not look, could not, or never saw one', async () => {
    await onboard('active', ['jobStarted', 'jobFetchable']);
    world.putDefinition();
    world.putTask('t1', { state: 'completed', job: '1', printer: OTHER_PRINTER });
    world.putJob('2', 30);
    world.refuse(new RegExp(OTHER_PRINTER), graphError('forbidden'));
    expect(await sweep()).toMatchObject({ outcome: 'swept', triggersLost: [], failures: [] });
    world.putTask('t2', { state: 'completed', job: '1' });
    world.refuse(/tasks$/, graphError('unavailable'), 1);
    expect(await sweep()).toMatchObject({ triggersLost: [] });
    world.refuse(new RegExp(`${PRINTER}/jobs`), graphError('unavailable'), 1);
    expect(await sweep()).toMatchObject({ triggersLost: [] });
    expect(await sweep()).toMatchObject({ triggersLost: [PRINTER] });
  });

  it('nothing of a printer that showed no task of ours for a week', async () => {
    await onboard('active', ['jobStarted', 'jobFetchable']);
    world.putDefinition();
    world.putTask('t1', { state: 'completed', job: '1' });
    await sweep();
    world.forgetTask('t1');
    world.clock.advance(7 * 24 * 60 * MINUTE + 1);
    world.putJob('2', 30);
    expect(await sweep()).toMatchObject({ triggersLost: [] });
  });
});
