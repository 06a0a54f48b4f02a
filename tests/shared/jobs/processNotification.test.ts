import { GraphError } from '../../../shared/graph/errors';
import { graphError } from '../../support/createFakeGraph';
import {
  createJobWorker,
  FETCHABLE,
  JOB,
  JOB_PATH,
  messageOf,
  PARENT_URL,
  PRINTER,
  DEFINITION,
  START,
  STARTED,
  TASK,
  TASK_PATH,
  TENANT,
  TRACEPARENT,
  type JobWorker,
} from '../../support/createJobWorker';
import { thrower } from '../../support/createPrintWorld';

let worker: JobWorker;
beforeEach(async () => {
  worker = await createJobWorker();
});

describe('the main path', () => {
  test('JobStarted: two calls to Graph, the task ends, one event reports it', async () => {
    worker.printStarted();
    await expect(worker.process(messageOf(STARTED))).resolves.toBe('done');
    expect(worker.world.said()).toEqual([`GET ${JOB_PATH}?$expand=tasks`, `PATCH ${TASK_PATH}`]);
    expect(worker.world.tasks.get(TASK)).toMatchObject({ state: 'completed' });
    expect(worker.events()).toEqual([
      {
        specversion: '1.0',
        id: `${TENANT}/jobStarted_${DEFINITION}_${TASK}`,
        source: `/tenants/${TENANT}/printers/${PRINTER}`,
        subject: `jobs/${JOB}`,
        type: 'print.job.started',
        time: START,
        datacontenttype: 'application/json',
        traceparent: TRACEPARENT,
        data: {
          tenantId: TENANT,
          printerId: PRINTER,
          jobId: JOB,
          taskId: TASK,
          definitionId: DEFINITION,
          outcome: 'released',
          job: { id: JOB, status: { state: 'paused', isAcquiredByPrinter: false }, isFetchable: false },
        },
      },
    ]);
    expect(worker.queues.jobs.sent).toEqual([]);
  });

  test('with telemetry, the event has the trace context of the run that claimed the job first', async () => {
    worker.printStarted();
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await worker.process(messageOf(STARTED), worker.startProcess({ traceparent }));
    expect(worker.events()).toMatchObject([{ traceparent }]);
  });

  test('JobFetchable: one call to Graph, one event with the documents', async () => {
    worker.printFetchable();
    await expect(worker.process(messageOf(FETCHABLE))).resolves.toBe('done');
    expect(worker.world.said()).toEqual([`GET ${JOB_PATH}?$expand=documents`]);
    expect(worker.events()).toEqual([
      {
        specversion: '1.0',
        id: `${TENANT}/jobFetchable_${PRINTER}_${JOB}`,
        source: `/tenants/${TENANT}/printers/${PRINTER}`,
        subject: `jobs/${JOB}`,
        type: 'print.job.fetchable',
        time: START,
        datacontenttype: 'application/json',
        traceparent: TRACEPARENT,
        data: {
          tenantId: TENANT,
          printerId: PRINTER,
          jobId: JOB,
          outcome: 'fetchable',
          job: { id: JOB, status: { state: 'paused', isAcquiredByPrinter: false }, isFetchable: true },
          documents: [{ id: 'document-1', contentType: 'application/pdf', size: 1024 }],
        },
      },
    ]);
  });

  test('the ledger records the decision, the outcome and the job as it was read', async () => {
    worker.printStarted();
    await worker.process(messageOf(STARTED, { foundBy: 'sweep' }));
    const row = await worker.row();
    expect(row).toMatchObject({
      status: 'done',
      decision: 'release',
      outcome: 'released',
      event: 'sent',
      attempts: 1,
      firstSeenAt: START,
      foundBy: 'sweep',
      printerId: PRINTER,
      jobId: JOB,
    });
    expect(JSON.parse(row?.job ?? '')).toMatchObject({ id: JOB });
    expect(worker.logger.events.at(-1)).toMatchObject({
      event: 'job.processed',
      outcome: 'done',
      jobOutcome: 'released',
      attempts: 1,
    });
  });

  test('a job too long for a cell (64 KiB) is shortened alike in the row and in the event, whose text the row keeps', async () => {
    const createdBy = { id: 'user-1', displayName: 'Somebody' };
    const redirectedFrom = 'x'.repeat(20_000);
    const configuration = { text: 'x'.repeat(20_000) };
    worker.world.putJob(PRINTER, JOB, { isFetchable: true, createdBy, redirectedFrom, configuration });
    await expect(worker.process(messageOf(FETCHABLE))).resolves.toBe('done');
    const row = await worker.row(FETCHABLE);
    expect((row?.job ?? '').length).toBeLessThanOrEqual(32 * 1024);
    expect(JSON.parse(row?.job ?? '')).toMatchObject({ createdBy, configuration, status: { state: 'paused' } });
    expect(JSON.parse(row?.truncated ?? '')).toEqual(['job.redirectedFrom']);
    const shown = { createdBy, configuration, redirectedFrom: `${'x'.repeat(1_021)}…` };
    expect(worker.events()[0]).toMatchObject({ data: { job: shown, truncated: ['job.redirectedFrom'] } });
    expect(worker.queues.events.sent[0]?.text.length).toBeLessThanOrEqual(32 * 1024);
  });

  test('a repeat of either kind finds the row done and does nothing', async () => {
    worker.printStarted();
    worker.printFetchable();
    worker.world.putJob(PRINTER, JOB, { isFetchable: true }, [TASK]);
    for (const reference of [STARTED, FETCHABLE]) {
      await worker.process(messageOf(reference));
      const { length } = worker.world.calls;
      await expect(worker.process(messageOf(reference))).resolves.toBe('duplicate');
      expect(worker.world.calls).toHaveLength(length);
    }
    expect(worker.events()).toHaveLength(2);
  });

  test('while another run works on the job the message is deferred until 15 seconds after its lease', async () => {
    worker.printStarted();
    let reading: () => void = () => undefined;
    const began = new Promise<void>((resolve) => (reading = resolve));
    let goOn: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    const first = worker.process(
      messageOf(STARTED),
      worker.startProcess({
        callGraph: async (call) => {
          reading();
          await gate;
          return worker.world.callGraph(call);
        },
      }),
    );
    await began;
    await expect(worker.process(messageOf(STARTED))).resolves.toBe('deferred');
    // Lease of 90 seconds, 15 seconds of margin.
    expect(worker.queues.jobs.sent.at(-1)?.delaySeconds).toBe(105);
    goOn();
    await expect(first).resolves.toBe('done');
    await expect(worker.process(worker.lastDeferred())).resolves.toBe('duplicate');
    expect(worker.events()).toHaveLength(1);
  });
});

