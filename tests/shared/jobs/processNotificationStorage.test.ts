import { ReceiverError } from '../../../shared/errors';
import {
  createJobWorker,
  FETCHABLE,
  messageOf,
  PRINTER,
  START,
  type JobWorker,
} from '../../support/createJobWorker';

const HOUR = 3_600_000;
let worker: JobWorker;
beforeEach(async () => {
  worker = await createJobWorker();
});

const unavailable = () =>
  Promise.reject(new ReceiverError('out of order', { code: 'storageUnavailable', retryable: true }));

describe('tables out of order', () => {
  test.each([
    ['before the claim', { insert: unavailable }],
    ['at the record, and when the claim is given back', { replace: unavailable }],
  ])('%s: the message waits in the queue and burns no attempt', async (_when, broken) => {
    worker.printFetchable();
    const deps = worker.startProcess({ ledger: { ...worker.ledger, ...broken } });
    expect(await worker.process(messageOf(FETCHABLE), deps)).toBe('postponed');
    expect(worker.queues.jobs.sent).toHaveLength(1);
    expect(worker.lastPutBack()).toMatchObject({ event: { deferrals: 1 } });

    // The tables are back; a lease that was left behind has ended.
    worker.clock.advance(HOUR);
    expect(await worker.process(worker.lastPutBack())).toBe('done');
  });
});

describe('the end of the subscription that a notification names', () => {
  const inHours = (hours: number) => new Date(Date.parse(START) + hours * HOUR).toISOString();
  const renewals = () => worker.renewals.sent.map(({ text }) => JSON.parse(text) as unknown);

  test('under a day away: the renewal is asked for, once the job is done', async () => {
    worker.printFetchable();
    expect(await worker.process(messageOf(FETCHABLE, { expires: inHours(23) }))).toBe('done');
    expect(renewals()).toMatchObject([{ event: { kind: 'renew', rowKey: `jobFetchable_${PRINTER}` } }]);
  });

  test.each([
    ['two days away', inHours(48)],
    ['not named', undefined],
    ['no date', 'soon'],
  ])('%s: nothing is asked', async (_when, expires) => {
    worker.printFetchable();
    await worker.process(messageOf(FETCHABLE, expires === undefined ? {} : { expires }));
    expect(renewals()).toEqual([]);
  });

  test('a renewal that cannot be asked for does not touch the job', async () => {
    worker.printFetchable();
    const deps = worker.startProcess({ requestRenewal: unavailable });
    expect(await worker.process(messageOf(FETCHABLE, { expires: inHours(1) }), deps)).toBe('done');
    expect(worker.events()).toHaveLength(1);
  });
});
