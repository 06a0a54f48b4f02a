import { GraphError } from '../../../shared/graph/errors';
import { ReceiverError } from '../../../shared/errors';
import type { JobReference } from '../../../shared/jobs/message';
import { MOST_OF_A_TENANT_IN_HOST } from '../../../shared/fairness/limits';
import { createTurns } from '../../../shared/fairness/turns';
import { graphError } from '../../support/createFakeGraph';
import {
  createJobWorker,
  FETCHABLE,
  JOB,
  messageOf,
  OTHER_TENANT,
  PRINTER,
  STARTED,
  START,
  TASK,
  TASK_PATH,
  TENANT,
  type JobWorker,
} from '../../support/createJobWorker';
import { thrower } from '../../support/createPrintWorld';

const MINUTE = 60_000;
let worker: JobWorker;
beforeEach(async () => {
  worker = await createJobWorker();
});

/** Plays the queue: whenever a message was deferred, waits its delay and processes it again. */
async function playUntilSettled(reference: JobReference, limitMs: number) {
  const end = worker.clock.now() + limitMs;
  const delays: number[] = [];
  let outcome = await worker.process(messageOf(reference));
  while (outcome === 'deferred' && worker.clock.now() < end) {
    const seconds = worker.queues.jobs.sent.at(-1)?.delaySeconds ?? 0;
    delays.push(seconds);
    worker.clock.advance(seconds * 1000);
    outcome = await worker.process(worker.lastDeferred());
  }
  return { outcome, delays };
}

describe('throttling', () => {
  test('a tenant known to be throttled: one send, no table and no Graph call', async () => {
    worker.printStarted();
    worker.throttle.pause(STARTED.tenantId, 60_000);
    const untouched = () => {
      throw new Error('the table was touched');
    };
    const deps = worker.startProcess({
      ledger: { ...worker.ledger, get: untouched, insert: untouched, replace: untouched },
      readAccess: untouched,
    });
    await expect(worker.process(messageOf(STARTED), deps)).resolves.toBe('deferred');
    expect(worker.world.calls).toEqual([]);
    expect(worker.queues.jobs.sent).toHaveLength(1);
    expect(worker.queues.jobs.sent[0]?.delaySeconds).toBeGreaterThanOrEqual(60);
    expect(worker.lastDeferred()).toMatchObject({ event: { deferrals: 1, taskId: TASK } });
  });

  test('messages of a throttled tenant return one by one after its pause, and not all at once', async () => {
    worker.throttle.pause(STARTED.tenantId, 60_000);
    for (let n = 0; n < 240; n += 1) await worker.process(messageOf(STARTED));
    const delays = worker.queues.jobs.sent.map(({ delaySeconds }) => delaySeconds);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(60);
    // 24 places end 24 messages in a second when each takes a second.
    expect(new Set(delays).size).toBeGreaterThanOrEqual(240 / 24);
    expect(Math.max(...delays)).toBeLessThanOrEqual(61 + 240 / 24);
  });

  test('a message without a place waits without a trigger, one of a tenant that Graph does not answer for 15 s or more', async () => {
    const places = { enter: () => false, leave: () => undefined };
    const silence = { isSilent: (tenantId: string) => tenantId === STARTED.tenantId };
    const turns = createTurns({ silence, clock: worker.clock });
    await expect(worker.process(messageOf(STARTED), worker.startProcess({ places }))).resolves.toBe('waiting');
    for (let n = 0; n < 3; n += 1) {
      await worker.process(messageOf(STARTED), worker.startProcess({ places, silence, turns }));
    }
    expect(worker.queues.waiting.sent.map(({ delaySeconds }) => delaySeconds)).toEqual([0, 15, 16, 17]);
    expect(worker.queues.jobs.sent).toEqual([]);
  });

  test('a pause of 5 seconds or less is left to the Graph client, and other tenants are not delayed', async () => {
    worker.printStarted();
    worker.throttle.pause(STARTED.tenantId, 5_000);
    worker.throttle.pause(OTHER_TENANT, 60_000);
    await expect(worker.process(messageOf(STARTED))).resolves.toBe('done');
  });

  test('throttled during the run: any run may claim the row, and the message returns after Retry-After', async () => {
    worker.printStarted();
    worker.world.next('GET', /printers/, thrower(graphError('throttled', 60_000)));
    await expect(worker.process(messageOf(STARTED, { deferrals: 3 }))).resolves.toBe('deferred');
    const row = await worker.row();
    expect(row).toMatchObject({ status: 'waiting', cause: 'graphThrottled', attempts: 1 });
    expect(row?.runId).toBeUndefined();
    expect(row?.leaseUntil).toBeUndefined();
    expect(Date.parse(row?.nextTryAt ?? '')).toBeGreaterThanOrEqual(Date.parse(START) + 60_000);
    expect(worker.queues.jobs.sent[0]?.delaySeconds).toBeGreaterThanOrEqual(60);
    expect(worker.lastDeferred()).toMatchObject({ event: { deferrals: 4 } });
    await expect(worker.process(messageOf(STARTED))).resolves.toBe('done');
  });

  test('a 429 without Retry-After waits longer each time (concepts/throttling.md: exponential back-off)', async () => {
    worker.world.always('GET', /./, thrower(graphError('throttled')));
    const { delays } = await playUntilSettled(STARTED, 5 * MINUTE);
    expect(delays.slice(0, 6)).toEqual([15, 15, 15, 23, 34, 51]);
  });

  test('a Retry-After of years is waited for no longer than the 15 minutes until the next look, and the spread', async () => {
    worker.world.next('GET', /./, thrower(graphError('throttled', 1e15)));
    await expect(worker.process(messageOf(FETCHABLE))).resolves.toBe('deferred');
    expect(worker.queues.jobs.sent[0]?.delaySeconds).toBe(930);
    worker.throttle.pause(FETCHABLE.tenantId, 1e15);
    await expect(worker.process(messageOf(FETCHABLE))).resolves.toBe('deferred');
    expect(worker.queues.jobs.sent[1]?.delaySeconds).toBe(930);
  });
});

