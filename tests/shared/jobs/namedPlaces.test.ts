import { createLocateJob } from '../../../shared/graph/api/printerShares';
import { formatJobMessage, parseJobMessage, type JobMessage } from '../../../shared/jobs/message';
import { watchTag } from '../../../shared/watches/clientState';
import { graphError } from '../../support/createFakeGraph';
import {
  createJobWorker,
  DEFINITION,
  FETCHABLE,
  JOB,
  JOB_PATH,
  messageOf,
  PRINTER,
  START,
  STARTED,
  TASK,
  TASK_PATH,
  TENANT,
  TRACEPARENT,
  type JobWorker,
} from '../../support/createJobWorker';
import { thrower } from '../../support/createPrintWorld';

const MINUTE = 60_000;
const SHARE = '77777777-7777-7777-7777-777777777777';
const OTHER_PRINTER = '88888888-8888-8888-8888-888888888888';
const PULL_PRINT = '15037699-acf2-2dbb-b20c-897053051345';
const SHARE_PATH = `/print/shares/${SHARE}/printer`;
const PULL_PRINT_JOB = `/print/pullPrintPrinters/${PULL_PRINT}/jobs/${JOB}`;
const GRAPH = 'https://graph.microsoft.com/v1.0';
const BARE = { kind: 'jobStarted', tenantId: TENANT, definitionId: DEFINITION, taskId: TASK } as const;
const KEY = `jobStarted_${DEFINITION}_${TASK}`;
let worker: JobWorker;
beforeEach(async () => {
  worker = await createJobWorker();
});

const unreadableLogged = () => worker.logger.events.filter(({ event }) => event === 'job.unreadable');

describe('a task whose parent is a share', () => {
  const onShare = { ...BARE, shareId: SHARE, jobId: JOB } as const;
  beforeEach(() => {
    worker.world.shares.set(SHARE, PRINTER);
    worker.world.putTask(TASK, { parentUrl: `${GRAPH}/print/shares/${SHARE}/jobs/${JOB}` });
    worker.world.putJob(PRINTER, JOB, {}, [TASK]);
  });

  it('named by the notification: the printer is read, then the job, and the task is released at once', async () => {
    await expect(worker.process(messageOf(onShare))).resolves.toBe('done');
    expect(worker.world.said()).toEqual([`GET ${SHARE_PATH}`, `GET ${JOB_PATH}?$expand=tasks`, `PATCH ${TASK_PATH}`]);
    const [event] = worker.events();
    expect(event).toMatchObject({
      source: `/tenants/${TENANT}/printers/${PRINTER}`,
      data: { outcome: 'released', printerId: PRINTER, jobId: JOB, job: { id: JOB } },
    });
    expect(event).not.toHaveProperty('data.shareId');
    expect(await worker.row()).toMatchObject({ printerId: PRINTER, jobId: JOB });
  });

  it('named by the task alone', async () => {
    await expect(worker.process(messageOf(BARE))).resolves.toBe('done');
    expect(worker.events()).toMatchObject([{ data: { outcome: 'released', printerId: PRINTER } }]);
  });

  it('the printer of a share is remembered for a minute, because it may change (api/printershare-update.md)', async () => {
    await worker.process(messageOf(onShare));
    const { callGraph } = worker.world;
    const place = { shareId: SHARE, jobId: '1' };
    worker.clock.advance(MINUTE / 2);
    await worker.deps.locateJob(callGraph, TENANT, place);
    expect(worker.world.said().filter((call) => call.endsWith(SHARE_PATH))).toHaveLength(1);
    worker.clock.advance(MINUTE / 2 + 1);
    worker.world.shares.set(SHARE, OTHER_PRINTER);
    await expect(worker.deps.locateJob(callGraph, TENANT, place)).resolves.toEqual({
      printerId: OTHER_PRINTER,
      jobId: '1',
    });
  });

  it('a job of the printer that the share has now, with another task, is not taken for it', async () => {
    worker.world.putJob(PRINTER, JOB, {}, ['99999999-9999-9999-9999-999999999999']);
    await expect(worker.process(messageOf(onShare))).resolves.toBe('deferred');
    expect(await worker.row()).toMatchObject({ cause: 'jobOfOtherTask' });
    expect(worker.world.patches()).toBe(0);
  });

  it('a share that Graph refuses to show (403): the task is ended at once, event and log say so', async () => {
    worker.world.always('GET', /shares/, thrower(graphError('forbidden')));
    await expect(worker.process(messageOf(onShare))).resolves.toBe('done');
    expect(worker.world.tasks.get(TASK)?.state).toBe('completed');
    expect(worker.events()).toMatchObject([
      {
        source: `/tenants/${TENANT}/printers/unknown`,
        data: { outcome: 'unreadable', shareId: SHARE, jobId: JOB, job: null },
      },
    ]);
    expect(unreadableLogged()).toMatchObject([{ level: 'error', key: KEY, shareId: SHARE, cause: 'graphForbidden' }]);
  });

  it('a share that is gone (404): after ten minutes', async () => {
    worker.world.shares.clear();
    await expect(worker.process(messageOf(onShare))).resolves.toBe('deferred');
    expect(worker.world.patches()).toBe(0);
    worker.clock.advance(10 * MINUTE);
    await expect(worker.process(worker.lastDeferred())).resolves.toBe('done');
    expect(worker.events()).toMatchObject([{ data: { outcome: 'unreadable', shareId: SHARE } }]);
    expect(unreadableLogged()).toMatchObject([{ cause: 'shareNotFound' }]);
  });
});

