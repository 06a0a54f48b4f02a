import { graphError } from '../../support/createFakeGraph';
import { createJobWorker, JOB, messageOf, PRINTER, TENANT, type JobWorker } from '../../support/createJobWorker';
import { thrower } from '../../support/createPrintWorld';
import type { JobReference } from '../../../shared/jobs/message';

const ENDED = { kind: 'jobEnded', tenantId: TENANT, printerId: PRINTER, jobId: JOB } as const satisfies JobReference;
const ID = `${TENANT}/jobFetchable_${PRINTER}_${JOB}/end`;
const bySweep = messageOf(ENDED, { foundBy: 'sweep' });

let worker: JobWorker;
beforeEach(async () => {
  worker = await createJobWorker();
});
const putJob = (state: string, details: string[] = []) =>
  worker.world.putJob(PRINTER, JOB, { status: { state, description: '', details, isAcquiredByPrinter: true } });

// resources/printjobstatus.md: the states in which a job has ended.
test.each([
  ['completed', ['completedWithErrors'], 'completed'],
  ['aborted', [], 'failed'],
  ['canceled', [], 'canceled'],
])('a job in state %s with details %j gives print.job.ended with outcome %3$s', async (state, details, outcome) => {
  putJob(state, details);
  await expect(worker.process(bySweep)).resolves.toBe('done');
  expect(worker.events()).toEqual([
    expect.objectContaining({
      id: ID,
      type: 'print.job.ended',
      source: `/tenants/${TENANT}/printers/${PRINTER}`,
      subject: `jobs/${JOB}`,
      data: expect.objectContaining({
        outcome,
        printerId: PRINTER,
        jobId: JOB,
        job: expect.objectContaining({ status: expect.objectContaining({ state, details }) as unknown }) as unknown,
      }) as unknown,
    }),
  ]);
  expect(await worker.row(ENDED)).toMatchObject({ status: 'done', outcome, event: 'sent' });
});

test.each(['completed', 'canceled', 'aborted'])(
  'a job in state %s that was redirected after the listing has no end here: its job on the other printer has one',
  async (state) => {
    const redirectedTo = 'https://graph.microsoft.com/v1.0/print/printers/88888888-8888-8888-8888-888888888888/jobs/7';
    worker.world.putJob(PRINTER, JOB, { redirectedTo, status: { state, isAcquiredByPrinter: true } });
    await expect(worker.process(bySweep)).resolves.toBe('deferred');
    worker.clock.advance(10 * 60_000);
    await expect(worker.process(worker.lastDeferred())).resolves.toBe('gone');
    expect(worker.events()).toEqual([]);
  },
);

test('a second message of the same end is a duplicate', async () => {
  putJob('completed');
  await worker.process(bySweep);
  await expect(worker.process(bySweep)).resolves.toBe('duplicate');
  expect(worker.events()).toHaveLength(1);
});

test.each(['processing', 'stopped', 'constructor'])(
  'a job in state %s has not ended, and is read again',
  async (state) => {
    putJob(state);
    await expect(worker.process(bySweep)).resolves.toBe('deferred');
    putJob('completed');
    await expect(worker.process(bySweep)).resolves.toBe('done');
  },
);

test('an outage of Graph defers the end', async () => {
  putJob('completed');
  worker.world.next('GET', /./, thrower(graphError('unavailable')));
  await expect(worker.process(bySweep)).resolves.toBe('deferred');
  await expect(worker.process(bySweep)).resolves.toBe('done');
  expect(worker.events()).toHaveLength(1);
});

test('rules neither decide on the end of a job nor archive it', async () => {
  worker.useDocument([{ name: 'all', on: 'jobFetchable', when: {}, then: { archive: {} } }]);
  putJob('completed');
  await expect(worker.process(bySweep)).resolves.toBe('done');
  expect(worker.events()[0]).not.toHaveProperty(['data', 'rule']);
});

test('the end of a job of a paused customer is dropped', async () => {
  putJob('completed');
  await worker.tenants.update(TENANT, (tenant) => ({ ...tenant, status: 'paused' }));
  await expect(worker.process(bySweep)).resolves.toBe('dropped');
  expect(worker.events()).toEqual([]);
});
