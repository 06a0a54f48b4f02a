import { createJobWorker, messageOf, STARTED, TASK, type JobWorker } from '../../support/createJobWorker';
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