describe('a task whose parent is a pull print printer', () => {
  const printerId = `pullprint.${PULL_PRINT}`;
  const onPullPrint = { ...BARE, printerId, jobId: JOB } as const;
  beforeEach(() => {
    worker.world.putTask(TASK, { parentUrl: `${GRAPH}/print/pullPrintPrinters/${PULL_PRINT}/jobs/${JOB}` });
    worker.world.putJob(printerId, JOB, {}, [TASK]);
  });

  it.each([
    ['the notification', onPullPrint],
    ['the task', BARE],
  ])('named by %s: the job is read below it, and its id has a prefix in row and event', async (_name, reference) => {
    await expect(worker.process(messageOf(reference))).resolves.toBe('done');
    expect(worker.world.said()).toContain(`GET ${PULL_PRINT_JOB}?$expand=tasks`);
    expect(worker.events()).toMatchObject([
      { source: `/tenants/${TENANT}/printers/${printerId}`, data: { outcome: 'released', printerId, jobId: JOB } },
    ]);
    expect(await worker.row()).toMatchObject({ printerId, jobId: JOB });
  });

  it.each([
    ['403', 'forbidden', 'graphForbidden'],
    ['400, for the path is not documented', 'rejected', 'graphRejected'],
  ] as const)(
    'that Graph refuses to show (%s): the task is ended at once, event and log say so',
    async (_name, kind, cause) => {
      worker.world.always('GET', /pullPrintPrinters/, thrower(graphError(kind)));
      await expect(worker.process(messageOf(onPullPrint))).resolves.toBe('done');
      expect(worker.world.tasks.get(TASK)?.state).toBe('completed');
      expect(worker.events()).toMatchObject([{ data: { outcome: 'unreadable', printerId, jobId: JOB, job: null } }]);
      expect(unreadableLogged()).toMatchObject([{ level: 'error', key: KEY, printerId, cause }]);
    },
  );

  const TARGET = '66666666-6666-6666-6666-666666666666';

  it.each([
    ['abort', { abort: { reason: 'No color' } }, [`POST ${PULL_PRINT_JOB}/abort`, `PATCH ${TASK_PATH}`], 'aborted'],
    ['redirect', { redirect: { printer: TARGET } }, [`POST ${PULL_PRINT_JOB}/redirect`], 'redirected'],
    [
      'configure',
      { release: {}, configure: { copies: 1 } },
      [`PATCH ${PULL_PRINT_JOB}`, `PATCH ${TASK_PATH}`],
      'released',
    ],
  ])('a rule that decides %s is carried out below it', async (_name, then, writes, outcome) => {
    worker.world.printers.add(TARGET);
    worker.useDocument([{ name: 'the rule', on: 'jobStarted', then }]);
    await expect(worker.process(messageOf(onPullPrint))).resolves.toBe('done');
    const written = worker.world.calls.filter(({ method }) => method !== 'GET');
    expect(written.map(({ method, path }) => `${method} ${path}`)).toEqual(writes);
    expect(written[0]?.permission).toContain('PullPrintPrinter.Read.All');
    expect(worker.events()).toMatchObject([{ data: { outcome, rule: 'the rule' } }]);
    expect(worker.events()[0]).not.toHaveProperty('data.refused');
  });

  it('a task that somebody ended meanwhile is reported as ended, and Graph is not written to', async () => {
    worker.world.always('GET', /pullPrintPrinters/, thrower(graphError('forbidden')));
    worker.world.putTask(TASK, {
      state: 'completed',
      parentUrl: `${GRAPH}/print/pullPrintPrinters/${PULL_PRINT}/jobs/1`,
    });
    await expect(worker.process(messageOf(onPullPrint))).resolves.toBe('done');
    expect(worker.world.patches()).toBe(0);
    expect(worker.events()).toMatchObject([{ data: { outcome: 'ended' } }]);
  });
});

