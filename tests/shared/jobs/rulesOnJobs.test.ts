import { GraphError } from '../../../shared/graph/errors';
import { ReceiverError } from '../../../shared/errors';
import { graphError } from '../../support/createFakeGraph';
import {
  createJobWorker,
  FETCHABLE,
  JOB,
  JOB_PATH,
  messageOf,
  PRINTER,
  DEFINITION,
  STARTED,
  TASK,
  TASK_PATH,
  TENANT,
  type JobWorker,
} from '../../support/createJobWorker';
import { thrower } from '../../support/createPrintWorld';

const TARGET = '66666666-6666-6666-6666-666666666666';
const BLOB = `rules/${TENANT}.json`;

let worker: JobWorker;
beforeEach(async () => {
  worker = await createJobWorker();
  worker.printStarted();
  worker.world.printers.add(TARGET);
});

const use = (rules: object[], fields: object = {}) => worker.useDocument(rules, fields);

const rule = (then: object, when: object = {}) => ({ name: 'the rule', on: 'jobStarted', when, then });

describe('each action of a rule', () => {
  test('release with configure: one PATCH of the job, then the end of its task, three calls', async () => {
    use([rule({ release: {}, configure: { colorMode: 'grayscale', copies: 2 } })]);
    expect(await worker.process(messageOf(STARTED))).toBe('done');
    expect(worker.world.said()).toEqual([`GET ${JOB_PATH}?$expand=tasks`, `PATCH ${JOB_PATH}`, `PATCH ${TASK_PATH}`]);
    expect(worker.world.calls[1]?.body).toEqual({ configuration: { colorMode: 'grayscale', copies: 2 } });
    expect(worker.events()).toMatchObject([{ data: { outcome: 'released', rule: 'the rule' } }]);
  });

  test('redirect: two calls, because Graph ends the task itself; the event names the new job', async () => {
    use([rule({ redirect: { printer: TARGET }, configure: { duplexMode: 'oneSided' } })]);
    expect(await worker.process(messageOf(STARTED))).toBe('done');
    expect(worker.world.said()).toEqual([`GET ${JOB_PATH}?$expand=tasks`, `POST ${JOB_PATH}/redirect`]);
    expect(worker.world.calls[1]?.body).toEqual({
      destinationPrinterId: TARGET,
      configuration: { duplexMode: 'oneSided' },
    });
    expect(worker.events()).toMatchObject([
      { data: { outcome: 'redirected', rule: 'the rule', redirectedTo: { printerId: TARGET, jobId: '9001' } } },
    ]);
  });

  test('abort: three calls with the end of the task', async () => {
    use([rule({ abort: { reason: 'More than 500 copies' } })]);
    expect(await worker.process(messageOf(STARTED))).toBe('done');
    expect(worker.world.said()).toEqual([
      `GET ${JOB_PATH}?$expand=tasks`,
      `POST ${JOB_PATH}/abort`,
      `PATCH ${TASK_PATH}`,
    ]);
    expect(worker.world.calls[1]?.body).toEqual({ reason: 'More than 500 copies' });
    expect(worker.events()).toMatchObject([{ data: { outcome: 'aborted', rule: 'the rule' } }]);
  });

  test('hold: one call, and the event says at once that the job is held', async () => {
    use([rule({ hold: { for: '4h', else: 'abort' } })]);
    expect(await worker.process(messageOf(STARTED))).toBe('held');
    expect(worker.world.said()).toEqual([`GET ${JOB_PATH}?$expand=tasks`]);
    expect(worker.events()).toMatchObject([
      { id: `${TENANT}/jobStarted_${DEFINITION}_${TASK}`, type: 'print.job.started', data: { outcome: 'held' } },
    ]);
    expect(await worker.row()).toMatchObject({
      status: 'held',
      phase: 'end',
      rule: 'the rule',
      rulesEtag: '"7"',
      heldUntil: '2026-11-22T04:00:00.000Z',
      heldElse: 'abort',
    });
  });

  test('no rule matches: the job is released, and the event names no rule', async () => {
    use([rule({ abort: {} }, { copies: { above: 500 } })]);
    expect(await worker.process(messageOf(STARTED))).toBe('done');
    expect(worker.events()).toMatchObject([{ data: { outcome: 'released' } }]);
    expect(worker.events()[0]).not.toHaveProperty(['data', 'rule']);
  });
});

