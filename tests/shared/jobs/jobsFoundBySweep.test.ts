import { graphError } from '../../support/createFakeGraph';
import {
  createJobWorker,
  FETCHABLE,
  JOB,
  messageOf,
  PRINTER,
  START,
  TENANT,
  type JobWorker,
} from '../../support/createJobWorker';
import { thrower } from '../../support/createPrintWorld';

const CREATED = '2026-11-21T23:55:00.000Z';
const NOTIFIED = '2026-11-22T00:03:00.000Z';

let worker: JobWorker;
beforeEach(async () => {
  worker = await createJobWorker();
  worker.world.putJob(PRINTER, JOB, { isFetchable: true, createdDateTime: CREATED });
});

const bySweep = { foundBy: 'sweep' } as const;
const byGraph = { foundBy: 'graph', receivedAt: NOTIFIED } as const;

test('a row says who found the job and when it was created', async () => {
  await worker.process(messageOf(FETCHABLE, bySweep));
  const row = await worker.row(FETCHABLE);
  expect(row).toMatchObject({ status: 'done', foundBy: 'sweep', jobCreatedAt: CREATED });
  expect(row?.notifiedAt).toBeUndefined();
});

test('a notification that arrives after the sweep is noted on the row, once, and is a duplicate', async () => {
  await worker.process(messageOf(FETCHABLE, bySweep));
  await expect(worker.process(messageOf(FETCHABLE, byGraph))).resolves.toBe('duplicate');
  await worker.process(messageOf(FETCHABLE, { ...byGraph, receivedAt: '2026-11-22T03:00:00.000Z' }));
  expect(await worker.row(FETCHABLE)).toMatchObject({
    status: 'done',
    foundBy: 'sweep',
    notifiedAt: NOTIFIED,
    outcome: 'fetchable',
  });
  expect(worker.events()).toHaveLength(1);
});

test('it is noted on a row that is not done yet, too', async () => {
  worker.world.next('GET', /./, thrower(graphError('unavailable')));
  await worker.process(messageOf(FETCHABLE, bySweep));
  await expect(worker.process(messageOf(FETCHABLE, byGraph))).resolves.toBe('done');
  expect(await worker.row(FETCHABLE)).toMatchObject({ foundBy: 'sweep', notifiedAt: NOTIFIED });
});

test('a row that Graph found first is not written for its duplicates', async () => {
  await worker.process(messageOf(FETCHABLE, byGraph));
  const etag = async () => (await worker.ledgerTable.get(TENANT, `jobFetchable_${PRINTER}_${JOB}`))?.etag;
  const before = await etag();
  await worker.process(messageOf(FETCHABLE, byGraph));
  await worker.process(messageOf(FETCHABLE, bySweep));
  expect(await etag()).toBe(before);
});

test('a failed or gone row says when the sweep may retry it', async () => {
  worker.printFetchable();
  worker.world.next('GET', /./, thrower(graphError('forbidden')));
  await expect(worker.process(messageOf(FETCHABLE))).rejects.toMatchObject({ code: 'graphForbidden' });
  const { nextTryAt } = (await worker.row(FETCHABLE)) ?? {};
  expect(Date.parse(nextTryAt ?? '') - Date.parse(START)).toBe(9 * 60_000);
});

test('the ledger is listed without the jobs, and an unreadable row is reported', async () => {
  await worker.process(messageOf(FETCHABLE, bySweep));
  await worker.ledgerTable.insert({ partitionKey: TENANT, rowKey: 'jobFetchable_x_1', status: 'odd' });
  await worker.ledgerTable.insert({ partitionKey: 'other', rowKey: 'jobFetchable_x_2', status: 'done' });
  const reported: string[] = [];
  const rows = [];
  const onUnreadable = (error: Error) => void reported.push(error.message);
  for await (const listed of worker.ledger.list(TENANT, { onUnreadable })) rows.push(listed);
  expect(rows.map(({ rowKey, row }) => [rowKey, row?.status, row?.job])).toEqual([
    [`jobFetchable_${PRINTER}_${JOB}`, 'done', undefined],
    ['jobFetchable_x_1', undefined, undefined],
  ]);
  expect(reported).toEqual([expect.stringContaining('PrintJobs')]);
});
