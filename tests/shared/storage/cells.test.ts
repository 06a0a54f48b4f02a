import { readCells } from '../../../shared/storage/cells';
import { createLedger } from '../../../shared/jobs/ledger';
import { createTenants } from '../../../shared/tenants/tenants';
import { createWatches } from '../../../shared/watches/watches';
import { createMemoryTable } from '../../support/memoryTable';
import { readCase } from '../../support/readCase';

const GUID = '0b5a3c1e-1111-4222-8333-444455556666';

/** A cell of a type as `@azure/data-tables` returns it (Understanding the Table service data model). */
function cellOf({ type, value = type === 'Edm.Guid' ? GUID : '2026-11-25T00:00:00Z' }: TypedCell): unknown {
  if (type === 'Edm.DateTime') return new Date(value);
  if (type === 'Edm.Int64') return BigInt(value);
  return type === 'Edm.Guid' ? { type: 'Guid', value } : value;
}

type TypedCell = { type: string; value?: string };
type CaseCells = Record<string, TypedCell | string>;

const cellsOf = (cells: CaseCells) =>
  Object.fromEntries(
    Object.entries(cells).map(([name, cell]) => [name, typeof cell === 'string' ? cell : cellOf(cell)]),
  );

/** A table with one row, whatever its cells. */
function tableOf(cells: Record<string, unknown>) {
  return { ...createMemoryTable(), get: () => Promise.resolve({ cells, etag: 'e' }) };
}

describe('rows that another tool has written (08)', () => {
  const { cells, cells2 } = readCase<{ cells: CaseCells; cells2: CaseCells }>('08-retyped-cells.json');

  it('Subscriptions: dates, 64-bit integers, GUIDs and words for booleans are read for what they say', async () => {
    const row = { partitionKey: 't', rowKey: 'jobFetchable_p', status: 'active', ...cellsOf(cells) };
    const key = { tenantId: 't', kind: 'jobFetchable', id: 'p' } as const;
    expect((await createWatches(tableOf(row)).get(key))?.watch).toEqual({
      ...key,
      status: 'active',
      since: '2026-11-22T00:00:00.000Z',
      generation: 5,
      wanted: false,
      failures: 0,
      subscriptionId: GUID,
      expirationDateTime: '2026-11-25T00:00:00.000Z',
    });
  });

  it('Tenants: numbers are read from texts and 64-bit integers', async () => {
    const row = { partitionKey: 'tenant', rowKey: 't', status: 'active', ...cellsOf(cells2) };
    expect(await createTenants(tableOf(row)).get('t')).toMatchObject({ taskDeadlineMinutes: 60, retentionDays: 90 });
  });

  it('PrintJobs: ids that look like numbers stay ids', async () => {
    const row = {
      partitionKey: 't',
      rowKey: 'jobFetchable_p_5182',
      status: 'done',
      attempts: 2n,
      firstSeenAt: new Date('2026-11-22T00:00:00Z'),
      jobId: 5182n,
      printerId: { type: 'Guid', value: GUID },
      runId: 7,
    };
    const stored = await createLedger(tableOf(row)).get({ tenantId: 't', rowKey: row.rowKey });
    expect(stored?.value).toEqual({
      status: 'done',
      phase: 'start',
      attempts: 2,
      firstSeenAt: '2026-11-22T00:00:00.000Z',
      foundBy: 'graph',
      jobId: '5182',
      printerId: GUID,
      runId: '7',
    });
  });

  it('the index of PrintJobs is read alike, and one row that names no job event does not stop the others', async () => {
    const index = { partitionKey: 't', kind: 'jobFetchable', printerId: { type: 'Guid', value: GUID }, jobId: 5182n };
    const rows = [
      { partitionKey: 't', rowKey: 'open_x', kind: 'other' },
      { ...index, rowKey: 'open_y' },
    ];
    const table = { ...createMemoryTable(), list: () => iterate(rows.map((cells) => ({ cells, etag: 'e' }))) };
    const reported: string[] = [];
    const found = [];
    for await (const one of createLedger(table).listOpen('t', ({ message }) => reported.push(message))) found.push(one);
    expect(found).toEqual([{ kind: 'jobFetchable', tenantId: 't', printerId: GUID, jobId: '5182' }]);
    expect(reported).toEqual([expect.stringContaining('The row open_x of the table PrintJobs') as string]);
  });
});

async function* iterate<T>(items: T[]) {
  await Promise.resolve();
  yield* items;
}

describe('a cell', () => {
  const read = (cell: unknown) => readCells('Tenants', { cells: { partitionKey: 'tenant', rowKey: 't1', cell } });

  it.each<[unknown, number]>([
    [5, 5],
    [5n, 5],
    ['5', 5],
    [0, 0],
  ])('%p is the count %p', (cell, count) => {
    expect(read(cell).count('cell')).toBe(count);
  });

  it.each<[unknown, boolean]>([
    [true, true],
    ['True', true],
    ['false', false],
  ])('%p is the flag %p', (cell, flag) => {
    expect(read(cell).flag('cell')).toBe(flag);
  });

  it.each<[unknown, string | undefined]>([
    ['2026-11-22T00:00:00.1234567Z', '2026-11-22T00:00:00.123Z'],
    ['2026-11-22T01:30+01:30', '2026-11-22T00:00:00.000Z'],
    ['', undefined],
    [null, undefined],
    [undefined, undefined],
  ])('%p is the time %p', (cell, time) => {
    expect(read(cell).time('cell')).toBe(time);
  });

  const NUMBER = 'a whole number from 0';
  it.each<['count' | 'flag' | 'time' | 'text', unknown, string]>([
    ['count', 'many', NUMBER],
    ['count', -1, NUMBER],
    ['count', 1.5, NUMBER],
    ['count', NaN, NUMBER],
    ['count', 2n ** 60n, NUMBER],
    ['count', '', NUMBER],
    ['count', true, NUMBER],
    ['flag', 'no', 'true or false'],
    ['flag', 0, 'true or false'],
    ['time', '22.11.2026', 'a time such as 2026-11-22T00:00:00Z'],
    ['time', '2026-11-22T00:00:00', 'a time such as 2026-11-22T00:00:00Z'],
    ['time', '2026-13-22T00:00:00Z', 'a time such as 2026-11-22T00:00:00Z'],
    ['time', new Date(NaN), 'a time such as 2026-11-22T00:00:00Z'],
    ['time', 7, 'a time such as 2026-11-22T00:00:00Z'],
    ['text', new Uint8Array(2), 'a text'],
    ['text', true, 'a text'],
    ['text', { type: 'Other', value: 'x' }, 'a text'],
  ])('as %s is unreadable: %p', (form, cell, expected) => {
    expect(() => read(cell)[form]('cell')).toThrow(
      `The row t1 of the table Tenants has cell in another form than ${expected} (PartitionKey tenant). Correct or delete the row.`,
    );
  });

  it('must be one of its words, and the message does not repeat it', () => {
    expect(read('on').word('cell', ['on', 'off'])).toBe('on');
    expect(() => read('secret').word('cell', ['on', 'off'])).toThrow(/has cell in another form than one of on, off/);
    expect(() => read('secret').word('cell', ['on', 'off'])).not.toThrow(/secret/);
  });
});
