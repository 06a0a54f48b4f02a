import { ReceiverError } from '../../../shared/errors';
import { ledgerKey } from '../../../shared/jobs/message';
import { readHeldJob, storeWish, type Wish } from '../../../shared/jobs/wishes';
import { graphError } from '../../support/createFakeGraph';
import {
  createJobWorker,
  DEFINITION,
  JOB,
  JOB_PATH,
  messageOf,
  PRINTER,
  START,
  STARTED,
  TASK,
  TASK_PATH,
  TENANT,
  type JobWorker,
} from '../../support/createJobWorker';
import { thrower } from '../../support/createPrintWorld';

const TARGET = '66666666-6666-6666-6666-666666666666';
const HOUR = 60 * 60_000;
const KEY = ledgerKey(STARTED);
const USER = { id: 'AAAAAAAA-0000-0000-0000-000000000001', userPrincipalName: 'Ada@Contoso.com' };

let worker: JobWorker;
beforeEach(async () => {
  worker = await createJobWorker();
  worker.world.putTask(TASK, { parentUrl: `https://graph.microsoft.com/v1.0${JOB_PATH}` });
  worker.world.putJob(PRINTER, JOB, { createdBy: USER }, [TASK]);
  worker.world.printers.add(TARGET);
});

/** Holds the job for four hours, then `end`. */
async function hold(end: 'release' | 'abort' = 'release', configure?: object): Promise<void> {
  const then = { hold: { for: '4h', else: end }, ...(configure ? { configure } : {}) };
  worker.useDocument([{ name: 'pull printing', on: 'jobStarted', then }]);
  expect(await worker.process(messageOf(STARTED))).toBe('held');
}

const wish = (fields: Partial<Wish> = {}) =>
  storeWish(
    { ledger: worker.ledger, jobs: worker.queues.jobs, clock: worker.clock, randomBytes: (size) => Buffer.alloc(size) },
    KEY,
    { action: 'release', by: 'backend', at: START, ...fields },
  );

const keysIn = async () => {
  const keys: string[] = [];
  for await (const { cells } of worker.ledgerTable.list(TENANT)) keys.push(String(cells['rowKey']));
  return keys;
};

const heldFor = async (user: string) => {
  const keys: string[] = [];
  for await (const { key } of worker.ledger.listHeld(TENANT, { user })) keys.push(key.rowKey);
  return keys;
};

describe('the index of held jobs', () => {
  test('finds a job by the id and by the principal name of its user, in any case, and no key shows a name', async () => {
    await hold();
    expect(await heldFor(USER.id.toLowerCase())).toEqual([KEY.rowKey]);
    expect(await heldFor('ADA@contoso.com')).toEqual([KEY.rowKey]);
    expect(await heldFor('grace@contoso.com')).toEqual([]);
    expect((await keysIn()).join().toLowerCase()).not.toMatch(/ada|aaaaaaaa/);
    expect(await keysIn()).toContain(`due_2026-11-22T04:00:00.000Z_${KEY.rowKey}`);
  });

  test('ends with the job', async () => {
    await hold();
    await wish();
    expect(await worker.process(worker.lastDeferred())).toBe('done');
    // The index of its day stays with the row (docs/decisions/0026).
    expect(await keysIn()).toEqual([`day_2026-11-22_${KEY.rowKey}`, KEY.rowKey]);
  });

  test('stays while the end of the job fails, so that the job is not forgotten', async () => {
    await hold();
    await wish();
    worker.world.always('PATCH', /taskDefinitions/, thrower(graphError('unavailable')));
    expect(await worker.process(worker.lastDeferred())).toBe('deferred');
    expect(await heldFor(USER.id)).toEqual([KEY.rowKey]);
  });
});

