import { createLedger } from '../../../shared/jobs/ledger';
import { ledgerKey, ledgerRowKey } from '../../../shared/jobs/message';
import { RestError, type TableClient } from '@azure/data-tables';
import { ReceiverError } from '../../../shared/errors';
import type { EntityTable } from '../../../shared/storage/entityTable';
import { createAzureTable } from '../../../shared/storage/tables';
import { jobRowOf } from '../../support/tableChanges';
import {
  createJobWorker,
  FETCHABLE,
  JOB,
  messageOf,
  PRINTER,
  START,
  STARTED,
  TASK,
  type JobWorker,
} from '../../support/createJobWorker';

const HOUR = 3_600_000;
let worker: JobWorker;
beforeEach(async () => {
  worker = await createJobWorker();
});

const unavailable = () => Promise.reject(new ReceiverError('storageUnavailable', 'out of order'));

describe('unavailable tables', () => {
  test.each([
    ['before the claim', (kind: string) => kind === 'insert'],
    ['at the record, and when the claim is released', (kind: string) => kind === 'replace'],
  ])('%s: the message waits in the queue and uses no attempt', async (_when, broken) => {
    worker.printFetchable();
    const write: EntityTable['write'] = (changes) =>
      broken(jobRowOf(changes).kind) ? unavailable() : worker.ledgerTable.write(changes);
    const deps = worker.startProcess({ ledger: createLedger({ ...worker.ledgerTable, write }) });
    expect(await worker.process(messageOf(FETCHABLE), deps)).toBe('deferred');
    expect(worker.queues.jobs.sent).toHaveLength(1);
    expect(worker.lastDeferred()).toMatchObject({ event: { deferrals: 1 } });

    // The tables are back; a lease that was left behind has ended.
    worker.clock.advance(HOUR);
    expect(await worker.process(worker.lastDeferred())).toBe('done');
  });

  test('the message also waits while the app has no access to its tables, which takes effect minutes after a deployment', async () => {
    const refuse = () => Promise.reject(new RestError('AuthorizationPermissionMismatch', { statusCode: 403 }));
    const client = { submitTransaction: refuse, getEntity: refuse };
    const ledger = createAzureTable(client as unknown as TableClient);
    const deps = worker.startProcess({ ledger: createLedger(ledger) });
    expect(await worker.process(messageOf(FETCHABLE), deps)).toBe('deferred');
    expect(worker.logger.events.find(({ event }) => event === 'job.dependencyUnavailable')).toMatchObject({
      code: 'storageUnavailable',
      message: expect.stringContaining('Storage Table Data Contributor') as string,
    });
  });

  const tablesOut = () =>
    worker.startProcess({
      readAccess: unavailable,
      ledger: createLedger({ ...worker.ledgerTable, write: unavailable }),
    });
  const delaySeconds = () => worker.queues.jobs.sent.at(-1)?.delaySeconds ?? 0;
  /** Plays the queue for some rounds: the seconds that each one waited. */
  const playRounds = async (rounds: number, first: unknown) => {
    const waits: number[] = [];
    for (let message = first; waits.length < rounds; message = worker.lastDeferred()) {
      await worker.process(message, tablesOut());
      waits.push(delaySeconds());
      worker.clock.advance(delaySeconds() * 1000);
    }
    return waits;
  };

  test('the wait grows from 15 seconds to 10 minutes, half of what it was already (decision 0013)', async () => {
    const waits = await playRounds(16, messageOf(FETCHABLE));
    expect(waits.slice(0, 7)).toEqual([15, 15, 15, 23, 34, 51, 77]);
    expect(waits.slice(-3)).toEqual([600, 600, 600]);
  });

  test('a job that has waited for hours, and often, for something else starts at 15 seconds', async () => {
    worker.clock.advance(5 * HOUR);
    expect(await playRounds(4, messageOf(FETCHABLE, { deferrals: 400 }))).toEqual([15, 15, 15, 23]);
    expect(worker.lastDeferred()).toMatchObject({ event: { deferrals: 404 } });
  });

  test('a missing or malformed time starts over', async () => {
    const event = (messageOf(FETCHABLE) as { event: object }).event;
    for (const tablesOutSince of ['soon', '7', 7, null, undefined]) {
      await worker.process({ event: { ...event, tablesOutSince } }, tablesOut());
      expect(delaySeconds()).toBe(15);
    }
  });

  test('a time ahead of our clock, as another instance may have it, waits the least', async () => {
    const tablesOutSince = new Date(Date.parse(START) + HOUR).toISOString();
    await worker.process(messageOf(FETCHABLE, { tablesOutSince }), tablesOut());
    expect(delaySeconds()).toBe(15);
  });

  test('waiting for a free place or for a throttled tenant does not reset it, because no table was read', async () => {
    await playRounds(1, messageOf(FETCHABLE));
    const since = { event: { tablesOutSince: START } };
    const full = { ...tablesOut(), places: { enter: () => false, leave: () => undefined } };
    await worker.process(worker.lastDeferred(), full);
    expect(JSON.parse(worker.queues.waiting.sent.at(-1)?.text ?? '')).toMatchObject(since);
    worker.throttle.pause(FETCHABLE.tenantId, 120_000);
    await worker.process(worker.lastDeferred(), tablesOut());
    expect(worker.lastDeferred()).toMatchObject(since);
    worker.clock.advance(185_000);
    // 200 seconds since the first try.
    expect(await playRounds(1, worker.lastDeferred())).toEqual([100]);
  });

  test('once the tables have answered the next outage starts at 15 seconds', async () => {
    await playRounds(8, messageOf(FETCHABLE));
    // Graph does not show the job yet.
    expect(await worker.process(worker.lastDeferred())).toBe('deferred');
    expect(worker.lastDeferred()).not.toMatchObject({
      event: { tablesOutSince: expect.anything() as unknown },
    });
    expect(await playRounds(2, worker.lastDeferred())).toEqual([15, 15]);
  });
});