describe('outages', () => {
  test('Graph unavailable: deferred with growing delay, no attempt of the host used, nothing lost', async () => {
    worker.printStarted();
    worker.world.next('GET', /./, thrower(graphError('unavailable')));
    worker.world.next('GET', /./, thrower(graphError('unavailable')));
    const { outcome, delays } = await playUntilSettled(STARTED, 10 * MINUTE);
    expect({ outcome, delays }).toEqual({ outcome: 'done', delays: [15, 15] });
    expect(worker.logger.events.find(({ event }) => event === 'job.dependencyUnavailable')).toMatchObject({
      code: 'graphUnavailable',
    });
  });

  test.each(['unavailable', 'throttled'] as const)(
    'all tries of a call were %s, and Graph answered: the next look comes after 3 seconds, and then the waits grow as in an outage',
    async (kind) => {
      worker.printStarted();
      const answered = () => {
        throw Object.assign(graphError(kind), { wasAnswered: true });
      };
      for (let n = 0; n < 4; n += 1) worker.world.next('GET', /./, answered);
      const { outcome, delays } = await playUntilSettled(STARTED, 10 * MINUTE);
      expect({ outcome, delays }).toEqual({ outcome: 'done', delays: [3, 15, 15, 17] });
    },
  );

  test('a Retry-After of a 503 is respected when it is longer', async () => {
    worker.world.next('GET', /./, thrower(graphError('unavailable', 120_000)));
    await worker.process(messageOf(STARTED));
    expect(worker.queues.jobs.sent[0]?.delaySeconds).toBeGreaterThanOrEqual(120);
  });

  test('an unreachable sign-in host: the same', async () => {
    const tokenUnavailable = new ReceiverError('tokenUnavailable', 'no token');
    worker.world.next('GET', /./, thrower(tokenUnavailable));
    await expect(worker.process(messageOf(STARTED))).resolves.toBe('deferred');
    expect(await worker.row()).toMatchObject({
      status: 'waiting',
      waitReason: 'outage',
      cause: 'tokenUnavailable',
    });
  });

  test('a PATCH whose answer was lost is recognized as our own by the row, whatever the description says', async () => {
    worker.printStarted();
    worker.world.next('PATCH', /./, () => {
      worker.world.putTask(TASK, { state: 'completed', description: 'The job was released by the app' });
      throw graphError('unavailable');
    });
    const { outcome } = await playUntilSettled(STARTED, MINUTE);
    expect(outcome).toBe('done');
    expect(worker.events()).toMatchObject([{ data: { outcome: 'released', jobId: JOB } }]);
  });

  test.each([
    ['forbidden', 'graphForbidden'],
    ['notFound', 'graphNotFound'],
  ] as const)(
    'a PATCH that is %s is logged and retried, and the next run may claim immediately',
    async (kind, code) => {
      worker.printStarted();
      worker.world.next('PATCH', /./, thrower(graphError(kind)));
      await expect(worker.process(messageOf(STARTED))).resolves.toBe('deferred');
      expect(worker.logger.events.find(({ event }) => event === 'job.failed')).toMatchObject({ code });
      expect(await worker.row()).toMatchObject({ status: 'failed', cause: code });
      expect((await worker.row())?.runId).toBeUndefined();
      await expect(worker.process(messageOf(STARTED))).resolves.toBe('done');
      expect((await worker.row())?.cause).toBeUndefined();
    },
  );

  test.each([
    [401, 'graphUnauthorized'],
    [403, 'graphForbidden'],
  ] as const)('%i while reading is thrown and names the permission', async (status, code) => {
    const words = 'Graph refused it: grant the app the application permission PrintJob.ReadBasic.All';
    worker.world.next('GET', /./, thrower(new GraphError(code, words, { status })));
    await expect(worker.process(messageOf(FETCHABLE))).rejects.toThrow(/PrintJob\.ReadBasic\.All/);
    expect(await worker.row(FETCHABLE)).toMatchObject({ status: 'failed', cause: code });
    expect(worker.logger.events.at(-1)).toMatchObject({
      level: 'error',
      event: 'job.failed',
      message: expect.stringContaining(words) as string,
    });
  });

  test('an unknown error is recorded as unexpected and thrown', async () => {
    worker.world.next('GET', /./, thrower(new TypeError('a defect')));
    await expect(worker.process(messageOf(FETCHABLE))).rejects.toThrow('a defect');
    expect(await worker.row(FETCHABLE)).toMatchObject({ status: 'failed', cause: 'unexpected' });
  });

  test('a failed send of the event keeps the job: the error is thrown, the next run claims the row and sends the event once', async () => {
    worker.printFetchable();
    const deps = worker.startProcess({
      queues: { ...worker.queues, events: { send: () => Promise.reject(new Error('queue down')) } },
    });
    await expect(worker.process(messageOf(FETCHABLE), deps)).rejects.toThrow('queue down');
    await expect(worker.process(messageOf(FETCHABLE))).resolves.toBe('done');
    expect(worker.events()).toHaveLength(1);
  });
});