describe('the end of a hold', () => {
  test('before its time another message of Graph changes nothing and calls nothing', async () => {
    await hold();
    const calls = worker.world.calls.length;
    expect(await worker.process(messageOf(STARTED))).toBe('duplicate');
    expect(worker.world.calls).toHaveLength(calls);
  });

  it.each([
    ['release', 'completed'],
    ['abort', 'completed'],
  ] as const)('in time: else %s, and the second event says deadline', async (end, state) => {
    await hold(end, { copies: 1 });
    worker.clock.advance(4 * HOUR);
    expect(await worker.process(messageOf(STARTED, { foundBy: 'sweep', generation: undefined }))).toBe('done');
    expect(worker.world.tasks.get(TASK)).toMatchObject({ state });
    expect(worker.world.said().includes(`POST ${JOB_PATH}/abort`)).toBe(end === 'abort');
    expect(worker.world.said().includes(`PATCH ${JOB_PATH}`)).toBe(end === 'release');
    expect(worker.events()).toMatchObject([
      { id: `${TENANT}/jobStarted_${DEFINITION}_${TASK}`, type: 'print.job.started', data: { outcome: 'held' } },
      {
        id: `${TENANT}/jobStarted_${DEFINITION}_${TASK}/end`,
        type: 'print.job.ended',
        data: { outcome: 'deadline', rule: 'pull printing' },
      },
    ]);
  });

  it.each([
    ['the user canceled the job and its task ended', () => worker.world.putTask(TASK, { state: 'completed' })],
    [
      'the user canceled the job, and its task is open',
      () => worker.world.putJob(PRINTER, JOB, { status: { state: 'canceled' } }, [TASK]),
    ],
  ])('%s: the second event says ended', async (_why, end) => {
    await hold();
    end();
    if (_why.endsWith('open')) worker.clock.advance(4 * HOUR);
    expect(await worker.process(messageOf(STARTED, { foundBy: 'sweep', generation: undefined }))).toBe('done');
    expect(worker.events()[1]).toMatchObject({ type: 'print.job.ended', data: { outcome: 'ended' } });
  });

  test('the user canceled the job, and the answer to the end of its task was lost: the next run says ended too', async () => {
    await hold();
    await wish();
    worker.world.putJob(PRINTER, JOB, { status: { state: 'canceled' } }, [TASK]);
    worker.world.next('PATCH', /taskDefinitions/, () => {
      worker.world.putTask(TASK, { state: 'completed' });
      throw graphError('unavailable');
    });
    expect(await worker.process(worker.lastDeferred())).toBe('deferred');
    expect(await worker.process(worker.lastDeferred())).toBe('done');
    expect(worker.events()[1]).toMatchObject({ type: 'print.job.ended', data: { outcome: 'ended' } });
  });

  it.each([
    ['release', 'completed'],
    ['abort', 'aborted'],
  ] as const)(
    'an administrator deleted the job, and its task is open: ten minutes after its time it has ended, else %s',
    async (otherwise, state) => {
      await hold(otherwise);
      worker.world.jobs.clear();
      worker.clock.advance(4 * HOUR);
      expect(await worker.process(messageOf(STARTED, { foundBy: 'sweep', generation: undefined }))).toBe('deferred');
      worker.clock.advance(10 * 60_000);
      expect(await worker.process(worker.lastDeferred())).toBe('done');
      expect(worker.world.tasks.get(TASK)).toMatchObject({ state });
      expect(worker.events()[1]).toMatchObject({ type: 'print.job.ended', data: { outcome: 'ended' } });
      expect(worker.events()[1]).not.toHaveProperty(['data', 'refused']);
    },
  );

  test('an administrator deleted the job: its wish ends after ten minutes of 404, and not at the end of the hold', async () => {
    await hold();
    worker.world.jobs.clear();
    await wish();
    expect(await worker.process(worker.lastDeferred())).toBe('deferred');
    worker.clock.advance(10 * 60_000);
    expect(await worker.process(worker.lastDeferred())).toBe('done');
    expect(worker.events()[1]).toMatchObject({ type: 'print.job.ended', data: { outcome: 'ended' } });
  });

  test('an administrator deleted the job, and its task: after ten minutes of 404 it has ended', async () => {
    await hold();
    worker.world.jobs.clear();
    worker.world.tasks.clear();
    expect(await worker.process(messageOf(STARTED, { foundBy: 'sweep', generation: undefined }))).toBe('deferred');
    worker.clock.advance(10 * 60_000);
    expect(await worker.process(worker.lastDeferred())).toBe('done');
    expect(worker.events()[1]).toMatchObject({ type: 'print.job.ended', data: { outcome: 'ended' } });
  });

  test('a look of the sweep at a job whose task is open leaves it held', async () => {
    await hold();
    expect(await worker.process(messageOf(STARTED, { foundBy: 'sweep', generation: undefined }))).toBe('held');
    expect(await worker.row()).toMatchObject({ status: 'held', heldUntil: '2026-11-22T04:00:00.000Z' });
    expect(worker.events()).toHaveLength(1);
  });
});

