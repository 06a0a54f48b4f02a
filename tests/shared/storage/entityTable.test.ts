import { ReceiverError } from '../../../shared/errors';
import { parseOrReport, updateRow, type EntityTable, type RowFormat } from '../../../shared/storage/entityTable';
import { createMemoryTable } from '../../support/memoryTable';

describe('parseOrReport', () => {
  it('returns the parsed value, reports an error of ours, and throws every other', () => {
    const ours = new ReceiverError('rowUnreadable', 'words');
    const reported: ReceiverError[] = [];
    const report = (error: ReceiverError) => reported.push(error);
    const fail = (error: Error) => () => {
      throw error;
    };
    expect(parseOrReport(() => 7, report)).toBe(7);
    expect(parseOrReport(fail(ours), report)).toBeUndefined();
    expect(() => parseOrReport(fail(new TypeError('a mistake of ours')), report)).toThrow(TypeError);
    expect(reported).toEqual([ours]);
  });
});

describe('updateRow', () => {
  const KEY = { partitionKey: 'p', rowKey: 'r' };
  const FORMAT: RowFormat<number> = {
    parse: ({ cells }) => Number(cells['n']),
    format: (n) => ({ ...KEY, n }),
  };
  const setUp = async () => {
    const table = createMemoryTable();
    const etag = (await table.insert({ ...KEY, n: 1 })) ?? '';
    return { table, known: { value: 1, etag } };
  };
  const read = async (table: EntityTable) => (await table.get('p', 'r'))?.cells['n'];

  it('writes the changed row and gives it back with its ETag', async () => {
    const { table } = await setUp();
    const updated = await updateRow(table, FORMAT, KEY, (n) => n + 1);
    expect(updated).toEqual({ value: 2, etag: (await table.get('p', 'r'))?.etag });
  });

  it('gives undefined for a row that does not exist, and does not create it', async () => {
    const table = createMemoryTable();
    expect(await updateRow(table, FORMAT, KEY, (n) => n + 1)).toBeUndefined();
    expect(table.size()).toBe(0);
  });

  it('does not write a row that is returned unchanged', async () => {
    const { table, known } = await setUp();
    expect(await updateRow(table, FORMAT, KEY, (n) => n)).toEqual(known);
  });

  it('starts from the known row without a read, and reads again after a lost race', async () => {
    const { table, known } = await setUp();
    let reads = 0;
    const counted = { ...table, get: (...key: [string, string]) => ((reads += 1), table.get(...key)) };
    expect(await updateRow(counted, FORMAT, KEY, (n) => n + 1, known)).toMatchObject({ value: 2 });
    expect(reads).toBe(0);
    expect(await updateRow(counted, FORMAT, KEY, (n) => n + 1, known)).toMatchObject({ value: 3 });
    expect([reads, await read(table)]).toEqual([1, 3]);
  });

  it('fails with rowContended after five lost races', async () => {
    const { table } = await setUp();
    let tries = 0;
    const contended = { ...table, replace: () => ((tries += 1), Promise.resolve(undefined)) };
    await expect(updateRow(contended, FORMAT, KEY, (n) => n + 1)).rejects.toMatchObject({
      code: 'rowContended',
      retryable: true,
    });
    expect(tries).toBe(5);
  });
});