describe('a job that Graph does not show yet', () => {
  test('is deferred, then reported', async () => {
    worker.world.next('GET', /./, thrower(graphError('notFound')));
    worker.world.next('GET', /./, () => ({ id: JOB, isFetchable: false, status: { state: 'paused' } }));
    worker.printFetchable();
    const { outcome, delays } = await playUntilSettled(FETCHABLE, MINUTE);
    expect({ outcome, delays }).toEqual({ outcome: 'done', delays: [2, 2] });
    expect(worker.events()).toMatchObject([{ time: START, data: { outcome: 'fetchable' } }]);
  });

  test.each([
    ['JobFetchable', FETCHABLE, 'jobNotFound'],
    ['JobStarted', STARTED, 'taskNotFound'],
  ] as const)('%s: after 10 minutes it is gone, without an event', async (_name, reference, cause) => {
    const { outcome, delays } = await playUntilSettled(reference, 20 * MINUTE);
    expect(outcome).toBe('gone');
    const total = delays.reduce((sum, seconds) => sum + seconds, 0);
    expect(total).toBeGreaterThanOrEqual(600);
    expect(total).toBeLessThanOrEqual(660);
    expect(Math.max(...delays)).toBeLessThanOrEqual(75);
    expect(await worker.row(reference)).toMatchObject({ status: 'gone', cause });
    expect(worker.events()).toEqual([]);
    expect(worker.logger.events.at(-1)).toMatchObject({ level: 'warn', event: 'job.gone', cause });
  });

  test('an outage before the first read does not use up the 10 minutes', async () => {
    worker.world.next('GET', /./, thrower(graphError('unavailable', 20 * MINUTE)));
    await worker.process(messageOf(FETCHABLE));
    worker.clock.advance(20 * MINUTE);
    await expect(worker.process(worker.lastDeferred())).resolves.toBe('deferred');
    worker.printFetchable();
    await expect(worker.process(worker.lastDeferred())).resolves.toBe('done');
  });

  test('an earlier wait for another reason does not delay its first read', async () => {
    await expect(worker.process(messageOf(FETCHABLE, { deferrals: 40 }))).resolves.toBe('deferred');
    expect(worker.queues.jobs.sent[0]?.delaySeconds).toBe(2);
  });

  test('a later notification reopens a row that was gone, with 10 minutes of its own', async () => {
    await playUntilSettled(FETCHABLE, 20 * MINUTE);
    worker.clock.advance(60 * MINUTE);
    const reopened = worker.clock.now();
    await expect(worker.process(messageOf(FETCHABLE))).resolves.toBe('deferred');
    expect(await worker.row(FETCHABLE)).toMatchObject({
      status: 'waiting',
      firstSeenAt: new Date(reopened).toISOString(),
    });
    worker.printFetchable();
    await expect(worker.process(worker.lastDeferred())).resolves.toBe('done');
    expect(worker.events()).toHaveLength(1);
  });
});

