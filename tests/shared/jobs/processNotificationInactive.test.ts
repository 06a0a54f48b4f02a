import { ReceiverError } from '../../../shared/errors';
import { graphError } from '../../support/createFakeGraph';
import {
  createJobWorker,
  DEFINITION,
  FETCHABLE,
  messageOf,
  OTHER_TENANT,
  PRINTER,
  STARTED,
  TASK,
  TENANT,
  type JobWorker,
} from '../../support/createJobWorker';
import { thrower } from '../../support/createPrintWorld';

const ELSEWHERE = '77777777-7777-7777-7777-777777777777';
let worker: JobWorker;
beforeEach(async () => {
  worker = await createJobWorker();
  await worker.putTenant({ tenantId: OTHER_TENANT, status: 'paused' });
  await worker.putTenant({ tenantId: 'removed-tenant', status: 'removed' });
  for (const tenantId of [OTHER_TENANT, 'removed-tenant']) {
    await worker.putWatch({ tenantId });
    await worker.putWatch({ tenantId, kind: 'jobFetchable', id: PRINTER });
  }
  await worker.putWatch({ id: 'unwanted', wanted: false });
  await worker.putWatch({ kind: 'jobFetchable', id: 'unwanted', wanted: false });
});

const INACTIVE = [
  ['unknownTenant', { tenantId: ELSEWHERE }],
  ['pausedTenant', { tenantId: OTHER_TENANT }],
  ['removedTenant', { tenantId: 'removed-tenant' }],
  ['unknownWatch', { definitionId: ELSEWHERE, printerId: ELSEWHERE }],
  ['removedWatch', { definitionId: 'unwanted', printerId: 'unwanted' }],
] as const;

const ENDED = INACTIVE.filter(([reason]) => reason !== 'unknownTenant');

test.each(ENDED)('%s: an open task is ended without an event', async (reason, names) => {
  worker.world.putTask(TASK);
  const reference = { ...STARTED, ...names };
  // The sweep found the task at Graph: no clientState, so no generation.
  await expect(worker.process(messageOf(reference, { foundBy: 'sweep', generation: undefined }))).resolves.toBe(
    'releasedWithoutEvent',
  );
  expect(worker.world.tasks.get(TASK)?.state).toBe('completed');
  expect(worker.events()).toEqual([]);
  expect(await worker.row(reference)).toMatchObject({ status: 'done', event: 'none', cause: reason });
});

test.each([
  ['unknownTenant', { tenantId: ELSEWHERE }, undefined],
  ['unknownTenant', { tenantId: ELSEWHERE }, 0],
  ['unknownWatch', { definitionId: ELSEWHERE }, 0],
  ['unknownWatch', { tenantId: OTHER_TENANT, definitionId: ELSEWHERE }, 0],
  ['unknownWatch', { tenantId: 'removed-tenant', definitionId: ELSEWHERE }, 0],
])('%s, %j, generation %p: nothing is asked of Graph, because it may be forged', async (reason, names, generation) => {
  worker.world.putTask(TASK);
  const reference = { ...STARTED, ...names };
  await expect(worker.process(messageOf(reference, { generation }))).resolves.toBe('dropped');
  expect(worker.world.calls).toEqual([]);
  expect(await worker.row(reference)).toBeUndefined();
  expect(worker.logger.events).toMatchObject([{ level: 'warn', event: 'job.dropped', reason }]);
});

test.each(INACTIVE)('%s: a fetchable job is dropped and counted, with no call to Graph', async (reason, names) => {
  const { tenantId, printerId } = { ...FETCHABLE, ...names };
  const reference = { ...FETCHABLE, tenantId, printerId };
  await expect(worker.process(messageOf(reference))).resolves.toBe('dropped');
  expect(worker.world.calls).toEqual([]);
  expect(await worker.row(reference)).toBeUndefined();
  expect(worker.logger.events).toMatchObject([{ level: 'warn', event: 'job.dropped', reason }]);
});

test('a task of an unwatched definition whose job is readable is released as well', async () => {
  worker.printStarted();
  const reference = { ...STARTED, definitionId: ELSEWHERE };
  await expect(worker.process(messageOf(reference, { generation: undefined }))).resolves.toBe('releasedWithoutEvent');
  expect(worker.world.tasks.get(TASK)?.state).toBe('completed');
  expect(worker.events()).toEqual([]);
});

