import { GraphError } from '../../../shared/graph/errors';
import { ledgerKey, type JobReference } from '../../../shared/jobs/message';
import { planJob, planTask } from '../../../shared/sweep/plan';
import { createSweepMemory } from '../../../shared/sweep/sweepMemory';
import { graphError } from '../../support/createFakeGraph';
import {
  createJobWorker,
  FETCHABLE,
  messageOf,
  OTHER_TENANT,
  STARTED,
  TASK,
  TENANT,
  type JobWorker,
} from '../../support/createJobWorker';
import { thrower } from '../../support/createPrintWorld';

/** Nothing is retried without end: docs/decisions/0013. The worker and the sweep run for days against one fault. */
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** host.json */
const HOST_TRIES = 5;
const VISIBLE_AGAIN_MS = 30_000;

let worker: JobWorker;
beforeEach(async () => {
  worker = await createJobWorker();
});

/** The queue, the host and the sweep of ten minutes, for as long as Graph lists the item. */
async function play(reference: JobReference, days: number, { isOpen = true } = {}) {
  const memory = createSweepMemory(worker.clock);
  const { clock, queues } = worker;
  const waiting = [{ message: messageOf(reference), at: clock.now(), tries: 0 }];
  const counts = { tries: 0, poison: 0 };
  const end = clock.now() + days * DAY;
  let nextSweep = clock.now() + 10 * MINUTE;
  const sweep = async () => {
    nextSweep += 10 * MINUTE;
    const stored = await worker.ledger.getWithoutJob(ledgerKey(reference));
    const sight = {
      now: clock.now(),
      row: stored?.value,
      ageMs: stored?.ageMs ?? 0,
      enqueued: memory.get('it'),
      retryNow: false,
    };
    const plan =
      reference.kind === 'jobStarted' ? planTask(sight, { taskDeadlineMinutes: 15, isOpen }) : planJob(sight);
    if (plan !== 'enqueue' && plan !== 'lookAgain') return;
    memory.note('it');
    const fields = { foundBy: 'sweep', generation: undefined } as const;
    const message = messageOf(reference, { ...fields, ...(plan === 'lookAgain' ? { stillOpen: true } : {}) });
    waiting.push({ message, at: clock.now(), tries: 0 });
  };
  while (clock.now() < end) {
    waiting.sort((a, b) => a.at - b.at);
    const next = waiting[0];
    if (!next || next.at > nextSweep) {
      clock.advance(nextSweep - clock.now());
      await sweep();
      continue;
    }
    clock.advance(Math.max(0, next.at - clock.now()));
    waiting.shift();
    counts.tries += 1;
    try {
      await worker.process(next.message);
    } catch {
      if (next.tries + 1 < HOST_TRIES)
        waiting.push({ ...next, tries: next.tries + 1, at: clock.now() + VISIBLE_AGAIN_MS });
      else counts.poison += 1;
    }
    for (const { text, delaySeconds } of queues.jobs.sent.splice(0)) {
      waiting.push({ message: JSON.parse(text) as unknown, at: clock.now() + (delaySeconds ?? 0) * 1_000, tries: 0 });
    }
  }
  counts.poison += queues.poison.sent.length;
  return { ...counts, left: waiting.length };
}

const forbidden = () => thrower(graphError('forbidden'));

test('a task that Graph refuses to end: two poison messages in a week, and the row says that retries have ended', async () => {
  worker.printStarted();
  worker.world.always('PATCH', /./, forbidden());
  const { poison, left } = await play(STARTED, 7);
  expect({ poison, left }).toEqual({ poison: 2, left: 0 });
  expect(await worker.row()).toMatchObject({
    status: 'failed',
    cause: 'graphForbidden',
    failures: 10,
    retriesEndedAt: expect.any(String) as string,
  });
  const ended = worker.logger.events.findIndex(({ reason }) => reason === 'retriesEnded');
  expect(worker.logger.events[ended]).toMatchObject({
    level: 'error',
    event: 'job.poisoned',
    tenantId: STARTED.tenantId,
    jobId: STARTED.jobId,
    code: 'graphForbidden',
  });
});

test.each(['unknownFutureValue', 'pending'])('a task that stays %s: it comes to rest', async (state) => {
  worker.printStarted();
  worker.world.putTask(TASK, { state });
  const { tries, poison, left } = await play(STARTED, 7);
  expect({ poison, left }).toEqual({ poison: 2, left: 0 });
  // 15 minutes of at most one a minute, five of the host, nine of the sweep.
  expect(tries).toBeLessThan(45);
  expect(await worker.row()).toMatchObject({ status: 'failed', retriesEndedAt: expect.any(String) as string });
});

test('a task of a paused customer: the same, with a message at once', async () => {
  await worker.putTenant({ tenantId: OTHER_TENANT, status: 'paused' });
  await worker.putWatch({ tenantId: OTHER_TENANT });
  worker.printStarted();
  worker.world.always('PATCH', /./, forbidden());
  const reference = { ...STARTED, tenantId: OTHER_TENANT };
  const { poison, left } = await play(reference, 7);
  expect({ poison, left }).toEqual({ poison: 2, left: 0 });
});

test('a ready job that Graph refuses to show, and a defect: the same', async () => {
  worker.world.always('GET', /printers/, forbidden());
  expect(await play(FETCHABLE, 7)).toMatchObject({ poison: 2, left: 0 });
  worker.world.clearScript();
  worker.world.always('GET', /printers/, thrower(new TypeError('a defect')));
  worker.queues.poison.sent.splice(0);
  expect(await play({ ...FETCHABLE, jobId: '1' }, 7)).toMatchObject({ poison: 2, left: 0 });
});