describe('a held job that cannot be read', () => {
  const unreadable = (answer: 'notFound' | 'unavailable') =>
    worker.world.always('GET', /jobs/, thrower(graphError(answer)));

  test('stays held while its time is not up', async () => {
    await hold('abort');
    unreadable('notFound');
    expect(await worker.process(messageOf(STARTED, { foundBy: 'sweep', generation: undefined }))).toBe('held');
    expect(worker.world.tasks.get(TASK)).toMatchObject({ state: 'processing' });
  });

  test('ends as its hold says once its time and the time of a task are over, not by the choice for failures', async () => {
    await hold('abort');
    unreadable('unavailable');
    worker.clock.advance(4 * HOUR);
    expect(await worker.process(messageOf(STARTED, { foundBy: 'sweep', generation: undefined }))).toBe('deferred');
    worker.clock.advance(15 * 60_000);
    expect(await worker.process(worker.lastDeferred())).toBe('done');
    expect(worker.world.said()).toContain(`POST ${JOB_PATH}/abort`);
    expect(worker.events()[1]).toMatchObject({ type: 'print.job.ended', data: { outcome: 'deadline' } });
  });
});

describe('a wish', () => {
  test.each([
    ['release', {}, 'released', `PATCH ${TASK_PATH}`],
    ['redirect', { printerId: TARGET }, 'redirected', `POST ${JOB_PATH}/redirect`],
    ['abort', { reason: 'lost badge' }, 'aborted', `POST ${JOB_PATH}/abort`],
  ] as const)('%s is carried out, and the second event says who wanted it', async (action, fields, outcome, call) => {
    await hold();
    expect(await wish({ action, ...fields })).toMatchObject({ outcome: 'accepted', job: { wish: { action } } });
    expect(await worker.process(worker.lastDeferred())).toBe('done');
    expect(worker.world.said()).toContain(call);
    expect(worker.events()[1]).toMatchObject({
      type: 'print.job.ended',
      data: { outcome, by: 'backend', rule: 'pull printing' },
    });
  });

  test('its configure is merged with that of the rule, and wins; it is sent once, at the end', async () => {
    await hold('release', { copies: 1, colorMode: 'grayscale' });
    await wish({ action: 'redirect', printerId: TARGET, configure: { copies: 3 } });
    await worker.process(worker.lastDeferred());
    expect(worker.world.calls.filter(({ method }) => method !== 'GET').map(({ body }) => body)).toEqual([
      { destinationPrinterId: TARGET, configuration: { copies: 3, colorMode: 'grayscale' } },
    ]);
  });

  test('the same wish again is accepted, another one is a conflict, and both leave the first', async () => {
    await hold();
    await wish({ configure: { copies: 1, colorMode: 'color' } });
    expect(await wish({ configure: { colorMode: 'color', copies: 1 }, by: 'another' })).toMatchObject({
      outcome: 'accepted',
    });
    expect(await wish({ action: 'abort' })).toMatchObject({ outcome: 'conflict', stored: { action: 'release' } });
    expect(await readHeldJob(worker.ledger, KEY)).toMatchObject({ wish: { action: 'release', by: 'backend' } });
  });

  test('after the end the state is the answer, and an unknown job is unknown', async () => {
    expect(await wish()).toEqual({ outcome: 'unknown' });
    await hold();
    await wish();
    await worker.process(worker.lastDeferred());
    expect(await wish()).toMatchObject({ outcome: 'notHeld', job: { status: 'done', outcome: 'released' } });
  });

  test('that Graph refuses leaves the job held with the words, and another wish may follow', async () => {
    await hold();
    await wish({ action: 'redirect', printerId: '77777777-7777-7777-7777-777777777777' });
    expect(await worker.process(worker.lastDeferred())).toBe('held');
    expect(await readHeldJob(worker.ledger, KEY)).toMatchObject({
      status: 'held',
      lastRefusal: 'Graph said notFound. Check the id.',
    });
    expect(await readHeldJob(worker.ledger, KEY)).not.toHaveProperty('wish');
    expect(worker.events()).toHaveLength(1);
    await wish();
    expect(await worker.process(worker.lastDeferred())).toBe('done');
    expect(worker.events()[1]).toMatchObject({ data: { outcome: 'released' } });
  });

  test('that is stored while a run looks at the job is not lost', async () => {
    await hold();
    let stored: Promise<unknown> = Promise.resolve();
    const { callGraph } = worker.deps;
    const process = worker.startProcess({
      callGraph: async (call) => {
        stored = stored.then(() => wish());
        await stored;
        return callGraph(call);
      },
    });
    expect(await worker.process(messageOf(STARTED, { foundBy: 'sweep', generation: undefined }), process)).toBe('held');
    expect(await readHeldJob(worker.ledger, KEY)).toMatchObject({ status: 'held', wish: { action: 'release' } });
    expect(await worker.process(worker.lastDeferred())).toBe('done');
  });

  test('of a job on a paused customer is carried out without an event', async () => {
    await hold();
    await worker.tenants.update(TENANT, (tenant) => ({ ...tenant, status: 'paused' }));
    worker.clock.advance(61_000);
    await wish({ action: 'abort' });
    expect(await worker.process(worker.lastDeferred())).toBe('releasedWithoutEvent');
    expect(worker.world.said()).toContain(`POST ${JOB_PATH}/abort`);
  });
});