describe('facts that cost a call', () => {
  test('documents are read only when a rule in force asks for them', async () => {
    use([rule({ abort: {} }, { document: { contentType: 'application/pdf' } })]);
    worker.world.putJob(PRINTER, JOB, { documents: [{ contentType: 'application/pdf', size: 10 }] }, [TASK]);
    await worker.process(messageOf(STARTED));
    expect(worker.world.said().slice(0, 2)).toEqual([
      `GET ${JOB_PATH}?$expand=tasks`,
      `GET ${JOB_PATH}?$expand=documents`,
    ]);
    expect(worker.events()).toMatchObject([{ data: { outcome: 'aborted' } }]);
  });

  test('the name of a printer is read once a day', async () => {
    use([rule({ abort: {} }, { printer: { name: 'Lobby*' } })]);
    worker.world.always('GET', new RegExp(`/print/printers/${PRINTER}$`), () => ({ displayName: 'Lobby 1' }));
    const reads = () => worker.world.said().filter((call) => call === `GET /print/printers/${PRINTER}`).length;
    await worker.process(messageOf(STARTED));
    expect(worker.events()).toMatchObject([{ data: { outcome: 'aborted' } }]);
    for (const [hours, expected] of [
      [23, 1],
      [2, 2],
    ] as const) {
      worker.clock.advance(hours * 60 * 60_000);
      const taskId = `task-${hours}`;
      worker.world.putTask(taskId);
      worker.world.putJob(PRINTER, `6${hours}`, {}, [taskId]);
      await worker.process(messageOf({ ...STARTED, taskId, jobId: `6${hours}` }));
      expect(reads()).toBe(expected);
    }
  });
});

describe('what Graph refuses of a rule', () => {
  const refusals = [
    ['no longer processing', 400, 'graphRejected'],
    ['printer gone or of another customer', 404, 'graphNotFound'],
    ['permission missing', 403, 'graphForbidden'],
    ['trigger of another app', 409, 'graphConflict'],
  ] as const;

  it.each(refusals)(
    'redirect, %s: the job is released, and the event shows the refusal',
    async (_why, status, code) => {
      use([rule({ redirect: { printer: TARGET } })]);
      worker.world.next('POST', /redirect/, thrower(new GraphError(code, 'Graph refused it', { status })));
      expect(await worker.process(messageOf(STARTED))).toBe('done');
      expect(worker.world.tasks.get(TASK)).toMatchObject({ state: 'completed' });
      expect(worker.events()).toMatchObject([
        { data: { outcome: 'released', rule: 'the rule', refused: { action: 'redirect', code } } },
      ]);
    },
  );

  test('with onFailure: abort the job is aborted', async () => {
    use([rule({ redirect: { printer: TARGET } })], { onFailure: 'abort' });
    worker.world.next('POST', /redirect/, thrower(graphError('forbidden')));
    expect(await worker.process(messageOf(STARTED))).toBe('done');
    expect(worker.world.said()).toContain(`POST ${JOB_PATH}/abort`);
    expect(worker.events()).toMatchObject([{ data: { outcome: 'aborted', refused: { action: 'redirect' } } }]);
  });

  test('an abort that Graph refuses with onFailure: abort ends the task as aborted, so that the job is not stuck', async () => {
    use([rule({ abort: {} })], { onFailure: 'abort' });
    worker.world.always('POST', /abort/, thrower(graphError('forbidden')));
    expect(await worker.process(messageOf(STARTED))).toBe('done');
    expect(worker.world.tasks.get(TASK)).toMatchObject({ state: 'aborted' });
    expect(worker.events()).toMatchObject([{ data: { outcome: 'aborted', refused: { action: 'abort' } } }]);
  });

  test('a refused configure releases the job as it is', async () => {
    use([rule({ release: {}, configure: { copies: 2 } })]);
    worker.world.next('PATCH', /jobs/, thrower(graphError('rejected')));
    expect(await worker.process(messageOf(STARTED))).toBe('done');
    expect(worker.events()).toMatchObject([{ data: { outcome: 'released', refused: { action: 'release' } } }]);
  });
});