describe('tasks that are not in processing', () => {
  // Whether a task that has not begun can be ended is not documented: both answers of Graph are played.
  test.each(['pending', 'unknownFutureValue'])(
    '%s, and Graph refuses to end it: deferred until its deadline, then failed, and released once it has begun',
    async (state) => {
      worker.printStarted();
      worker.world.putTask(TASK, { state });
      await expect(playUntilSettled(STARTED, 60 * MINUTE)).rejects.toMatchObject({ code: 'graphRejected' });
      expect((worker.clock.now() - Date.parse(START)) / MINUTE).toBeGreaterThanOrEqual(15);
      expect(worker.queues.jobs.sent.map(({ delaySeconds }) => delaySeconds).every((s) => s <= 75)).toBe(true);
      expect(await worker.row()).toMatchObject({ status: 'failed', cause: 'graphRejected', failures: 1 });
      worker.printStarted();
      await expect(worker.process(messageOf(STARTED, { foundBy: 'sweep' }))).resolves.toBe('done');
      expect(worker.events()).toMatchObject([{ data: { outcome: 'released' } }]);
    },
  );

  test.each(['pending', 'unknownFutureValue'])(
    '%s, and Graph lets it be ended: ended at the deadline, for a print waits',
    async (state) => {
      worker.printStarted();
      worker.world.putTask(TASK, { state });
      worker.world.always('PATCH', /./, () => ({}));
      const { outcome } = await playUntilSettled(STARTED, 60 * MINUTE);
      expect(outcome).toBe('done');
      expect(worker.world.patches()).toBe(1);
      expect((worker.clock.now() - Date.parse(START)) / MINUTE).toBeGreaterThanOrEqual(15);
      expect(worker.events()).toMatchObject([{ data: { outcome: 'deadline' } }]);
    },
  );

  test('one that does not begin before a deadline of a day is looked at less and less often, and at its deadline', async () => {
    await worker.tenants.update(TENANT, (tenant) => ({ ...tenant, taskDeadlineMinutes: 1_440 }));
    worker.printStarted();
    worker.world.putTask(TASK, { state: 'unknownFutureValue' });
    worker.world.always('PATCH', /./, () => ({}));
    const { outcome } = await playUntilSettled(STARTED, 1_500 * MINUTE);
    expect(outcome).toBe('done');
    expect(worker.queues.jobs.sent.length).toBeLessThan(250);
    const delays = worker.queues.jobs.sent.map(({ delaySeconds }) => delaySeconds);
    expect(Math.max(...delays)).toBeLessThanOrEqual(10 * 60);
    const endedAfter = worker.clock.now() - Date.parse(START);
    expect(endedAfter / MINUTE).toBeGreaterThanOrEqual(1_440);
    expect(endedAfter / MINUTE).toBeLessThan(1_441);
  });

  test('another failure of the PATCH is not treated as a refusal', async () => {
    worker.printStarted();
    worker.world.putTask(TASK, { state: 'pending' });
    await worker.process(messageOf(STARTED));
    worker.clock.advance(15 * MINUTE);
    worker.world.next('PATCH', /./, thrower(graphError('unavailable')));
    await expect(worker.process(worker.lastDeferred())).resolves.toBe('deferred');
    expect(await worker.row()).toMatchObject({ cause: 'graphUnavailable' });
  });
});

