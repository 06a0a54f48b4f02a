import fc from 'fast-check';
import { ReceiverError } from '../../../shared/errors';
import { isOutOfBounds } from '../../../shared/sweep/plan';
import { createRetentionWorld, DAY_MS, NOON } from '../../support/createRetentionWorld';
import { PRINTER, TENANT_A } from '../../support/notifications';

const MINUTE = 60_000;

describe('rows', () => {
  it('removes the rows of the days before retentionDays with their index, and keeps younger ones', async () => {
    const world = await createRetentionWorld({ retentionDays: 14 });
    await world.addRow('old', NOON - 15 * DAY_MS);
    await world.addRow('lastOfOldDay', Date.parse('2026-11-07T23:59:59.999Z'));
    await world.addRow('firstOfKeptDay', Date.parse('2026-11-08T00:00:00.000Z'));
    await world.addRow('today', NOON);
    expect(await world.run()).toMatchObject({ tenants: 1, rows: 2, rowsKept: 0, failed: 0, timeUp: false });
    expect(await world.jobs()).toEqual(['firstOfKeptDay', 'today']);
    // A row and its index row each.
    expect(world.table.size()).toBe(4);
    expect(await world.run()).toMatchObject({ rows: 0 });
  });

  it('keeps rows whose work has not ended whatever their age, and logs how many', async () => {
    const world = await createRetentionWorld();
    const old = NOON - 300 * DAY_MS;
    await world.addRow('held', old, { status: 'held', phase: 'end', heldUntil: '2026-11-30T00:00:00.000Z' });
    await world.addRow('waiting', old, { status: 'waiting' });
    await world.addRow('claimed', old, { status: 'claimed' });
    await world.addRow('failed', old, { status: 'failed' });
    await world.addRow('unsent', old, { event: 'pending' });
    await world.addRow('gone', old, { status: 'gone' });
    expect(await world.run()).toMatchObject({ rows: 1, rowsKept: 5 });
    expect(await world.jobs()).toEqual(['claimed', 'failed', 'held', 'unsent', 'waiting']);
    expect(world.lines('retention.rowsKept')).toMatchObject([
      { tenantId: TENANT_A, held: 1, waiting: 1, claimed: 1, failed: 1, pending: 1 },
    ]);
  });

  it('keeps a row for 14 days where the row of its customer says less, because Graph lists jobs of 12 days', async () => {
    const world = await createRetentionWorld({ retentionDays: 1 });
    await world.addRow('a', NOON - 13 * DAY_MS);
    expect(await world.run()).toMatchObject({ rows: 0 });
  });

  it('removes many rows in transactions of 100 changes, and continues where another run was faster', async () => {
    const world = await createRetentionWorld();
    for (let job = 0; job < 120; job += 1) await world.addRow(`j${job}`, NOON - 40 * DAY_MS);
    const write = jest.spyOn(world.table, 'write');
    write.mockImplementationOnce(async () => {
      const rowKey = `jobFetchable_${PRINTER}_j0`;
      await world.table.remove(TENANT_A, rowKey, (await world.table.get(TENANT_A, rowKey))?.etag ?? '');
      return undefined;
    });
    expect(await world.run()).toMatchObject({ rows: 120 });
    expect(write.mock.calls.map(([changes]) => changes.length)).toEqual([100, 100, 40]);
    expect(world.table.size()).toBe(0);
  });

  it('ends when its time is up, and the next run continues', async () => {
    const world = await createRetentionWorld();
    for (let job = 0; job < 120; job += 1) await world.addRow(`j${job}`, NOON - 40 * DAY_MS);
    const removeEnded = world.ledger.removeEnded.bind(world.ledger);
    world.deps.ledger.removeEnded = async (...args) => {
      world.clock.advance(MINUTE);
      await removeEnded(...args);
    };
    expect(await world.run(MINUTE)).toMatchObject({ rows: 50, timeUp: true });
    expect(await world.run(10 * MINUTE)).toMatchObject({ rows: 70, timeUp: false });
  });

  it('never removes a row younger than its days, nor one that the sweep would look up again', async () => {
    const rows = fc.array(fc.integer({ min: 0, max: 60 * DAY_MS }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 14, max: 40 }), rows, async (retentionDays, ages) => {
        const world = await createRetentionWorld({ retentionDays });
        for (const [index, age] of ages.entries()) await world.addRow(String(index), NOON - age);
        await world.run();
        const left = new Set(await world.jobs());
        for (const [index, age] of ages.entries()) {
          if (age < retentionDays * DAY_MS) expect(left).toContain(String(index));
          if (age >= (retentionDays + 1) * DAY_MS) expect(left).not.toContain(String(index));
          // A job is created before it is seen. Its notification arrives within minutes, so 15 bound the clocks.
          const isSwept = !isOutOfBounds(NOON, NOON - age + 15 * MINUTE, { since: 0, retentionDays });
          if (isSwept) expect(left).toContain(String(index));
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('personal data', () => {
  it('blanks rows of the days before personalDataDays once, and keeps what recognizes their jobs', async () => {
    const world = await createRetentionWorld({ personalDataDays: 2 });
    const personal = { wish: '{}', by: 'cli:ada', reason: 'for ada', truncated: '[]', rule: 'color' };
    await world.addRow('old', NOON - 3 * DAY_MS, personal);
    await world.addRow('young', NOON - DAY_MS, personal);
    await world.addRow('failed', NOON - 3 * DAY_MS, { status: 'failed' });
    expect(await world.run()).toMatchObject({ rowsBlanked: 1 });
    const { wish: _wish, by: _by, reason: _reason, truncated: _truncated, ...kept } = personal;
    const old = await world.row('old');
    expect(old).toMatchObject({ ...kept, status: 'done', jobId: 'old', blankedAt: new Date(NOON).toISOString() });
    expect(JSON.stringify(old)).not.toContain('ada');
    expect(await world.row('young')).toMatchObject(personal);
    expect(await world.row('failed')).toHaveProperty('job');
    const get = jest.spyOn(world.deps.ledger, 'get');
    expect(await world.run()).toMatchObject({ rowsBlanked: 0 });
    expect(get).not.toHaveBeenCalled();
    world.clock.advance(DAY_MS);
    expect(await world.run()).toMatchObject({ rowsBlanked: 0 });
    world.clock.advance(DAY_MS);
    expect(await world.run()).toMatchObject({ rowsBlanked: 1 });
  });

  it('reports a row that cannot be read, in both parts, and does the others', async () => {
    const world = await createRetentionWorld({ personalDataDays: 2 });
    for (const jobId of ['bad', 'good']) await world.addRow(jobId, NOON - 3 * DAY_MS);
    const rowKey = `jobFetchable_${PRINTER}_bad`;
    const { etag = '', cells } = (await world.table.get(TENANT_A, rowKey)) ?? {};
    await world.table.replace({ ...cells, partitionKey: TENANT_A, rowKey, status: 'odd' }, etag);
    expect(await world.run()).toMatchObject({ rowsBlanked: 1, failed: 0 });
    world.clock.advance(40 * DAY_MS);
    expect(await world.run()).toMatchObject({ rows: 1, rowsKept: 1, failed: 0 });
    expect(world.lines('row.unreadable')).not.toEqual([]);
    expect(world.lines('retention.rowsKept')).toMatchObject([{ unreadable: 1 }]);
  });

  it('starts again where its time was up', async () => {
    const world = await createRetentionWorld({ personalDataDays: 0 });
    for (let job = 0; job < 150; job += 1) await world.addRow(`j${job}`, NOON - 3 * DAY_MS);
    const replace = world.ledger.replace.bind(world.ledger);
    world.deps.ledger.replace = async (...args) => {
      world.clock.advance(1_000);
      return replace(...args);
    };
    expect(await world.run(MINUTE)).toMatchObject({ rowsBlanked: 100, timeUp: true });
    expect(await world.run(MINUTE)).toMatchObject({ rowsBlanked: 50, timeUp: false });
  });
});

describe('documents', () => {
  it('removes documents older than documentDays, of its customers alone', async () => {
    const world = await createRetentionWorld({ documentDays: 7 });
    for (let job = 0; job < 20; job += 1) await world.addDocument(`${TENANT_A}/p/${job}/d`);
    await world.addDocument('other/p/1/d');
    world.clock.advance(7 * DAY_MS - 1);
    await world.addDocument(`${TENANT_A}/p/young/d`);
    expect(await world.run()).toMatchObject({ documents: 0 });
    world.clock.advance(1);
    expect(await world.run()).toMatchObject({ documents: 20 });
    expect([...world.documents.blobs.keys()]).toEqual(['other/p/1/d', `${TENANT_A}/p/young/d`]);
  });

  it('a document that cannot be deleted does not stop the others, and is reported', async () => {
    const world = await createRetentionWorld({ documentDays: 1 });
    for (let job = 0; job < 20; job += 1) await world.addDocument(`${TENANT_A}/p/${job}/d`);
    world.clock.advance(2 * DAY_MS);
    const remove = world.documents.remove.bind(world.documents);
    world.deps.documents.remove = (name) =>
      name.endsWith('/p/0/d') ? Promise.reject(new ReceiverError('blobsUnavailable', 'Protected')) : remove(name);
    expect(await world.run()).toMatchObject({ documents: 19, failed: 1 });
    expect(world.lines('retention.failed')).toMatchObject([{ part: 'documents', code: 'blobsUnavailable' }]);
  });

  it('begins with another customer in each run, so that each is reached although time is short', async () => {
    const world = await createRetentionWorld();
    const ids = ['b', 'c', 'd', 'e', 'f'];
    for (const tenantId of ids) await world.tenants.add({ tenantId, name: '', createdAt: '2026-01-01T00:00:00.000Z' });
    const seen: string[] = [];
    world.deps.documents.list = (prefix) => {
      seen.push(prefix);
      world.clock.advance(60_000);
      return world.documents.list(prefix);
    };
    world.deps.random = () => 0.99;
    expect(await world.run(1)).toMatchObject({ timeUp: true });
    expect(seen).toContain('f/');
    world.deps.random = () => 0;
    seen.length = 0;
    await world.run(1);
    expect(seen).not.toContain('f/');
  });

  it('does the other parts and the other customers where one fails', async () => {
    const world = await createRetentionWorld();
    await world.tenants.add({ tenantId: 'b', name: 'B', createdAt: '2026-01-01T00:00:00.000Z', status: 'removed' });
    await world.addRow('old', NOON - 40 * DAY_MS);
    world.deps.documents.list = () => {
      throw new ReceiverError('blobsUnavailable', 'Cannot reach Blob storage');
    };
    expect(await world.run()).toMatchObject({ tenants: 2, rows: 1, failed: 2 });
    const failed = world.lines('retention.failed');
    expect(failed.map(({ tenantId }) => tenantId).sort()).toEqual([TENANT_A, 'b']);
    expect(failed).toMatchObject(failed.map(() => ({ part: 'documents', code: 'blobsUnavailable' })));
  });
});