test('a run that dies after it sent the first event sends the same event again, with the same end of the hold', async () => {
  const { queues } = worker;
  const dying = { ...queues.events, send: () => new Promise<never>(() => undefined) };
  const then = { hold: { for: '4h', else: 'release' } };
  worker.useDocument([{ name: 'pull printing', on: 'jobStarted', then }]);
  void worker.process(messageOf(STARTED), worker.startProcess({ queues: { ...queues, events: dying } }));
  for (let turns = 0; turns < 100; turns += 1) await Promise.resolve();
  expect(await worker.row()).toMatchObject({ status: 'claimed', decision: 'hold' });
  worker.clock.advance(2 * 60_000);
  expect(await worker.process(messageOf(STARTED))).toBe('held');
  expect(worker.events()).toMatchObject([{ data: { outcome: 'held' } }]);
  expect(await worker.row()).toMatchObject({ heldUntil: '2026-11-22T04:00:00.000Z' });
});

describe('a held job whose first event the queue refuses', () => {
  const refusing = () => {
    const send = () => Promise.reject(new ReceiverError('queueUnavailable', 'Queue storage answered 403'));
    return worker.startProcess({ queues: { ...worker.queues, events: { send } } });
  };
  /** The same, while a run has not been able to send. */
  const holdUnreported = async (minutes = 10) => {
    const then = { hold: { for: `${minutes}m`, else: 'release' } };
    worker.useDocument([{ name: 'pull printing', on: 'jobStarted', then }]);
    expect(await worker.process(messageOf(STARTED), refusing())).toBe('deferred');
  };
  const ID = `${TENANT}/jobStarted_${DEFINITION}_${TASK}`;

  test('is released at the end of its hold, and both events follow in order once the queue accepts them', async () => {
    await holdUnreported();
    for (let minutes = 0; minutes < 30; minutes += 5) {
      worker.clock.advance(5 * 60_000);
      expect(await worker.process(worker.lastDeferred(), refusing())).toBe('deferred');
    }
    expect(worker.world.tasks.get(TASK)).toMatchObject({ state: 'completed' });
    expect(worker.world.patches()).toBe(1);
    expect(worker.events()).toEqual([]);
    expect(await worker.process(worker.lastDeferred())).toBe('done');
    expect(worker.events()).toMatchObject([
      { id: ID, type: 'print.job.started', data: { outcome: 'held', job: { id: JOB } } },
      { id: `${ID}/end`, type: 'print.job.ended', data: { outcome: 'deadline' } },
    ]);
    expect(await worker.row()).toMatchObject({ status: 'done', event: 'sent', outcome: 'deadline' });
    expect(await worker.row()).not.toHaveProperty('heldEventText');
    expect(worker.world.patches()).toBe(1);
  });

  test('its message returns no later than its hold ends', async () => {
    await holdUnreported();
    worker.clock.advance(9 * 60_000 + 50_000);
    expect(await worker.process(worker.lastDeferred(), refusing())).toBe('deferred');
    expect(worker.queues.jobs.sent.at(-1)).toMatchObject({ delaySeconds: 10 });
  });

  test('is listed as held, and its wish is carried out before the queue accepts an event', async () => {
    await holdUnreported(240);
    expect(await heldFor(USER.id)).toEqual([KEY.rowKey]);
    expect(await keysIn()).toContain(`due_2026-11-22T04:00:00.000Z_${KEY.rowKey}`);
    expect(await wish()).toMatchObject({ outcome: 'accepted' });
    expect(await worker.process(worker.lastDeferred(), refusing())).toBe('deferred');
    expect(worker.world.tasks.get(TASK)).toMatchObject({ state: 'completed' });
    expect(await worker.process(worker.lastDeferred())).toBe('done');
    expect(worker.events()).toMatchObject([
      { id: ID, data: { outcome: 'held' } },
      { id: `${ID}/end`, data: { outcome: 'released', by: 'backend' } },
    ]);
  });

  test('stays held once its event is sent, and nothing is asked of Graph for that', async () => {
    await holdUnreported(240);
    const first = worker.logger.events.filter(({ event }) => event === 'job.eventPending');
    expect(first).toHaveLength(1);
    const calls = worker.world.calls.length;
    worker.clock.advance(60_000);
    expect(await worker.process(worker.lastDeferred())).toBe('held');
    expect(worker.world.calls).toHaveLength(calls);
    expect(worker.events()).toMatchObject([{ id: ID, data: { outcome: 'held' } }]);
    expect(await worker.row()).toMatchObject({ status: 'held', heldUntil: '2026-11-22T04:00:00.000Z' });
    expect(await readHeldJob(worker.ledger, KEY)).not.toHaveProperty('lastRefusal');
  });

  test('a wish that Graph refuses is over, and the first event still follows', async () => {
    await holdUnreported(240);
    await wish({ action: 'redirect', printerId: '77777777-7777-7777-7777-777777777777' });
    expect(await worker.process(worker.lastDeferred(), refusing())).toBe('deferred');
    expect(await readHeldJob(worker.ledger, KEY)).not.toHaveProperty('wish');
    expect(await worker.process(worker.lastDeferred())).toBe('held');
    expect(worker.events()).toMatchObject([{ id: ID, data: { outcome: 'held' } }]);
  });

  test('a job too large for a cell is reported in a shorter event', async () => {
    const errorText = 'x'.repeat(20_000);
    worker.world.putJob(PRINTER, JOB, { createdBy: USER, displayName: errorText, errorCode: errorText }, [TASK]);
    await holdUnreported(240);
    expect(await worker.process(worker.lastDeferred())).toBe('held');
    expect(worker.events()).toMatchObject([{ id: ID, data: { job: { id: JOB, createdBy: USER } } }]);
    expect(worker.events()[0]).toHaveProperty('data.truncated');
  });

  test('a row of version 0.1.0, which kept such a job in its first phase, ends in time too', async () => {
    await holdUnreported();
    const stored = await worker.ledger.get(KEY);
    if (!stored) throw new Error('No row');
    const { heldEventText = '', ...row } = stored.value;
    const old = { ...row, phase: 'start', event: 'pending', eventText: heldEventText, decision: 'hold' } as const;
    await worker.ledger.replace(STARTED, { ...old, decidedBy: 'rules' }, stored);
    worker.clock.advance(10 * 60_000);
    for (let round = 0; round < 2; round += 1) {
      expect(await worker.process(worker.lastDeferred(), refusing())).toBe('deferred');
    }
    expect(worker.world.tasks.get(TASK)).toMatchObject({ state: 'completed' });
    expect(await worker.process(worker.lastDeferred())).toBe('done');
    expect(worker.events()).toMatchObject([{ id: ID, data: { outcome: 'held' } }, { id: `${ID}/end` }]);
  });

  test('whose customer is paused ends without an event at the end of its hold', async () => {
    await holdUnreported();
    await worker.tenants.update(TENANT, (tenant) => ({ ...tenant, status: 'paused' }));
    worker.clock.advance(10 * 60_000);
    expect(await worker.process(worker.lastDeferred())).toBe('releasedWithoutEvent');
    expect(worker.world.tasks.get(TASK)).toMatchObject({ state: 'completed' });
    expect(worker.events()).toEqual([]);
  });
});

