import { createHash } from 'node:crypto';
import { graphError } from '../../support/createFakeGraph';
import { ReceiverError } from '../../../shared/errors';
import { createLedger } from '../../../shared/jobs/ledger';
import { CONTENT, createArchive } from '../../support/createArchive';
import { FETCHABLE, JOB, messageOf, PRINTER, STARTED, TENANT } from '../../support/createJobWorker';

const BLOB = `${TENANT}/${PRINTER}/${JOB}/document-1`;
const DOCUMENTS = [{ id: 'document-1', contentType: 'application/pdf', size: 27 }];
const ARCHIVED = {
  documentId: 'document-1',
  container: 'documents',
  blob: BLOB,
  contentType: 'application/pdf',
  source: `print/printers/${PRINTER}/jobs/${JOB}/documents/document-1`,
  size: CONTENT.length,
  sha256: createHash('sha256').update(CONTENT).digest('hex'),
};
type Archive = Awaited<ReturnType<typeof createArchive>>;

/** A fetchable job whose documents the rules archive, up to the message to the archive. */
async function fetchable() {
  const archive = await createArchive();
  archive.useDocument([{ name: 'keep all', on: 'jobFetchable', then: { archive: {} } }]);
  archive.printFetchable();
  expect(await archive.process(messageOf(FETCHABLE))).toBe('archiving');
  return archive;
}

/** A job that waits and whose document the rules want inspected. */
async function inspected(fields: object = {}) {
  const archive = await createArchive();
  const hold = { for: '1h', else: 'abort', document: true };
  archive.useDocument([{ name: 'inspect', on: 'jobStarted', then: { hold } }], fields);
  archive.printStarted();
  archive.world.putJob(PRINTER, JOB, { documents: DOCUMENTS }, [STARTED.taskId]);
  expect(await archive.process(messageOf(STARTED))).toBe('archiving');
  return archive;
}

const lastOf = ({ events }: Archive) => (events().at(-1)?.['data'] ?? {}) as Record<string, unknown>;