describe('a notification is checked against Graph', () => {
  test('a notification without a place: the task names it', async () => {
    worker.printStarted();
    const { printerId: _printer, jobId: _job, ...bare } = STARTED;
    await expect(worker.process(messageOf(bare))).resolves.toBe('done');
    expect(worker.world.said()).toEqual([`GET ${TASK_PATH}`, `GET ${JOB_PATH}?$expand=tasks`, `PATCH ${TASK_PATH}`]);
    expect(worker.events()[0]).toMatchObject({ subject: `jobs/${JOB}` });
  });

  test('a job answer without tasks does not defer the message: the task confirms the place', async () => {
    worker.printStarted();
    worker.world.putJob(PRINTER, JOB);
    await expect(worker.process(messageOf(STARTED))).resolves.toBe('done');
    expect(worker.world.said()).toEqual([`GET ${JOB_PATH}?$expand=tasks`, `GET ${TASK_PATH}`, `PATCH ${TASK_PATH}`]);
  });

  test('a place that belongs to another job is not used: the job of the parentUrl is read', async () => {
    worker.printStarted();
    worker.world.putJob(PRINTER, '9999', {}, ['66666666-6666-6666-6666-666666666666']);
    await expect(worker.process(messageOf({ ...STARTED, jobId: '9999' }))).resolves.toBe('done');
    expect(worker.world.said()).toEqual([
      `GET /print/printers/${PRINTER}/jobs/9999?$expand=tasks`,
      `GET ${TASK_PATH}`,
      `GET ${JOB_PATH}?$expand=tasks`,
      `PATCH ${TASK_PATH}`,
    ]);
    expect(worker.events()[0]).toMatchObject({ data: { jobId: JOB } });
    expect((await worker.row())?.jobId).toBe(JOB);
  });

  test('a host in the parentUrl is never called', async () => {
    worker.printStarted();
    worker.world.putTask(TASK, { parentUrl: `https://attacker.example${new URL(PARENT_URL).pathname}` });
    const { printerId: _printer, jobId: _job, ...bare } = STARTED;
    await worker.process(messageOf(bare));
    expect(worker.world.said().every((call) => / \/print\//.test(call))).toBe(true);
  });

  test('a task without parentUrl whose job lists it as pending waits for the task to begin', async () => {
    worker.world.putTask(TASK, { state: 'pending' });
    worker.world.putJob(PRINTER, JOB, {}, [TASK]);
    await expect(worker.process(messageOf(STARTED))).resolves.toBe('deferred');
    expect(await worker.row()).toMatchObject({
      status: 'waiting',
      waitReason: 'notYet',
      cause: 'taskNotProcessing',
    });
    worker.world.putTask(TASK);
    await expect(worker.process(worker.lastDeferred())).resolves.toBe('done');
  });

  test('a task listed by its job may end between both readings, and then the place is known', async () => {
    worker.world.putTask(TASK, { state: 'pending' });
    worker.world.putJob(PRINTER, JOB, {}, [TASK]);
    worker.world.next('GET', /taskDefinitions/, () => ({ id: TASK, status: { state: 'processing' } }));
    worker.world.tasks.set(TASK, { state: 'processing', description: '' });
    worker.world.next('GET', /printers/, () => ({
      id: JOB,
      tasks: [{ id: TASK, status: { state: 'pending' } }],
    }));
    await expect(worker.process(messageOf(STARTED))).resolves.toBe('done');
    expect(worker.events()[0]).toMatchObject({ data: { printerId: PRINTER, jobId: JOB } });
  });
});

describe('tasks that ended without us', () => {
  test.each(['completed', 'aborted'])('%s by another: the event says ended, nothing is written', async (state) => {
    worker.printStarted();
    worker.world.putTask(TASK, { state, description: 'Somebody else', parentUrl: PARENT_URL });
    await expect(worker.process(messageOf(STARTED))).resolves.toBe('done');
    expect(worker.world.patches()).toBe(0);
    expect(worker.events()[0]).toMatchObject({ data: { outcome: 'ended', job: { id: JOB } } });
  });

  test('ended without a readable job: the event names the known ids', async () => {
    worker.world.putTask(TASK, { state: 'aborted' });
    const { printerId: _printer, jobId: _job, ...bare } = STARTED;
    await expect(worker.process(messageOf(bare))).resolves.toBe('done');
    expect(worker.events()[0]).toMatchObject({
      source: `/tenants/${TENANT}/printers/unknown`,
      subject: 'jobs/unknown',
      data: { outcome: 'ended', job: null },
    });
  });

  test('ended while we decided: after the refused PATCH the task is read, and the event says ended', async () => {
    worker.printStarted();
    const deps = worker.startProcess({
      rules: {
        rulesOf: () => {
          worker.world.putTask(TASK, { state: 'completed', description: 'Redirected' });
          return Promise.resolve({ kind: 'none' });
        },
      },
    });
    await expect(worker.process(messageOf(STARTED), deps)).resolves.toBe('done');
    expect(worker.events()[0]).toMatchObject({ data: { outcome: 'ended' } });
  });

  test.each([
    ['a pause of the tenant kept back', 'graphThrottled', 60_000],
    ['had no token', 'tokenUnavailable', 0],
  ] as const)('ended by another party after a PATCH that %s: the event says ended', async (_why, code, pauseMs) => {
    worker.printStarted();
    const unsent = new GraphError(code, 'PATCH was not sent', { retryAfterMs: pauseMs });
    // Another job of the tenant is throttled while this one is decided on.
    const rulesOf = () => {
      if (pauseMs > 0) worker.throttle.pause(TENANT, pauseMs);
      return Promise.resolve({ kind: 'none' } as const);
    };
    worker.world.next('PATCH', /./, thrower(unsent));
    const deps = worker.startProcess({ rules: { rulesOf } });
    await expect(worker.process(messageOf(STARTED), deps)).resolves.toBe('deferred');
    worker.world.putTask(TASK, { state: 'completed', description: 'Somebody else' });
    worker.clock.advance(10 * 60_000);
    await expect(worker.process(worker.lastDeferred())).resolves.toBe('done');
    expect(worker.events()[0]).toMatchObject({ data: { outcome: 'ended' } });
  });

  test('ended by a PATCH whose first try was answered 503 before a pause kept the next one back: it is ours', async () => {
    worker.printStarted();
    worker.world.next('PATCH', /./, () => {
      worker.world.putTask(TASK, { state: 'completed', parentUrl: PARENT_URL });
      worker.throttle.pause(TENANT, 60_000);
      throw new GraphError('graphThrottled', 'PATCH was not sent', { retryAfterMs: 60_000 });
    });
    await expect(worker.process(messageOf(STARTED))).resolves.toBe('deferred');
    worker.clock.advance(10 * 60_000);
    await expect(worker.process(worker.lastDeferred())).resolves.toBe('done');
    expect(worker.events()[0]).toMatchObject({ data: { outcome: 'released' } });
  });

  test('a PATCH refused because an earlier try of ours took effect is ours, whatever the description says', async () => {
    worker.printStarted();
    worker.world.next('PATCH', /./, () => {
      worker.world.putTask(TASK, { state: 'completed', description: 'The job was released by the app' });
      throw Object.assign(graphError('conflict'), { wasRepeated: true });
    });
    await expect(worker.process(messageOf(STARTED))).resolves.toBe('done');
    expect(worker.events()[0]).toMatchObject({ data: { outcome: 'released' } });
  });

  test('an ended task that only its job still shows is reported', async () => {
    worker.printStarted();
    worker.world.putTask(TASK, { state: 'completed', description: '' });
    worker.world.next('GET', /taskDefinitions/, thrower(graphError('notFound')));
    await expect(worker.process(messageOf(STARTED))).resolves.toBe('done');
    expect(worker.events()[0]).toMatchObject({
      data: { outcome: 'ended', printerId: PRINTER, jobId: JOB },
    });
  });

  test('a refused PATCH of a task that is still open is logged and retried', async () => {
    worker.printStarted();
    worker.world.always('PATCH', /./, thrower(graphError('conflict')));
    await expect(worker.process(messageOf(STARTED))).resolves.toBe('deferred');
    expect(worker.logger.events.find(({ event }) => event === 'job.failed')).toMatchObject({
      code: 'graphConflict',
    });
    expect(await worker.row()).toMatchObject({ status: 'failed', cause: 'graphConflict' });
    expect(worker.events()).toEqual([]);
  });
});

describe('JobFetchable when it is read late', () => {
  test.each([
    [{ isFetchable: true, status: { state: 'paused', isAcquiredByPrinter: true } }, 'printed'],
    [{ isFetchable: false, status: { state: 'processing', isAcquiredByPrinter: true } }, 'printed'],
    [{ isFetchable: false, status: { state: 'completed' } }, 'printed'],
    [{ isFetchable: false, status: { state: 'canceled' } }, 'ended'],
    [{ isFetchable: true, status: { state: 'aborted' } }, 'ended'],
  ])('%j gives the outcome %s', async (fields, outcome) => {
    worker.world.putJob(PRINTER, JOB, fields);
    await expect(worker.process(messageOf(FETCHABLE))).resolves.toBe('done');
    expect(worker.events()[0]).toMatchObject({ data: { outcome } });
    expect(await worker.row(FETCHABLE)).toMatchObject({ status: 'done', outcome });
  });
});