describe('rules that cannot be applied', () => {
  test('no document is readable: the choice for failures decides at once', async () => {
    await worker.tenants.update(TENANT, (tenant) => ({ ...tenant, onFailure: 'abort' }));
    worker.useRules({ kind: 'unreadable', blob: BLOB, problem: 'line 3' });
    expect(await worker.process(messageOf(STARTED))).toBe('done');
    expect(worker.events()).toMatchObject([{ data: { outcome: 'aborted' } }]);
    expect(await worker.row()).toMatchObject({ decidedBy: 'rulesUnreadable' });
    expect(worker.logger.events).toContainEqual(
      expect.objectContaining({ event: 'job.processed', jobOutcome: 'aborted', decidedBy: 'rulesUnreadable' }),
    );
  });

  it.each(['release', 'abort'] as const)(
    'storage does not answer: the job waits until its deadline, then %s',
    async (onFailure) => {
      await worker.tenants.update(TENANT, (tenant) => ({ ...tenant, onFailure }));
      worker.useRules({ kind: 'outage', error: new ReceiverError('blobsUnavailable', 'Storage did not answer') });
      expect(await worker.process(messageOf(STARTED))).toBe('deferred');
      worker.clock.advance(14 * 60_000);
      expect(await worker.process(worker.lastDeferred())).toBe('deferred');
      expect(worker.world.tasks.get(TASK)).toMatchObject({ state: 'processing' });
      worker.clock.advance(60_000);
      expect(await worker.process(worker.lastDeferred())).toBe('done');
      expect(worker.world.said().includes(`POST ${JOB_PATH}/abort`)).toBe(onFailure === 'abort');
      expect(worker.events()).toMatchObject([{ data: { outcome: 'deadline' } }]);
    },
  );

  test('the job of a paused customer ends by its choice for failures, without an event', async () => {
    await worker.tenants.update(TENANT, (tenant) => ({ ...tenant, status: 'paused', onFailure: 'abort' }));
    use([rule({ hold: { for: '4h', else: 'release' } })]);
    expect(await worker.process(messageOf(STARTED))).toBe('releasedWithoutEvent');
    expect(worker.world.said()).toContain(`POST ${JOB_PATH}/abort`);
    expect(worker.events()).toEqual([]);
  });
});

describe('a redirect whose answer was lost', () => {
  const lost = () => worker.world.next('POST', /redirect/, thrower(graphError('unavailable')));

  test('took effect: it is recognized by redirectedTo and not sent again', async () => {
    use([rule({ redirect: { printer: TARGET } })]);
    worker.world.next('POST', /redirect/, () => {
      worker.world.putTask(TASK, { state: 'completed' });
      const redirectedTo = `https://graph.microsoft.com/v1.0/print/printers/${TARGET}/jobs/9001`;
      worker.world.putJob(PRINTER, JOB, { redirectedTo }, [TASK]);
      throw graphError('unavailable');
    });
    expect(await worker.process(messageOf(STARTED))).toBe('deferred');
    expect(await worker.process(worker.lastDeferred())).toBe('done');
    expect(worker.world.said().filter((call) => call.endsWith('/redirect'))).toHaveLength(1);
    expect(worker.events()).toMatchObject([
      { data: { outcome: 'redirected', redirectedTo: { printerId: TARGET, jobId: '9001' } } },
    ]);
  });

  test('is not sent again by an instance whose clock is a minute ahead, a second after the first look', async () => {
    use([rule({ redirect: { printer: TARGET } })]);
    lost();
    expect(await worker.process(messageOf(STARTED))).toBe('deferred');
    expect(await worker.process(worker.lastDeferred())).toBe('deferred');
    worker.clock.advance(1_000);
    const clock = { ...worker.clock, now: () => worker.clock.now() + 60_000 };
    expect(await worker.process(messageOf(STARTED), worker.startProcess({ clock }))).toBe('deferred');
    expect(worker.world.said().filter((call) => call.endsWith('/redirect'))).toHaveLength(1);
    worker.clock.advance(29_000);
    expect(await worker.process(worker.lastDeferred())).toBe('done');
  });

  test('did not take effect: it is sent once more after two looks 30 seconds apart, and never by changed rules', async () => {
    use([rule({ redirect: { printer: TARGET } })]);
    lost();
    expect(await worker.process(messageOf(STARTED))).toBe('deferred');
    use([rule({ abort: {} })]);
    expect(await worker.process(worker.lastDeferred())).toBe('deferred');
    expect(worker.queues.jobs.sent.at(-1)).toMatchObject({ delaySeconds: 30 });
    worker.clock.advance(29_000);
    expect(await worker.process(worker.lastDeferred())).toBe('deferred');
    worker.clock.advance(1_000);
    expect(await worker.process(worker.lastDeferred())).toBe('done');
    expect(worker.world.said().filter((call) => call.startsWith('POST'))).toEqual([
      `POST ${JOB_PATH}/redirect`,
      `POST ${JOB_PATH}/redirect`,
    ]);
    expect(worker.events()).toMatchObject([{ data: { outcome: 'redirected' } }]);
  });
});

test('an abort whose answer was lost is not sent twice', async () => {
  use([rule({ abort: {} })]);
  worker.world.next('POST', /abort/, () => {
    worker.world.putJob(PRINTER, JOB, { status: { state: 'aborted' } }, [TASK]);
    throw graphError('unavailable');
  });
  expect(await worker.process(messageOf(STARTED))).toBe('deferred');
  expect(await worker.process(worker.lastDeferred())).toBe('done');
  expect(worker.world.said().filter((call) => call.startsWith('POST'))).toHaveLength(1);
  expect(worker.events()).toMatchObject([{ data: { outcome: 'aborted' } }]);
});