describe('answers about another job or task are never acted upon', () => {
  it('a task answer with another id', async () => {
    worker.world.always('GET', /taskDefinitions/, () => ({ id: SHARE, status: { state: 'processing' } }));
    await expect(worker.process(messageOf(BARE))).resolves.toBe('deferred');
    expect(worker.world.patches()).toBe(0);
    expect(await worker.row()).toMatchObject({ status: 'waiting', cause: 'taskOfOtherId' });
  });

  it.each([
    ['JobStarted', STARTED],
    ['JobFetchable', FETCHABLE],
  ] as const)('%s: a job answer with another id', async (_name, reference) => {
    worker.printStarted();
    worker.world.always('GET', /printers/, () => ({
      id: '9999',
      isFetchable: true,
      tasks: [{ id: TASK, status: { state: 'processing' } }],
    }));
    await expect(worker.process(messageOf(reference))).resolves.toBe('deferred');
    expect(worker.world.patches()).toBe(0);
    expect(worker.events()).toEqual([]);
    expect(await worker.row(reference)).toMatchObject({ status: 'waiting', cause: 'jobOfOtherId' });
  });

  it('letter case makes no other job', async () => {
    worker.world.putJob(PRINTER, 'abc', { isFetchable: true });
    worker.world.always('GET', /printers/, () => ({ id: 'ABC', isFetchable: true }));
    await expect(worker.process(messageOf({ ...FETCHABLE, jobId: 'abc' }))).resolves.toBe('done');
    expect(worker.events()).toMatchObject([{ data: { jobId: 'abc', outcome: 'fetchable' } }]);
  });
});

describe('a job that waits without a task of ours is never touched', () => {
  it.each([
    ['no task', []],
    ['a task of somebody else', ['99999999-9999-9999-9999-999999999999']],
  ])('%s', async (_name, tasks) => {
    worker.world.putJob(PRINTER, JOB, { status: { state: 'paused', details: ['releaseWait'] } }, tasks);
    for (const reference of [STARTED, FETCHABLE]) {
      await worker.process(messageOf(reference));
      worker.clock.advance(20 * MINUTE);
      await worker.process(messageOf(reference));
      expect((await worker.row(reference))?.status).toBe('gone');
    }
    expect(worker.world.calls.every(({ method }) => method === 'GET')).toBe(true);
    expect(worker.events()).toEqual([]);
  });
});