describe('the end of the subscription that a notification names', () => {
  const inHours = (hours: number) => new Date(Date.parse(START) + hours * HOUR).toISOString();
  const renewals = () => worker.renewals.sent.map(({ text }) => JSON.parse(text) as unknown);

  test('under a day away: the renewal is requested after the job is done', async () => {
    worker.printFetchable();
    expect(await worker.process(messageOf(FETCHABLE, { expires: inHours(23) }))).toBe('done');
    expect(renewals()).toMatchObject([{ event: { kind: 'renew', rowKey: `jobFetchable_${PRINTER}` } }]);
  });

  test.each([
    ['two days away', inHours(48)],
    ['not named', undefined],
    ['no date', 'soon'],
  ])('%s: nothing is requested', async (_when, expires) => {
    worker.printFetchable();
    await worker.process(messageOf(FETCHABLE, expires === undefined ? {} : { expires }));
    expect(renewals()).toEqual([]);
  });

  test('a renewal that cannot be requested does not affect the job', async () => {
    worker.printFetchable();
    const deps = worker.startProcess({ requestRenewal: unavailable });
    expect(await worker.process(messageOf(FETCHABLE, { expires: inHours(1) }), deps)).toBe('done');
    expect(worker.events()).toHaveLength(1);
  });
});