test('a ready job that Graph lists and does not find: ten times ten minutes, then the row says that retries have ended', async () => {
  const { poison, left } = await play(FETCHABLE, 7);
  expect({ poison, left }).toEqual({ poison: 0, left: 0 });
  expect(await worker.row(FETCHABLE)).toMatchObject({
    status: 'gone',
    cause: 'jobNotFound',
    retriesEndedAt: expect.any(String) as string,
  });
});

test('a task that Graph confirms as ended and lists as open: five more times, one event', async () => {
  worker.printStarted();
  worker.world.always('PATCH', /./, () => ({}));
  const { poison, left } = await play(STARTED, 7);
  expect({ poison, left }).toEqual({ poison: 0, left: 0 });
  expect(worker.world.patches()).toBe(1 + 5);
  expect(worker.events()).toHaveLength(1);
  expect(await worker.row()).toMatchObject({
    status: 'done',
    outcome: 'released',
    event: 'sent',
    cause: 'taskStaysOpen',
  });
  expect(worker.logger.events.filter(({ event }) => event === 'job.taskStaysOpen')).toHaveLength(1);
});

describe('a task that was ended and reported, and is listed as open', () => {
  const again = () => messageOf(STARTED, { foundBy: 'sweep', generation: undefined, stillOpen: true });
  const processAgain = async () => {
    expect(await worker.process(messageOf(STARTED, { foundBy: 'sweep', generation: undefined }))).toBe('done');
    worker.world.putTask(TASK, { state: 'pending' });
    worker.clock.advance(15 * MINUTE);
    return worker.process(again());
  };

  test('a pending one is waited for, and ended once more as soon as it begins, however far its deadline is', async () => {
    await worker.tenants.update(TENANT, (tenant) => ({ ...tenant, taskDeadlineMinutes: 1_440 }));
    worker.printStarted();
    expect(await processAgain()).toBe('deferred');
    for (let look = 0; look < 20; look += 1) {
      worker.clock.advance(10 * MINUTE);
      expect(await worker.process(worker.lastDeferred())).toBe('deferred');
    }
    expect(await worker.row()).toMatchObject({ status: 'waiting', event: 'sent', cause: 'taskNotProcessing' });
    worker.world.putTask(TASK);
    worker.clock.advance(10 * MINUTE);
    expect(await worker.process(worker.lastDeferred())).toBe('endedAgain');
    expect(worker.world.tasks.get(TASK)?.state).toBe('completed');
    expect(await worker.row()).toMatchObject({ status: 'done', outcome: 'released', event: 'sent', reopened: 1 });
    expect(await worker.row()).not.toHaveProperty('cause');
    expect(worker.events()).toHaveLength(1);
    expect(await worker.process(messageOf(STARTED))).toBe('duplicate');
  });

  test('the same for a job that was held, before its hold would have ended', async () => {
    worker.useDocument([{ name: 'hold', on: 'jobStarted', then: { hold: { for: '4h', else: 'abort' } } }]);
    worker.printStarted();
    expect(await worker.process(messageOf(STARTED))).toBe('held');
    worker.world.putTask(TASK, { state: 'completed' });
    expect(await processAgain()).toBe('deferred');
    worker.world.putTask(TASK);
    worker.clock.advance(MINUTE);
    expect(await worker.process(worker.lastDeferred())).toBe('endedAgain');
    expect(worker.world.tasks.get(TASK)?.state).toBe('completed');
    expect(worker.events()).toHaveLength(2);
  });

  test('one that Graph does not show is looked at five more times, and reported', async () => {
    worker.printStarted();
    expect(await worker.process(messageOf(STARTED))).toBe('done');
    worker.world.tasks.clear();
    worker.world.jobs.clear();
    const { poison, left } = await play(STARTED, 7);
    expect({ poison, left }).toEqual({ poison: 0, left: 0 });
    expect(await worker.row()).toMatchObject({ status: 'done', reopened: 5, cause: 'taskStaysOpen' });
    expect(worker.logger.events.filter(({ event }) => event === 'job.taskStaysOpen')).toHaveLength(1);
  });
});

test('a job that Graph answers with an error for a week is failed then, not waited for without end', async () => {
  const unavailable = thrower(new GraphError('graphUnavailable', 'Graph returned 500', { status: 500 }));
  worker.world.always('GET', /printers/, unavailable);
  expect(await play(FETCHABLE, 6)).toMatchObject({ poison: 0, left: 1 });
  worker = await createJobWorker();
  worker.world.always('GET', /printers/, unavailable);
  expect(await play(FETCHABLE, 14)).toMatchObject({ poison: 2, left: 0 });
  const row = await worker.row(FETCHABLE);
  expect(row).toMatchObject({ status: 'failed', cause: 'graphUnavailable', failures: 10 });
});

test('after the end of its retries a message that a person replays has as many as the first', async () => {
  worker.printStarted();
  worker.world.always('PATCH', /./, forbidden());
  await play(STARTED, 7);
  await expect(worker.process(messageOf(STARTED, { foundBy: 'replay' }))).rejects.toThrow();
  expect(await worker.row()).toMatchObject({ status: 'failed', failures: 1 });
  worker.world.clearScript();
  await expect(worker.process(messageOf(STARTED, { foundBy: 'replay' }))).resolves.toBe('done');
  const row = await worker.row();
  expect(row).not.toHaveProperty('failures');
  expect(row).not.toHaveProperty('retriesEndedAt');
});