test('a configuration that is as wanted is not sent again', async () => {
  use([rule({ release: {}, configure: { copies: 2 } })]);
  worker.world.next('PATCH', /taskDefinitions/, thrower(graphError('unavailable')));
  expect(await worker.process(messageOf(STARTED))).toBe('deferred');
  expect(await worker.process(worker.lastDeferred())).toBe('done');
  expect(worker.world.said().filter((call) => call === `PATCH ${JOB_PATH}`)).toHaveLength(1);
});

test('a job that its user canceled while the rules held its task: the task ends, and the event says ended', async () => {
  use([rule({ abort: {} })]);
  worker.world.putJob(PRINTER, JOB, { status: { state: 'canceled' } }, [TASK]);
  expect(await worker.process(messageOf(STARTED))).toBe('done');
  expect(worker.world.said().some((call) => call.startsWith('POST'))).toBe(false);
  expect(worker.events()).toMatchObject([{ data: { outcome: 'ended' } }]);
});

test('the event of a fetchable job names the rule that matches it', async () => {
  worker.printFetchable();
  use([{ name: 'inspect', on: 'jobFetchable', then: { notify: {} } }]);
  expect(await worker.process(messageOf(FETCHABLE))).toBe('done');
  expect(worker.events()).toMatchObject([
    { type: 'print.job.fetchable', data: { outcome: 'fetchable', rule: 'inspect' } },
  ]);
});

describe('a fetchable job whose rules cannot be applied', () => {
  const HOUR = 60 * 60_000;
  const outage = { kind: 'outage', error: new ReceiverError('blobsUnavailable', 'Storage did not answer') } as const;
  const onLocation = {
    name: 'inspect',
    on: 'jobFetchable',
    when: { printer: { location: 'HQ*' } },
    then: { notify: {} },
  };
  const logged = (event: string) => worker.logger.events.filter((line) => line.event === event);
  beforeEach(() => worker.printFetchable());

  test('waits for storage, because they may archive it', async () => {
    worker.useRules(outage);
    expect(await worker.process(messageOf(FETCHABLE))).toBe('deferred');
    use([{ name: 'inspect', on: 'jobFetchable', then: { notify: {} } }]);
    expect(await worker.process(worker.lastDeferred())).toBe('done');
    expect(worker.events()).toMatchObject([{ data: { outcome: 'fetchable', rule: 'inspect' } }]);
  });

  test('gives its event after 4 hours, and the log says why no rule decided', async () => {
    worker.useRules(outage);
    expect(await worker.process(messageOf(FETCHABLE))).toBe('deferred');
    worker.clock.advance(4 * HOUR - 1);
    expect(await worker.process(worker.lastDeferred())).toBe('deferred');
    worker.clock.advance(1);
    expect(await worker.process(worker.lastDeferred())).toBe('done');
    expect(worker.events()).toMatchObject([{ data: { outcome: 'fetchable' } }]);
    expect(logged('job.rulesUnavailable')).toHaveLength(1);
  });

  // resources/printjobstatus.md: a canceled job has no document to archive.
  test('does not wait where it has ended: its event is sent at once', async () => {
    worker.world.putJob(PRINTER, JOB, { isFetchable: false, status: { state: 'canceled' } });
    worker.useRules(outage);
    expect(await worker.process(messageOf(FETCHABLE))).toBe('done');
    expect(worker.events()).toMatchObject([{ data: { outcome: 'ended' } }]);
  });

  test('waits for Graph to show the printer that they ask about', async () => {
    use([onLocation]);
    worker.world.next('GET', /printers\/[^/]+$/, thrower(graphError('unavailable')));
    expect(await worker.process(messageOf(FETCHABLE))).toBe('deferred');
    expect(await worker.process(worker.lastDeferred())).toBe('done');
  });

  test('gives its event where Graph refuses the printer, and the log says so', async () => {
    use([onLocation]);
    worker.world.next('GET', /printers\/[^/]+$/, thrower(graphError('forbidden')));
    expect(await worker.process(messageOf(FETCHABLE))).toBe('done');
    expect(logged('job.rulesUnavailable')).toHaveLength(1);
  });

  test('gives no event where its claim was lost while the printer was read', async () => {
    use([onLocation]);
    worker.world.next('GET', /printers\/[^/]+$/, thrower(new ReceiverError('claimLost', 'Another run has taken over')));
    expect(await worker.process(messageOf(FETCHABLE))).toBe('deferred');
    expect(worker.events()).toEqual([]);
  });

  test('gives its event where the document is not valid, and the log says so', async () => {
    worker.useRules({ kind: 'unreadable', blob: 'rules/default.json', problem: 'line 1' });
    expect(await worker.process(messageOf(FETCHABLE))).toBe('done');
    expect(logged('job.rulesUnreadable')).toHaveLength(1);
  });
});
