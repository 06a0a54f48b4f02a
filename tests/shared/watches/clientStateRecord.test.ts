import type { ReceiverError } from '../../../shared/errors';
import type { EntityTable } from '../../../shared/storage/entityTable';
import { isRevoked, type ClientStateRecord } from '../../../shared/watches/clientState';
import { createClientStateRecords } from '../../../shared/watches/clientStateRecord';
import { createWatches } from '../../../shared/watches/watches';
import { createMemoryTable } from '../../support/memoryTable';
import { DEFINITION, TENANT_A } from '../../support/notifications';

const TAG = 'T'.repeat(22);
const stateOf = (generation: number) => ({ keyId: 'k1', tag: TAG, generation });
const revoked = (record: ClientStateRecord | undefined, generation: number, tenantId = TENANT_A) =>
  record !== undefined && isRevoked(record, tenantId, stateOf(generation));

it('is undefined until a key was noted, because an empty list would deny every key', async () => {
  const records = createClientStateRecords(createMemoryTable());
  expect(await records.read()).toBeUndefined();
  await records.claimSweep(1_000_000, 1);
  await records.noteRevoked({ tenantId: TENANT_A, tag: TAG, generation: 3 });
  expect(await records.read()).toBeUndefined();
  await records.noteKeys(['k1']);
  const record = await records.read();
  expect(record?.keyIds).toEqual(new Set(['k1']));
  expect(revoked(record, 2)).toBe(true);
});

it('keeps the keys of every process, and asks storage once for each in a process', async () => {
  const table = createMemoryTable();
  const get = jest.spyOn(table, 'get');
  const [one, other] = [createClientStateRecords(table), createClientStateRecords(table)];
  await Promise.all([one.noteKeys(['k1', 'k2']), one.noteKeys(['k2']), other.noteKeys(['k3'])]);
  get.mockClear();
  await one.noteKeys(['k2', 'k1']);
  expect(get).not.toHaveBeenCalled();
  expect((await one.read())?.keyIds).toEqual(new Set(['k1', 'k2', 'k3']));
});

it('denies generations below the one noted, of that watch and tenant alone, and never takes a revocation back', async () => {
  const records = createClientStateRecords(createMemoryTable());
  await records.noteKeys(['k1']);
  await records.noteRevoked({ tenantId: TENANT_A, tag: TAG, generation: 7 });
  await records.noteRevoked({ tenantId: TENANT_A, tag: TAG, generation: 5 });
  const record = await records.read();
  expect([6, 7].map((generation) => revoked(record, generation))).toEqual([true, false]);
  expect(revoked(record, 6, 'another-tenant')).toBe(false);
});

it('keeps the 200 watches that were revoked last, and fits into a cell with ids of the longest form', async () => {
  const table = createMemoryTable();
  const records = createClientStateRecords(table);
  await records.noteKeys(Array.from({ length: 150 }, (_, index) => String(index).padStart(16, 'k')));
  const tenantOf = (index: number) => String(index).padStart(128, 't');
  for (let index = 0; index < 205; index += 1) {
    await records.noteRevoked({ tenantId: tenantOf(index), tag: TAG, generation: 999_999_999 });
  }
  const record = await records.read();
  expect([4, 5, 204].map((index) => revoked(record, 1, tenantOf(index)))).toEqual([false, true, true]);
  expect(record?.keyIds.size).toBe(100);
  for await (const { cells } of table.list()) {
    // Understanding the Table service data model: 64 KiB of UTF-16 in a property.
    for (const cell of Object.values(cells)) expect(2 * String(cell).length).toBeLessThanOrEqual(64 * 1024);
  }
});

it('skips what it cannot read of the row, and does not stop the timers', async () => {
  const table = createMemoryTable();
  await table.insert({ partitionKey: '(clientStates)', rowKey: 'record', keyIds: 'k1', revoked: 'nonsense', x: 1 });
  const records = createClientStateRecords(table);
  await records.noteKeys(['k2']);
  expect(await records.read()).toMatchObject({ keyIds: new Set(['k1', 'k2']), revoked: new Map() });
});

describe('a row that a tool has exported and imported', () => {
  const ROW = { partitionKey: '(clientStates)', rowKey: 'record' };
  const lineOf = (tag: string) => `${TENANT_A} ${tag} 7`;

  it('keeps its revocations with line ends of Windows, its keys as numbers, and the time of its last sweep', async () => {
    const table = createMemoryTable();
    await table.insert({ ...ROW, revoked: `${lineOf(TAG)}\r\n${lineOf('U'.repeat(22))}\r\n`, keyIds: 2_026 });
    const retyped: EntityTable = {
      ...table,
      get: async (...key) => {
        const row = await table.get(...key);
        // `@azure/data-tables` gives Edm.Int64 as bigint.
        return row && { ...row, cells: { sweepAskedAt: 1_000_000n, ...row.cells } };
      },
    };
    const records = createClientStateRecords(retyped);
    expect(await records.claimSweep(1_000_001, 60_000)).toBe(false);
    const report = jest.fn();
    await records.noteKeys(['k1'], report);
    const record = await records.read();
    expect(record?.keyIds).toEqual(new Set(['2026', 'k1']));
    expect(record?.revoked.size).toBe(2);
    expect(revoked(record, 6)).toBe(true);
    expect(report).not.toHaveBeenCalled();
  });

  it('reports what cannot be read, and a write keeps it for a person', async () => {
    const table = createMemoryTable();
    await table.insert({ ...ROW, revoked: `nonsense\n${lineOf(TAG)}`, keyIds: true, sweepAskedAt: 'soon' });
    const report = jest.fn<undefined, [ReceiverError]>();
    await createClientStateRecords(table).noteKeys(['k1'], report);
    expect(report.mock.calls.map(([{ code, problem }]) => [code, problem])).toEqual([
      ['rowUnreadable', expect.stringContaining('revoked') as string],
      ['rowUnreadable', expect.stringContaining('keyIds') as string],
      ['rowUnreadable', expect.stringContaining('sweepAskedAt') as string],
    ]);
    expect((await table.get(ROW.partitionKey, ROW.rowKey))?.cells).toMatchObject({
      revoked: `nonsense\n${lineOf(TAG)}`,
      keyIds: 'k1',
    });
  });
});

it('is no watch: listings of watches leave it out', async () => {
  const watches = createWatches(createMemoryTable());
  await watches.clientStates.noteKeys(['k1']);
  await watches.add({ tenantId: TENANT_A, kind: 'jobStarted', id: DEFINITION, since: '2026-11-22T00:00:00.000Z' });
  const ids: string[] = [];
  for await (const { watch } of watches.list()) ids.push(watch.id);
  expect(ids).toEqual([DEFINITION]);
});
