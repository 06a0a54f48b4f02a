import { formatEventOfRow, sentEventsOf } from '../../../shared/jobs/jobEventOfRow';
import { eventId } from '../../../shared/jobs/jobEvent';
import { ledgerKey, type JobReference } from '../../../shared/jobs/message';
import { storeWish } from '../../../shared/jobs/wishes';
import { readDocument } from '../../../shared/rules/readDocument';
import {
  createJobWorker,
  FETCHABLE,
  JOB,
  messageOf,
  PARENT_URL,
  PRINTER,
  START,
  STARTED,
  TASK,
  TENANT,
  type JobWorker,
} from '../../support/createJobWorker';
import { findEventFaults } from '../../support/findEventFaults';

const TARGET = '66666666-6666-6666-6666-666666666666';
const KEY = ledgerKey(STARTED);
const LATER = '2026-11-22T01:00:00.000Z';

let worker: JobWorker;
beforeEach(async () => {
  worker = await createJobWorker();
  worker.printStarted();
  worker.world.printers.add(TARGET);
});

function use(then: object): void {
  const rules = [{ name: 'the rule', on: 'jobStarted', when: {}, then }];
  const read = readDocument(JSON.stringify({ version: 1, rules }));
  if (!('document' in read)) throw new Error(JSON.stringify(read.faults));
  worker.useRules({ kind: 'rules', document: read.document, etag: '"7"', blob: 'rules/default.json' });
}

/** The events that the row of a job event says were sent, with their times and as they are rebuilt. */
async function sentOf(reference: JobReference = STARTED) {
  const row = await worker.row(reference);
  const events = row ? sentEventsOf(ledgerKey(reference), row) : [];
  const rebuilt = events.map((event) => JSON.parse(row ? formatEventOfRow(event, row) : '') as Record<string, unknown>);
  expect(rebuilt.flatMap(findEventFaults)).toEqual([]);
  return { events, sentAt: events.map(({ sentAt }) => sentAt), rebuilt };
}

test('a released job: the same event, with the time at which the queue confirmed it', async () => {
  worker.clock.advance(1_000);
  await worker.process(messageOf(STARTED));
  const { rebuilt, sentAt } = await sentOf();
  expect(rebuilt).toEqual(worker.events());
  expect(sentAt).toEqual(['2026-11-22T00:00:01.000Z']);
});

test('a ready job: the same event but its documents, which `truncated` names', async () => {
  worker.printFetchable();
  await worker.process(messageOf(FETCHABLE));
  const { rebuilt } = await sentOf(FETCHABLE);
  const [sent] = worker.events() as { data: object }[];
  expect(rebuilt).toEqual([{ ...sent, data: { ...sent?.data, documents: undefined, truncated: ['documents'] } }]);
});

test('a redirected job: the same event, with the job that continues it', async () => {
  use({ redirect: { printer: TARGET } });
  await worker.process(messageOf(STARTED));
  expect((await sentOf()).rebuilt).toEqual(worker.events());
  expect(worker.events()).toMatchObject([{ data: { redirectedTo: { printerId: TARGET, jobId: '9001' } } }]);
});

test('a job that another party redirected from and to a printer: the same event', async () => {
  const url = PARENT_URL.replace(PRINTER, TARGET);
  worker.world.putTask(TASK, { state: 'completed', parentUrl: PARENT_URL });
  worker.world.putJob(PRINTER, JOB, { redirectedTo: url, redirectedFrom: url }, [TASK]);
  expect(await worker.process(messageOf(STARTED))).toBe('done');
  const { rebuilt } = await sentOf();
  expect(rebuilt).toEqual(worker.events());
  expect(rebuilt).toMatchObject([{ data: { redirectedFrom: { printerId: TARGET, jobId: JOB } } }]);
});

test('a held job that a wish redirects: two events, each with its time, and the first says nothing about the end', async () => {
  use({ hold: { for: '4h', else: 'abort' } });
  await worker.process(messageOf(STARTED));
  expect(await sentOf()).toMatchObject({ events: [{ phase: 'start' }], sentAt: [START], rebuilt: worker.events() });
  worker.clock.advance(60 * 60_000);
  const { ledger, clock, queues } = worker;
  const deps = { ledger, clock, jobs: queues.jobs, randomBytes: (size: number) => Buffer.alloc(size) };
  await storeWish(deps, KEY, { action: 'redirect', printerId: TARGET, by: 'backend', at: LATER });
  await worker.process(worker.lastDeferred());
  const { events, rebuilt, sentAt } = await sentOf();
  expect(sentAt).toEqual([START, LATER]);
  expect(rebuilt).toEqual(worker.events());
  expect(rebuilt).toMatchObject([
    { data: { outcome: 'held', rule: 'the rule' } },
    { type: 'print.job.ended', data: { outcome: 'redirected', by: 'backend' } },
  ]);
  expect(events.map(eventId)).toEqual([`${TENANT}/${KEY.rowKey}`, `${TENANT}/${KEY.rowKey}/end`]);
});

test('a job of a paused customer: none was sent', async () => {
  await worker.tenants.update(TENANT, (tenant) => ({ ...tenant, status: 'paused' }));
  await worker.process(messageOf(STARTED));
  expect((await sentOf()).events).toEqual([]);
});

test('an event that the queue refused: none was sent', async () => {
  worker.queues.events.send = () => Promise.reject(new Error('503'));
  await worker.process(messageOf(STARTED)).catch(() => undefined);
  expect(await worker.row()).toMatchObject({ event: 'pending' });
  expect((await sentOf()).events).toEqual([]);
});

test('a row with another key has no events', () => {
  const row = {
    status: 'done',
    phase: 'start',
    attempts: 1,
    firstSeenAt: START,
    foundBy: 'graph',
    event: 'sent',
  } as const;
  expect(sentEventsOf({ tenantId: TENANT, rowKey: 'other_1_2' }, { ...row, outcome: 'released' })).toEqual([]);
  expect(sentEventsOf(KEY, row)).toEqual([]);
});