describe('a redirected job (resources/printjob.md: redirectedTo, redirectedFrom)', () => {
  const target = { printerId: OTHER_PRINTER, jobId: '7' };
  const redirectedTo = `${GRAPH}/print/printers/${OTHER_PRINTER}/jobs/7`;

  it.each(['canceled', 'aborted', 'completed', 'processing'])(
    'is no printed or ended job, whatever its state: %s',
    async (state) => {
      worker.world.putJob(PRINTER, JOB, { redirectedTo, status: { state, isAcquiredByPrinter: true } });
      await expect(worker.process(messageOf(FETCHABLE))).resolves.toBe('done');
      expect(worker.events()).toMatchObject([
        {
          data: { outcome: 'redirected', printerId: PRINTER, jobId: JOB, redirectedTo: target, job: { redirectedTo } },
        },
      ]);
      expect(await worker.row(FETCHABLE)).toMatchObject({ status: 'done', outcome: 'redirected' });
    },
  );

  it('its task, which the redirect completed, is reported as redirected (api/printjob-redirect.md)', async () => {
    worker.world.putTask(TASK, { state: 'completed', parentUrl: `${GRAPH}${JOB_PATH}` });
    worker.world.putJob(PRINTER, JOB, { redirectedTo }, [TASK]);
    await expect(worker.process(messageOf(STARTED))).resolves.toBe('done');
    expect(worker.world.patches()).toBe(0);
    expect(worker.events()).toMatchObject([{ data: { outcome: 'redirected', redirectedTo: target } }]);
  });

  it('its task is not completed by us while Graph still shows it in processing', async () => {
    worker.world.putTask(TASK, { parentUrl: `${GRAPH}${JOB_PATH}` });
    worker.world.putJob(PRINTER, JOB, { redirectedTo }, [TASK]);
    await expect(worker.process(messageOf(STARTED))).resolves.toBe('deferred');
    expect(worker.world.patches()).toBe(0);
    worker.world.putTask(TASK, { state: 'completed', parentUrl: `${GRAPH}${JOB_PATH}` });
    await expect(worker.process(worker.lastDeferred())).resolves.toBe('done');
    expect(worker.events()).toMatchObject([{ data: { outcome: 'redirected' } }]);
  });

  it('redirected while we decided: the job is read again after the refused PATCH', async () => {
    worker.printStarted();
    const deps = worker.startProcess({
      rules: {
        rulesOf: () => {
          worker.world.putTask(TASK, { state: 'completed', parentUrl: `${GRAPH}${JOB_PATH}` });
          worker.world.putJob(PRINTER, JOB, { redirectedTo }, [TASK]);
          return Promise.resolve({ kind: 'none' });
        },
      },
    });
    await expect(worker.process(messageOf(STARTED), deps)).resolves.toBe('done');
    expect(worker.events()).toMatchObject([{ data: { outcome: 'redirected', redirectedTo: target } }]);
  });

  it.each([
    ['a share, by its printer', `${GRAPH}/print/shares/${SHARE}/jobs/7`, target],
    [
      'a pull print printer',
      `${GRAPH}/print/pullPrintPrinters('${PULL_PRINT}')/jobs('7')`,
      { printerId: `pullprint.${PULL_PRINT}`, jobId: '7' },
    ],
    ['a cast segment', `${GRAPH}/print/printers/${OTHER_PRINTER}/microsoft.graph.printer/jobs/7`, target],
  ])('names source and target: %s', async (_name, url, place) => {
    worker.world.shares.set(SHARE, OTHER_PRINTER);
    worker.world.putJob(PRINTER, JOB, { redirectedFrom: url, isFetchable: true });
    await worker.process(messageOf(FETCHABLE));
    expect(worker.events()).toMatchObject([{ data: { outcome: 'fetchable', redirectedFrom: place } }]);
  });

  it('does not wait for a share that cannot be read, nor for a URL of another form', async () => {
    worker.world.always('GET', /shares/, thrower(graphError('unavailable')));
    worker.world.putJob(PRINTER, JOB, {
      redirectedTo: `${GRAPH}/print/shares/${SHARE}/jobs/7`,
      redirectedFrom: 'elsewhere',
    });
    await expect(worker.process(messageOf(FETCHABLE))).resolves.toBe('done');
    const [event] = worker.events();
    expect(event).toMatchObject({ data: { outcome: 'redirected', redirectedTo: { shareId: SHARE, jobId: '7' } } });
    expect(event).not.toHaveProperty('data.redirectedFrom');
  });
});