test('a hold that a run decided before it died does not begin for a customer who is paused since: the task ends', async () => {
  let isSending = false;
  const send = () => {
    isSending = true;
    return new Promise<never>(() => undefined);
  };
  worker.useDocument([{ name: 'pull printing', on: 'jobStarted', then: { hold: { for: '4h', else: 'release' } } }]);
  void worker.process(messageOf(STARTED), worker.startProcess({ queues: { ...worker.queues, events: { send } } }));
  while (!isSending) await Promise.resolve();
  expect(await worker.row()).toMatchObject({ status: 'claimed', decision: 'hold' });
  await worker.tenants.update(TENANT, (tenant) => ({ ...tenant, status: 'paused' }));
  worker.clock.advance(2 * 60_000);
  expect(await worker.process(messageOf(STARTED))).toBe('releasedWithoutEvent');
  expect(worker.world.tasks.get(TASK)).toMatchObject({ state: 'completed' });
});

test('a held job whose documents are archived and that Graph shows no more sends no event of an end while it waits', async () => {
  await hold();
  const held = await worker.ledger.get(KEY);
  if (!held) throw new Error('No row');
  await worker.ledger.replace(STARTED, { ...held.value, archive: 'stored' }, held);
  worker.world.jobs.clear();
  await wish();
  expect(await worker.process(worker.lastDeferred())).toBe('deferred');
  expect(worker.events()).toHaveLength(1);
});