describe('a job that Graph does not show for longer than the ten minutes of "not yet"', () => {
  const GONE_PARENT = `https://graph.microsoft.com/v1.0/print/printers/${PRINTER}/jobs/${JOB}`;

  test.each([
    ['whose task has no readable parentUrl', undefined, 'taskWithoutJob'],
    ['that the parentUrl names', GONE_PARENT, 'jobNotFound'],
  ])('%s: its task is ended, the event and the log say so', async (_name, parentUrl, cause) => {
    worker.world.putTask(TASK, parentUrl === undefined ? {} : { parentUrl });
    const { outcome } = await playUntilSettled(STARTED, 30 * MINUTE);
    expect(outcome).toBe('done');
    const openMinutes = (worker.clock.now() - Date.parse(START)) / MINUTE;
    expect(openMinutes).toBeGreaterThanOrEqual(10);
    expect(openMinutes).toBeLessThanOrEqual(11.5);
    expect(worker.world.tasks.get(TASK)).toMatchObject({ state: 'completed' });
    expect(worker.events()).toMatchObject([{ data: { outcome: 'unreadable', job: null } }]);
    expect(await worker.row()).toMatchObject({ status: 'done', outcome: 'unreadable', decidedBy: 'unreadable' });
    expect(worker.logger.events.find(({ event }) => event === 'job.unreadable')).toMatchObject({
      level: 'error',
      key: `jobStarted_${STARTED.definitionId}_${TASK}`,
      cause,
    });
  });

  test('a deadline of less than ten minutes comes first', async () => {
    await worker.tenants.update(STARTED.tenantId, (tenant) => ({ ...tenant, taskDeadlineMinutes: 5 }));
    worker.world.putTask(TASK);
    await playUntilSettled(STARTED, 30 * MINUTE);
    expect((worker.clock.now() - Date.parse(START)) / MINUTE).toBeLessThanOrEqual(6.5);
    expect(worker.world.tasks.get(TASK)).toMatchObject({
      state: 'completed',
      description: 'Released by Universal Print Receiver at its deadline',
    });
    expect(worker.events()).toMatchObject([{ data: { outcome: 'deadline', job: null } }]);
  });
});