test('a tenant without a token: poison, with the reason logged and the row failed', async () => {
  const refused = new ReceiverError('tokenRefused', 'no token');
  worker.world.always('GET', /./, thrower(refused));
  const reference = { ...STARTED, tenantId: OTHER_TENANT };
  const message = messageOf(reference);
  await expect(worker.process(message)).resolves.toBe('poisoned');
  expect(worker.queues.poison.sent.map(({ text }) => JSON.parse(text) as unknown)).toEqual([message]);
  expect(await worker.row(reference)).toMatchObject({ status: 'failed', cause: 'tokenRefused' });
  expect(worker.logger.events.at(-1)).toMatchObject({
    level: 'error',
    event: 'job.poisoned',
    reason: 'pausedTenant',
    tenantId: OTHER_TENANT,
    jobId: STARTED.jobId,
    code: 'tokenRefused',
  });
});

test('an inactive tenant whose Graph is unavailable is retried later', async () => {
  worker.world.next('GET', /./, thrower(graphError('unavailable')));
  await expect(worker.process(messageOf({ ...STARTED, tenantId: OTHER_TENANT }))).resolves.toBe('deferred');
  expect(worker.queues.poison.sent).toEqual([]);
});

test('a defect while an inactive task is ended is thrown, not hidden in poison', async () => {
  worker.world.next('GET', /./, thrower(new TypeError('a defect')));
  await expect(worker.process(messageOf({ ...STARTED, tenantId: OTHER_TENANT }))).rejects.toThrow('a defect');
});

test.each([
  ['JobStarted', STARTED],
  ['JobFetchable', FETCHABLE],
] as const)('%s of a replaced subscription is dropped without any call to Graph', async (_name, reference) => {
  await worker.putTenant({ tenantId: 'fresh' });
  await worker.putWatch({ tenantId: 'fresh', generation: 2 });
  await worker.putWatch({ tenantId: 'fresh', kind: 'jobFetchable', id: PRINTER, generation: 2 });
  const fresh = { ...reference, tenantId: 'fresh' };
  await expect(worker.process(messageOf(fresh, { generation: 1 }))).resolves.toBe('dropped');
  expect(worker.world.calls).toEqual([]);
  expect(worker.logger.events).toMatchObject([{ event: 'job.dropped', reason: 'staleGeneration' }]);
  // The next one is of the subscription that serves the watch now.
  worker.printStarted();
  worker.world.putJob(PRINTER, STARTED.jobId, { isFetchable: true }, [TASK]);
  await expect(worker.process(messageOf(fresh, { generation: 2 }))).resolves.toBe('done');
});

describe('the cache', () => {
  test('an active tenant for 60 seconds, and no watch, so that a revocation applies at once', async () => {
    const reads = { tenants: 0, watches: 0 };
    const { createReadAccess } = await import('../../../shared/jobs/access');
    const readAccess = createReadAccess({
      tenants: { get: (id) => ((reads.tenants += 1), worker.tenants.get(id)) },
      watches: { getRecord: (key) => ((reads.watches += 1), worker.watches.getRecord(key)) },
      clock: worker.clock,
    });
    const key = { tenantId: TENANT, kind: 'jobStarted', id: DEFINITION } as const;
    await readAccess(key, 0);
    worker.clock.advance(60_000);
    await expect(readAccess(key, undefined)).resolves.toMatchObject({ active: true });
    expect(reads).toEqual({ tenants: 1, watches: 2 });
    await worker.watches.update(key, (watch) => ({ ...watch, generation: 1 }));
    await expect(readAccess(key, 0)).resolves.toEqual({
      active: false,
      reason: 'staleGeneration',
      onFailure: 'release',
      personalDataDays: 30,
    });
    worker.clock.advance(1);
    await readAccess(key, 1);
    expect(reads).toEqual({ tenants: 2, watches: 4 });
  });

  test('an unknown tenant or watch never: it is active as soon as it is added', async () => {
    const { readAccess } = worker.startProcess();
    const tenantId = ELSEWHERE;
    const key = { tenantId, kind: 'jobFetchable', id: PRINTER } as const;
    await expect(readAccess(key, 0)).resolves.toEqual({
      active: false,
      reason: 'unknownTenant',
      onFailure: 'release',
      personalDataDays: 0,
    });
    await worker.putTenant({ tenantId });
    await expect(readAccess(key, 0)).resolves.toEqual({
      active: false,
      reason: 'unknownWatch',
      onFailure: 'release',
      personalDataDays: 30,
    });
    await worker.putWatch(key);
    await expect(readAccess(key, 0)).resolves.toMatchObject({ active: true, watch: key });
  });

  test('at most 5,000 tenants, so that memory is bounded', async () => {
    let reads = 0;
    const { createReadAccess } = await import('../../../shared/jobs/access');
    const readAccess = createReadAccess({
      tenants: { get: () => ((reads += 1), worker.tenants.get(TENANT)) },
      watches: { getRecord: () => worker.watches.getRecord({ tenantId: TENANT, kind: 'jobStarted', id: DEFINITION }) },
      clock: worker.clock,
    });
    const of = (tenantId: string) => readAccess({ tenantId, kind: 'jobStarted', id: DEFINITION }, 0);
    for (let id = 0; id <= 5_000; id += 1) await of(`t${id}`);
    await of('t0');
    expect(reads).toBe(5_002);
    await of('t5000');
    expect(reads).toBe(5_002);
  });
});