describe('a fetchable job that the rules archive', () => {
  it('is archived, and its event names the blob with size and hash', async () => {
    const archive = await fetchable();
    expect(archive.events()).toEqual([]);
    expect(await archive.archive(archive.lastArchive())).toBe('stored');
    expect(archive.documents.blobs.get(BLOB)?.content.toString()).toBe(CONTENT);
    expect(await archive.process(archive.lastDeferred())).toBe('done');
    expect(lastOf(archive)).toMatchObject({ outcome: 'archived', rule: 'keep all', archived: [ARCHIVED] });
    expect(archive.events()).toHaveLength(1);
    expect(await archive.row(FETCHABLE)).toMatchObject({ status: 'done', outcome: 'archived', archive: 'stored' });
  });

  it('is archived once, however often the messages are repeated', async () => {
    const archive = await fetchable();
    expect(await archive.process(messageOf(FETCHABLE))).toBe('archiving');
    const message = archive.lastArchive();
    expect(await archive.archive(message)).toBe('stored');
    expect(await archive.archive(message)).toBe('recorded');
    await archive.process(archive.lastDeferred());
    expect(await archive.archive(message)).toBe('notWanted');
    expect(archive.addresses).toHaveLength(1);
    expect(archive.events()).toHaveLength(1);
  });

  it('is sent to the archive again when its message could not be sent, and no try is used', async () => {
    const archive = await createArchive();
    archive.useDocument([{ name: 'keep all', on: 'jobFetchable', then: { archive: {} } }]);
    archive.printFetchable();
    archive.queues.archive.failNext(20);
    let message = messageOf(FETCHABLE);
    const delays: number[] = [];
    for (let round = 0; round < 20; round += 1) {
      expect(await archive.process(message)).toBe('deferred');
      message = archive.lastDeferred();
      delays.push(archive.queues.jobs.sent.at(-1)?.delaySeconds ?? 0);
      archive.clock.advance((delays.at(-1) ?? 0) * 1000);
    }
    expect([delays[0], delays.at(-1)]).toEqual([15, 600]);
    expect(await archive.process(message)).toBe('archiving');
    expect(await archive.archive(archive.lastArchive())).toBe('stored');
  });

  // docs/decisions/0017: messages of a customer whose row in Tenants or Subscriptions is unreadable wait.
  it('waits while the row of its watch is unreadable, and is archived once a person has corrected it', async () => {
    const archive = await fetchable();
    const rowKey = `jobFetchable_${PRINTER}`;
    const row = await archive.watchTable.get(TENANT, rowKey);
    const cells = { ...row?.cells, partitionKey: TENANT, rowKey };
    await archive.watchTable.replace({ ...cells, status: 'nonsense' }, row?.etag ?? '');
    expect(await archive.archive(archive.lastArchive())).toBe('deferred');
    expect(await archive.process(archive.lastDeferred())).toBe('deferred');
    expect(archive.archivePoison.sent).toEqual([]);
    await archive.watchTable.replace(cells, (await archive.watchTable.get(TENANT, rowKey))?.etag ?? '');
    expect(await archive.process(archive.lastDeferred())).toBe('archiving');
    expect(await archive.archive(archive.lastArchive())).toBe('stored');
  });

  it('is sent back again when the queue of jobs refused it, and no try is used', async () => {
    const archive = await fetchable();
    archive.queues.jobs.failNext(1);
    expect(await archive.archive(archive.lastArchive())).toBe('deferred');
    expect(archive.queues.archive.sent.at(-1)).toMatchObject({ delaySeconds: 60 });
    expect(await archive.archive(archive.lastArchive())).toBe('recorded');
    expect(await archive.process(archive.lastDeferred())).toBe('done');
    expect(lastOf(archive)).toMatchObject({ outcome: 'archived', archived: [ARCHIVED] });
  });

  it.each(['get', 'replace'] as const)('waits in the queue of jobs while the tables are out: %s', async (call) => {
    const archive = await fetchable();
    const unavailable = () => Promise.reject(new ReceiverError('storageUnavailable', 'out of order'));
    const ledger = createLedger({ ...archive.ledgerTable, [call]: unavailable });
    expect(await archive.archive(archive.lastArchive(), { ledger })).toBe('deferred');
    expect(archive.lastDeferred()).toHaveProperty('event.tablesOutSince');
    // A lease that was left behind has ended.
    archive.clock.advance(2 * 60_000);
    expect(await archive.process(archive.lastDeferred())).toBe('archiving');
    expect(await archive.archive(archive.lastArchive())).toBe('stored');
    expect(await archive.process(archive.lastDeferred())).toBe('done');
    expect(lastOf(archive)).toMatchObject({ outcome: 'archived' });
  });

  it('has its event when its message to the archive was lost, and Graph has deleted the job', async () => {
    const archive = await fetchable();
    archive.world.jobs.clear();
    archive.clock.advance(20 * 60_000);
    expect(await archive.process(messageOf(FETCHABLE, { foundBy: 'sweep' }))).toBe('deferred');
    archive.clock.advance(10 * 60_000);
    expect(await archive.process(archive.lastDeferred())).toBe('done');
    expect(lastOf(archive)).toMatchObject({
      outcome: 'archiveFailed',
      refused: { action: 'archive', code: 'documentUnavailable' },
    });
  });

  it('has its event after 4 hours in which storage did not answer, and the waits have grown', async () => {
    const archive = await fetchable();
    const openDownload = () => Promise.reject(new ReceiverError('blobsUnavailable', 'No answer'));
    const delays: number[] = [];
    let outcome = await archive.archive(archive.lastArchive(), { openDownload });
    while (outcome === 'deferred') {
      const { delaySeconds = 0 } = archive.queues.jobs.sent.at(-1) ?? {};
      delays.push(delaySeconds);
      archive.clock.advance(delaySeconds * 1000);
      if ((await archive.process(archive.lastDeferred())) === 'done') break;
      outcome = await archive.archive(archive.lastArchive(), { openDownload });
    }
    if (outcome === 'failed') await archive.process(archive.lastDeferred());
    expect(delays[0]).toBe(15);
    expect(Math.max(...delays)).toBe(600);
    expect(delays.reduce((sum, delay) => sum + delay, 0)).toBeGreaterThanOrEqual(4 * 3600);
    expect(delays.reduce((sum, delay) => sum + delay, 0)).toBeLessThan(4.2 * 3600);
    expect(lastOf(archive)).toMatchObject({ outcome: 'archiveFailed', refused: { action: 'archive' } });
  });

  it('has its ordinary event when the rules no longer archive it', async () => {
    const archive = await fetchable();
    archive.useDocument([{ name: 'notify all', on: 'jobFetchable', then: { notify: {} } }]);
    archive.clock.advance(15 * 60_000);
    expect(await archive.process(messageOf(FETCHABLE, { foundBy: 'sweep' }))).toBe('done');
    expect(lastOf(archive)).toMatchObject({ outcome: 'fetchable', rule: 'notify all' });
    expect(await archive.archive(archive.lastArchive())).toBe('notWanted');
  });

  it('has its event although Graph has deleted the job since', async () => {
    const archive = await fetchable();
    await archive.archive(archive.lastArchive());
    archive.world.jobs.clear();
    await archive.process(archive.lastDeferred());
    expect(lastOf(archive)).toMatchObject({ outcome: 'archived', archived: [ARCHIVED], job: { id: JOB } });
  });

  it('is downloaded again from a fresh address after a broken or expired download', async () => {
    const archive = await fetchable();
    archive.downloads.push('broken', 'refused');
    expect(await archive.archive(archive.lastArchive())).toBe('stored');
    expect(archive.addresses).toHaveLength(3);
    expect(archive.world.said().filter((call) => call.endsWith('/$value'))).toHaveLength(3);
  });

  it('has the outcome archiveFailed after five runs with broken downloads, and its event', async () => {
    const archive = await fetchable();
    for (let run = 1; run <= 4; run += 1) {
      archive.downloads.push('broken', 'broken', 'broken');
      expect(await archive.archive(archive.lastArchive())).toBe('deferred');
      archive.clock.advance(15 * 60_000);
      expect(await archive.process(archive.lastDeferred())).toBe('archiving');
    }
    archive.downloads.push('broken', 'broken', 'broken');
    expect(await archive.archive(archive.lastArchive())).toBe('failed');
    expect(await archive.process(archive.lastDeferred())).toBe('done');
    expect(lastOf(archive)).toMatchObject({
      outcome: 'archiveFailed',
      refused: { action: 'archive', code: 'downloadBroken' },
    });
    expect(archive.documents.blobs.size).toBe(0);
  });

  it.each(['forbidden', 'notFound'] as const)('has the outcome archiveFailed when Graph answers %s', async (answer) => {
    const archive = await fetchable();
    archive.world.next('GET', /\$value$/, () => {
      throw graphError(answer);
    });
    expect(await archive.archive(archive.lastArchive())).toBe('failed');
    expect(await archive.process(archive.lastDeferred())).toBe('done');
    expect(lastOf(archive)).toMatchObject({ outcome: 'archiveFailed', refused: { action: 'archive' } });
  });

  it('waits while Graph is unavailable', async () => {
    const archive = await fetchable();
    archive.world.next('GET', /\$value$/, () => {
      throw graphError('unavailable');
    });
    expect(await archive.archive(archive.lastArchive())).toBe('deferred');
    archive.clock.advance(60_000);
    expect(await archive.process(archive.lastDeferred())).toBe('archiving');
    expect(await archive.archive(archive.lastArchive())).toBe('stored');
  });

  it('is continued by another run after a death, without a second download of what is stored', async () => {
    const archive = await fetchable();
    const dead = new Promise<never>(() => undefined);
    const started = archive.archive(archive.lastArchive(), { openDownload: () => dead });
    await new Promise((resolve) => setImmediate(resolve));
    expect(await archive.archive(archive.lastArchive())).toBe('notWanted');
    archive.clock.advance(2 * 60_000);
    expect(await archive.archive(archive.lastArchive())).toBe('stored');
    expect(await archive.process(archive.lastDeferred())).toBe('done');
    expect(archive.events()).toHaveLength(1);
    void started;
  });

  it('is not archived when it was canceled before', async () => {
    const archive = await createArchive();
    archive.useDocument([{ name: 'keep all', on: 'jobFetchable', then: { archive: {} } }]);
    archive.world.putJob(PRINTER, JOB, { status: { state: 'canceled', isAcquiredByPrinter: false } });
    expect(await archive.process(messageOf(FETCHABLE))).toBe('done');
    expect(lastOf(archive)).toMatchObject({ outcome: 'ended' });
  });
});