describe('the deadline of 15 minutes', () => {
  test.each([true, false])(
    'a job that Graph refuses to show (403) is retried until then, logged each time, and released (place known: %p)',
    async (known) => {
      worker.printStarted();
      const { printerId: _printer, jobId: _job, ...bare } = STARTED;
      const reference = known ? STARTED : bare;
      worker.world.always('GET', /printers/, thrower(graphError('forbidden')));
      // Played by the queue alone: the message itself brings the task to its deadline.
      const { outcome } = await playUntilSettled(reference, 30 * MINUTE);
      expect(outcome).toBe('done');
      const openMinutes = (worker.clock.now() - Date.parse(START)) / MINUTE;
      expect(openMinutes).toBeGreaterThanOrEqual(15);
      expect(openMinutes).toBeLessThanOrEqual(15.1);
      const failed = worker.logger.events.filter(({ event }) => event === 'job.failed');
      expect(failed.length).toBeGreaterThan(3);
      expect(worker.world.said().at(-1)).toBe(`PATCH ${TASK_PATH}`);
      expect(worker.events()).toMatchObject([
        { subject: known ? `jobs/${JOB}` : 'jobs/unknown', data: { outcome: 'deadline', job: null } },
      ]);
    },
  );

  test('when the task cannot be ended at the deadline, the message fails and a person looks at it', async () => {
    worker.printStarted();
    worker.world.always('PATCH', /./, thrower(graphError('forbidden')));
    await worker.process(messageOf(STARTED));
    worker.clock.advance(15 * MINUTE);
    await expect(worker.process(messageOf(STARTED))).rejects.toMatchObject({ code: 'graphForbidden' });
    expect(await worker.row()).toMatchObject({ status: 'failed', cause: 'graphForbidden' });
  });

  test('past the deadline a throttled tenant is still deferred, because nothing may be sent', async () => {
    worker.printStarted();
    worker.world.next('GET', /./, thrower(graphError('unavailable')));
    await worker.process(messageOf(STARTED));
    worker.clock.advance(15 * MINUTE);
    worker.world.next('GET', /./, thrower(graphError('throttled', 60_000)));
    await expect(worker.process(messageOf(STARTED))).resolves.toBe('deferred');
    expect(worker.world.patches()).toBe(0);
  });

  test('a run that stopped after it ended the task at the deadline is recognized by the row', async () => {
    worker.printStarted();
    worker.world.next('GET', /./, thrower(graphError('unavailable')));
    await worker.process(messageOf(STARTED));
    worker.clock.advance(15 * MINUTE);
    worker.world.always('GET', /printers/, thrower(graphError('forbidden')));
    // The process dies when Graph has ended the task.
    const died = worker.startProcess({
      callGraph: async (call) => {
        const answer = await worker.world.callGraph(call);
        if (call.method === 'PATCH') await new Promise(() => undefined);
        return answer;
      },
    });
    void worker.process(messageOf(STARTED), died);
    await new Promise(setImmediate);
    expect(await worker.row()).toMatchObject({ status: 'claimed', decision: 'release', decidedBy: 'deadline' });
    worker.clock.advance(5 * MINUTE);
    await expect(worker.process(messageOf(STARTED))).resolves.toBe('done');
    expect(worker.events()).toMatchObject([{ data: { outcome: 'deadline' } }]);
  });
});

test('a tenant without a place is not read, other tenants continue, and each run leaves its place', async () => {
  worker.printStarted();
  const { places } = worker.deps;
  for (let n = 0; n < MOST_OF_A_TENANT_IN_HOST; n += 1) places.enter(STARTED.tenantId);
  await expect(worker.process(messageOf(STARTED))).resolves.toBe('waiting');
  expect(worker.world.calls).toEqual([]);
  places.leave(STARTED.tenantId);
  await expect(worker.process(messageOf(STARTED))).resolves.toBe('done');
  expect(places.enter(STARTED.tenantId)).toBe(true);
});
