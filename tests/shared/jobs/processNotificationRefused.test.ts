import { createJobWorker, messageOf, STARTED, TASK, type JobWorker } from '../../support/createJobWorker';
import { ReceiverError } from '../../../shared/errors';
import { graphError } from '../../support/createFakeGraph';
import { thrower } from '../../support/createPrintWorld';

let worker: JobWorker;
beforeEach(async () => {
  worker = await createJobWorker();
});

/** The task of an inactive watch is ended as soon as possible, whatever Graph shows of its job. */
describe('a task of an inactive watch', () => {
  const inactive = { ...STARTED, definitionId: 'unwanted' };
  beforeEach(() => worker.putWatch({ id: 'unwanted', wanted: false }));

  test('is ended although Graph refuses to show the job', async () => {
    worker.printStarted();
    worker.world.always('GET', /printers/, thrower(graphError('forbidden')));
    await expect(worker.process(messageOf(inactive))).resolves.toBe('releasedWithoutEvent');
    expect(worker.world.tasks.get(TASK)?.state).toBe('completed');
    expect(worker.events()).toEqual([]);
  });

  test('is deferred while Graph is unavailable', async () => {
    worker.printStarted();
    worker.world.next('GET', /./, thrower(graphError('unavailable')));
    await expect(worker.process(messageOf(inactive))).resolves.toBe('deferred');
    expect(worker.world.patches()).toBe(0);
    await expect(worker.process(worker.lastDeferred())).resolves.toBe('releasedWithoutEvent');
  });
});

test('a message that cannot be sent again is left to the host, and the wait of its row continues', async () => {
  worker.world.putTask(TASK, { state: 'pending' });
  await expect(worker.process(messageOf(STARTED))).resolves.toBe('deferred');
  const { waitingSince } = (await worker.row()) ?? {};
  let sends = 0;
  const jobs = {
    send: () => {
      sends += 1;
      return Promise.reject(new ReceiverError('queueUnavailable', 'no answer in time'));
    },
  };
  const deps = worker.startProcess({ queues: { ...worker.queues, jobs } });
  for (const minutes of [1, 2, 3]) {
    worker.clock.advance(60_000);
    await expect(worker.process(worker.lastDeferred(), deps)).rejects.toMatchObject({ code: 'queueUnavailable' });
    expect(sends).toBe(minutes);
    expect(await worker.row()).toMatchObject({
      status: 'waiting',
      waitReason: 'notYet',
      cause: 'taskNotProcessing',
      waitingSince,
    });
  }
});

test('a message that cannot be deferred fails once: the host keeps the original, no copy is added', async () => {
  worker.printStarted();
  worker.world.next('GET', /./, thrower(graphError('unavailable')));
  let sends = 0;
  const jobs = {
    send: () => {
      sends += 1;
      return Promise.reject(Object.assign(new Error('busy'), { code: 'queueUnavailable' }));
    },
  };
  const deps = worker.startProcess({ queues: { ...worker.queues, jobs } });
  await expect(worker.process(messageOf(STARTED), deps)).rejects.toThrow('busy');
  expect(sends).toBe(1);
});