describe('a job that is held for an inspection of its document', () => {
  it('is held once its document is archived, and the event names the blob', async () => {
    const archive = await inspected();
    expect(archive.world.tasks.get(STARTED.taskId)?.state).toBe('processing');
    expect(await archive.archive(archive.lastArchive())).toBe('stored');
    expect(await archive.process(archive.lastDeferred())).toBe('held');
    expect(lastOf(archive)).toMatchObject({ outcome: 'held', rule: 'inspect', archived: [ARCHIVED] });
  });

  it.each([
    ['release', 'released', 'completed'],
    ['abort', 'aborted', 'completed'],
  ])('ends by onFailure %s when Graph does not let the app read the document', async (onFailure, outcome, state) => {
    const archive = await inspected({ onFailure });
    archive.world.next('GET', /\$value$/, () => {
      throw graphError('forbidden');
    });
    expect(await archive.archive(archive.lastArchive())).toBe('failed');
    expect(await archive.process(archive.lastDeferred())).toBe('done');
    expect(lastOf(archive)).toMatchObject({ outcome, refused: { action: 'archive', code: 'graphForbidden' } });
    expect(archive.world.tasks.get(STARTED.taskId)?.state).toBe(state);
    expect(await archive.row()).toMatchObject({ decidedBy: 'document' });
  });

  it('on a pull print printer has its document read below it, and the event names its path there', async () => {
    const archive = await createArchive();
    const printerId = 'pullprint.15037699-acf2-2dbb-b20c-897053051345';
    const path = `/print/pullPrintPrinters/15037699-acf2-2dbb-b20c-897053051345/jobs/${JOB}`;
    archive.useDocument([
      { name: 'inspect', on: 'jobStarted', then: { hold: { for: '1h', else: 'abort', document: true } } },
    ]);
    archive.world.putTask(STARTED.taskId, { parentUrl: `https://graph.microsoft.com/v1.0${path}` });
    archive.world.putJob(printerId, JOB, { documents: DOCUMENTS }, [STARTED.taskId]);
    expect(await archive.process(messageOf({ ...STARTED, printerId }))).toBe('archiving');
    expect(await archive.archive(archive.lastArchive())).toBe('stored');
    expect(await archive.process(archive.lastDeferred())).toBe('held');
    expect(archive.world.said()).toContain(`GET ${path}/documents/document-1/$value`);
    expect(lastOf(archive)).toMatchObject({
      outcome: 'held',
      archived: [{ source: `${path.slice(1)}/documents/document-1` }],
    });
  });

  it('ends by onFailure at the deadline of its task, although no message of the archive came back', async () => {
    const archive = await inspected();
    archive.clock.advance(15 * 60_000);
    expect(await archive.process(messageOf(STARTED, { foundBy: 'sweep' }))).toBe('done');
    expect(lastOf(archive)).toMatchObject({ outcome: 'released' });
  });

  it('ends by onFailure when its document cannot be archived until the deadline', async () => {
    const archive = await inspected();
    archive.clock.advance(14 * 60_000);
    const openDownload = () => {
      archive.clock.advance(2 * 60_000);
      return Promise.reject(new Error('too late'));
    };
    await expect(archive.archive(archive.lastArchive(), { openDownload })).resolves.toBe('failed');
    expect(await archive.process(archive.lastDeferred())).toBe('done');
    expect(lastOf(archive)).toMatchObject({ outcome: 'released', refused: { action: 'archive' } });
  });
});

describe('messages of print-archive', () => {
  it('waits for a place: four documents at a time, and three of one tenant', async () => {
    const archive = await fetchable();
    const { transfers } = archive.archiveDeps;
    expect([1, 2, 3, 4].map(() => transfers.enter(TENANT))).toEqual([true, true, true, false]);
    expect(transfers.enter('another tenant')).toBe(true);
    expect(transfers.enter('a third tenant')).toBe(false);
    expect(await archive.archive(archive.lastArchive())).toBe('noPlace');
    expect(archive.queues.archive.sent.at(-1)).toMatchObject({ delaySeconds: 15 });
    transfers.leave(TENANT);
    expect(await archive.archive(archive.lastArchive())).toBe('stored');
  });

  it('ends in the poison queue when it is no message', async () => {
    const archive = await createArchive();
    expect(await archive.archive('garbage')).toBe('poisoned');
    expect(archive.archivePoison.sent).toMatchObject([{ text: 'garbage' }]);
  });

  it('logs no address and no document name', async () => {
    const archive = await fetchable();
    archive.downloads.push('broken');
    await archive.archive(archive.lastArchive());
    expect(JSON.stringify(archive.logger.events)).not.toMatch(/tempauthtoken|print\.print\.microsoft/);
  });
});