describe('malformed messages', () => {
  test.each([
    ['text that is no JSON', 'garbage {'],
    ['a number', 123],
    ['null', null],
    ['an empty object', {}],
    ['an event of a version to come', { event: { v: 99, kind: 'jobStarted', tenantId: TENANT } }],
    ['an event without a tenant', { event: { v: 1, kind: 'jobFetchable', printerId: 'p', jobId: '1' } }],
    [
      'ids that could leave their path',
      { event: { v: 1, kind: 'jobFetchable', tenantId: TENANT, printerId: '../x', jobId: '1' } },
    ],
    ['a kind of its own', { event: { v: 1, kind: 'other', tenantId: TENANT } }],
  ])('%s goes to poison with the same content and is never thrown', async (_name, input) => {
    await expect(worker.process(input)).resolves.toBe('poisoned');
    expect(worker.queues.poison.sent).toHaveLength(1);
    const text = worker.queues.poison.sent[0]?.text ?? '';
    expect(typeof input === 'string' ? text : (JSON.parse(text) as unknown)).toEqual(input);
    expect(worker.logger.events).toMatchObject([{ event: 'job.poisoned', reason: 'malformed' }]);
    expect(JSON.stringify(worker.logger.events)).not.toContain('garbage');
    expect(worker.world.calls).toEqual([]);
  });

  test.each([
    [
      { kind: 'jobFetchable', tenantId: TENANT, printerId: '../x', jobId: '1' },
      { tenantId: TENANT, jobId: '1' },
    ],
    [{ kind: 'jobFetchable', tenantId: 'a/b', printerId: 'p', jobId: '1' }, { jobId: '1' }],
  ])('the log of a malformed message names what it names in the known form: %j', async (event, named) => {
    await worker.process({ event: { v: 1, ...event } });
    expect(worker.logger.events).toEqual([
      { level: 'error', event: 'job.poisoned', ...named, reason: 'malformed', detail: expect.any(String) as string },
    ]);
  });

  test('an authentic notification of an unknown resource: poison, its masked shape logged', async () => {
    const input = {
      event: { v: 1, kind: 'unknown', tenantId: TENANT, shape: 'print/new/{id}', deferrals: 0 },
    };
    await expect(worker.process(input)).resolves.toBe('poisoned');
    expect(JSON.parse(worker.queues.poison.sent[0]?.text ?? '')).toEqual(input);
    expect(worker.logger.events).toMatchObject([
      { event: 'job.poisoned', reason: 'unknownResource', tenantId: TENANT, shape: 'print/new/{id}' },
    ]);
  });

  test('the previous version is accepted: a deployment loses nothing in flight', async () => {
    worker.printFetchable();
    const { event } = messageOf(FETCHABLE) as { event: object };
    await expect(worker.process({ event: { ...event, v: 0 } })).resolves.toBe('done');
  });
});