describe('JobFetchable of a job that the notification names through a share', () => {
  const TAG = watchTag({ kind: 'jobFetchable', id: PRINTER });
  const messageOfShare = (fields: { tag?: string; receivedAt?: string } = {}): unknown => {
    const { tag = TAG, receivedAt = START } = fields;
    const message: JobMessage = {
      shared: { kind: 'sharedJob', tenantId: TENANT, shareId: SHARE, jobId: JOB, tag },
      generation: 0,
      foundBy: 'graph',
      receivedAt,
      traceparent: TRACEPARENT,
      deferrals: 0,
    };
    return JSON.parse(formatJobMessage(message)) as unknown;
  };
  beforeEach(() => {
    worker.world.shares.set(SHARE, PRINTER);
    worker.printFetchable();
  });

  it('has the key of its printer, so that the same job named by its printer is a duplicate', async () => {
    await expect(worker.process(messageOfShare())).resolves.toBe('done');
    expect(worker.events()).toMatchObject([
      { id: `${TENANT}/jobFetchable_${PRINTER}_${JOB}`, data: { outcome: 'fetchable', printerId: PRINTER } },
    ]);
    await expect(worker.process(messageOf(FETCHABLE))).resolves.toBe('duplicate');
    await expect(worker.process(messageOfShare())).resolves.toBe('duplicate');
  });

  it('keeps all of its message on the way', () => {
    expect(parseJobMessage(messageOfShare())).toMatchObject({
      message: { shared: { shareId: SHARE, jobId: JOB, tag: TAG }, generation: 0, receivedAt: START },
    });
  });

  it('a clientState of another printer gives no access: the message is kept for a person', async () => {
    await expect(worker.process(messageOfShare({ tag: 'x'.repeat(22) }))).resolves.toBe('poisoned');
    expect(worker.queues.poison.sent).toHaveLength(1);
    expect(worker.events()).toEqual([]);
  });

  it('a share that Graph does not show is asked for ten minutes and the difference of clocks, then kept for a person', async () => {
    worker.world.shares.clear();
    await expect(worker.process(messageOfShare())).resolves.toBe('deferred');
    expect(worker.lastDeferred()).toMatchObject({ event: { kind: 'sharedJob', shareId: SHARE, deferrals: 1 } });
    // The instance that received it may be up to 15 minutes behind (decision 0018).
    worker.clock.advance(24 * MINUTE);
    await expect(worker.process(worker.lastDeferred())).resolves.toBe('deferred');
    worker.clock.advance(MINUTE);
    await expect(worker.process(worker.lastDeferred())).resolves.toBe('poisoned');
    expect(worker.logger.events.at(-1)).toMatchObject({
      event: 'job.poisoned',
      reason: 'shareNotFound',
      tenantId: TENANT,
      shareId: SHARE,
      jobId: JOB,
    });
  });

  // docs/decisions/0017: messages of a customer whose row in Tenants or Subscriptions is unreadable wait.
  it('waits while the row of its customer is unreadable', async () => {
    const key = { partitionKey: 'tenant', rowKey: TENANT };
    const read = () => worker.tenantTable.get(key.partitionKey, key.rowKey);
    const cells = { ...(await read())?.cells, ...key };
    const put = async (status: string) => worker.tenantTable.replace({ ...cells, status }, (await read())?.etag ?? '');
    await put('nonsense');
    await expect(worker.process(messageOfShare())).resolves.toBe('deferred');
    expect(worker.logger.events).toContainEqual(expect.objectContaining({ event: 'job.dependencyUnavailable' }));
    await put('active');
    await expect(worker.process(worker.lastDeferred())).resolves.toBe('done');
  });

  it('an outage of Graph is waited out, a refusal is thrown and names the permission', async () => {
    worker.world.next('GET', /shares/, thrower(graphError('unavailable', 60_000)));
    await expect(worker.process(messageOfShare())).resolves.toBe('deferred');
    expect(worker.queues.jobs.sent.at(-1)?.delaySeconds).toBeGreaterThanOrEqual(60);
    worker.world.next('GET', /shares/, thrower(graphError('forbidden')));
    await expect(worker.process(messageOfShare())).rejects.toMatchObject({ code: 'graphForbidden' });
    await expect(worker.process(worker.lastDeferred())).resolves.toBe('done');
  });

  it('nothing is asked of Graph when its clientState was revoked', async () => {
    await worker.watches.clientStates.noteKeys(['k1']);
    await worker.watches.clientStates.noteRevoked({ tenantId: TENANT, tag: TAG, generation: 1 });
    await expect(worker.process(messageOfShare())).resolves.toBe('dropped');
    expect(worker.world.calls).toEqual([]);
    expect(worker.logger.events).toMatchObject([
      { event: 'job.dropped', reason: 'staleGeneration', tenantId: TENANT, shareId: SHARE },
    ]);
  });

  it.each([
    ['an answer that stays unreadable', () => ({ id: 'a b' }), 'graphAnswerUnreadable'],
    ['an outage', thrower(graphError('unavailable')), 'graphUnavailable'],
  ] as const)('%s is waited out for seven days, then the message is kept for a person', async (_name, answer, code) => {
    worker.world.always('GET', /shares/, answer);
    await expect(worker.process(messageOfShare())).resolves.toBe('deferred');
    worker.clock.advance(7 * 24 * 60 * MINUTE - 1);
    await expect(worker.process(worker.lastDeferred())).resolves.toBe('deferred');
    worker.clock.advance(1);
    await expect(worker.process(worker.lastDeferred())).resolves.toBe('poisoned');
    expect(worker.logger.events.at(-1)).toMatchObject({ event: 'job.poisoned', reason: code, shareId: SHARE });
  });

  it.each(['', 'yesterday'])('a message that arrived at %j, which is no time, does not wait', async (receivedAt) => {
    worker.world.next('GET', /shares/, thrower(graphError('unavailable')));
    await expect(worker.process(messageOfShare({ receivedAt }))).resolves.toBe('poisoned');
    worker.world.shares.clear();
    await expect(worker.process(messageOfShare({ receivedAt }))).resolves.toBe('poisoned');
    worker.world.shares.set(SHARE, PRINTER);
    await expect(worker.process(messageOfShare({ receivedAt }))).resolves.toBe('done');
  });

  it('nothing is asked of Graph for a tenant that is paused', async () => {
    await worker.tenants.update(TENANT, (tenant) => ({ ...tenant, status: 'paused' }));
    const deps = worker.startProcess();
    await expect(worker.process(messageOfShare(), deps)).resolves.toBe('dropped');
    expect(worker.world.calls).toEqual([]);
  });
});

it('an answer of a share without a usable printer is unreadable', async () => {
  const locate = createLocateJob(worker.clock);
  const callGraph = () => Promise.resolve({ status: 200, body: { id: 'a b' } });
  await expect(locate(callGraph, TENANT, { shareId: SHARE, jobId: JOB })).rejects.toMatchObject({
    code: 'graphAnswerUnreadable',
  });
});