describe('an events queue that refuses (deleted, no access, being deleted)', () => {
  const refusing = () => {
    const send = () => Promise.reject(new ReceiverError('queueUnavailable', 'Queue storage answered 404'));
    return worker.startProcess({ queues: { ...worker.queues, events: { send } } });
  };

  test('costs a JobStarted nothing: its task ends once, and the event is sent from the row when the queue is back', async () => {
    worker.printStarted();
    let message = messageOf(STARTED);
    for (let round = 0; round < 8; round += 1) {
      expect(await worker.process(message, refusing())).toBe('deferred');
      expect(await worker.row()).toMatchObject({
        status: 'waiting',
        event: 'pending',
        outcome: 'released',
        cause: 'queueUnavailable',
      });
      message = worker.lastDeferred();
      worker.clock.advance(10 * 60_000);
    }
    expect(worker.world.patches()).toBe(1);
    expect(worker.queues.poison.sent).toEqual([]);
    // Graph has deleted the job in the meantime.
    worker.world.jobs.clear();
    worker.world.tasks.clear();
    const calls = worker.world.calls.length;
    expect(await worker.process(message)).toBe('done');
    expect(worker.world.calls).toHaveLength(calls);
    expect(worker.events()).toMatchObject([{ data: { outcome: 'released', taskId: TASK, job: { id: JOB } } }]);
    expect(await worker.row()).toMatchObject({ status: 'done', event: 'sent', outcome: 'released' });
    expect(await worker.process(message)).toBe('duplicate');
  });

  /** A send whose answer was lost: the queue has the event, and the worker does not know. */
  const losingAnswers = (sent: string[]) => {
    const send = (text: string) => {
      sent.push(text);
      return Promise.reject(new ReceiverError('queueUnavailable', 'no answer in time'));
    };
    return worker.startProcess({ queues: { ...worker.queues, events: { send } } });
  };

  test.each([
    ['was printed since', FETCHABLE, () => worker.world.putJob(PRINTER, JOB, { status: { state: 'completed' } })],
    ['was deleted since', FETCHABLE, () => worker.world.jobs.clear()],
    ['was printed since', STARTED, () => worker.world.putJob(PRINTER, JOB, { status: { state: 'completed' } })],
  ])('the event of a job that %s says the same as the first: %#', async (_name, reference, change) => {
    worker.printStarted();
    if (reference.kind === 'jobFetchable') worker.printFetchable();
    const sent: string[] = [];
    expect(await worker.process(messageOf(reference), losingAnswers(sent))).toBe('deferred');
    change();
    worker.clock.advance(10 * 60_000);
    // By another message, with another trace.
    const traceparent = '00-11111111111111111111111111111111-2222222222222222-01';
    const other = messageOf(reference, { foundBy: 'sweep', traceparent, receivedAt: '2026-11-22T00:10:00.000Z' });
    expect(await worker.process(other)).toBe('done');
    expect(worker.queues.events.sent.map(({ text }) => text)).toEqual(sent);
    expect(sent).toHaveLength(1);
  });

  test.each([FETCHABLE, STARTED])('the event of a large job says the same as the first: $kind', async (reference) => {
    worker.printStarted();
    const large = {
      configuration: { pageRanges: Array.from({ length: 1_000 }, (_one, start) => ({ start, end: start })) },
      displayName: 'n'.repeat(10_000),
      redirectedFrom: 'r'.repeat(10_000),
      isFetchable: reference.kind === 'jobFetchable',
    };
    worker.world.putJob(PRINTER, JOB, large, [TASK]);
    const sent: string[] = [];
    expect(await worker.process(messageOf(reference), losingAnswers(sent))).toBe('deferred');
    worker.world.jobs.clear();
    worker.clock.advance(10 * 60_000);
    expect(await worker.process(worker.lastDeferred())).toBe('done');
    expect(worker.queues.events.sent.map(({ text }) => text)).toEqual(sent);
    expect(JSON.parse(sent[0] ?? '')).toMatchObject({ data: { job: { configuration: large.configuration } } });
  });

  test('a run that takes over from one that died sends the event of the first under its trace and time', async () => {
    worker.printFetchable();
    const died = { ...worker.ledger, replace: () => new Promise<never>(() => undefined) };
    void worker.process(messageOf(FETCHABLE), worker.startProcess({ ledger: died }));
    while (worker.events().length === 0) await new Promise(setImmediate);
    worker.clock.advance(HOUR);
    const traceparent = '00-11111111111111111111111111111111-2222222222222222-01';
    expect(await worker.process(messageOf(FETCHABLE, { foundBy: 'sweep', traceparent }))).toBe('done');
    const [first, second] = worker.events();
    expect(second).toEqual(first);
  });
});

describe('a table that was restored row by row', () => {
  const OPEN = `open_${ledgerRowKey(FETCHABLE)}`;
  const removeRow = async (rowKey: string) => {
    const { etag = '' } = (await worker.ledgerTable.get(FETCHABLE.tenantId, rowKey)) ?? {};
    expect(await worker.ledgerTable.remove(FETCHABLE.tenantId, rowKey, etag)).toBe(true);
  };

  test('without the index row of a job in hand: its work is recorded, and its event is sent once', async () => {
    worker.printFetchable();
    const { callGraph } = worker.deps;
    const deps = worker.startProcess({
      callGraph: async (call) => {
        await removeRow(OPEN);
        return callGraph(call);
      },
    });
    expect(await worker.process(messageOf(FETCHABLE), deps)).toBe('done');
    expect(await worker.row(FETCHABLE)).toMatchObject({ status: 'done', event: 'sent' });
    expect(await worker.process(messageOf(FETCHABLE))).toBe('duplicate');
    expect(worker.events()).toHaveLength(1);
  });

  test('with the index rows of a job alone: the job is claimed and done', async () => {
    worker.printFetchable();
    const { tenantId, ...ids } = FETCHABLE;
    await worker.ledgerTable.insert({ partitionKey: tenantId, rowKey: OPEN, ...ids });
    expect(await worker.process(messageOf(FETCHABLE))).toBe('done');
    expect(worker.events()).toHaveLength(1);
    expect(await worker.ledgerTable.get(tenantId, OPEN)).toBeUndefined();
  });

  test('a write over a row that another run has changed is still refused', async () => {
    worker.printFetchable();
    await worker.process(messageOf(FETCHABLE));
    const stored = await worker.ledger.get(ledgerKey(FETCHABLE));
    if (!stored) throw new Error('No row');
    const claimed = { ...stored.value, status: 'claimed' } as const;
    expect(await worker.ledger.replace(FETCHABLE, claimed, { ...stored, etag: 'old' })).toBeUndefined();
    expect(await worker.ledger.insert(FETCHABLE, claimed)).toBeUndefined();
  });
});
