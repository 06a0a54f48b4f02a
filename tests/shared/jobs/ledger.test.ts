import { createLedger } from '../../../shared/jobs/ledger';
import { createMemoryTable } from '../../support/memoryTable';

const fill = async (rows: number) => {
  const table = createMemoryTable();
  for (let row = 0; row < rows; row += 1) await table.insert({ partitionKey: 't', rowKey: `r${row}` });
  await table.insert({ partitionKey: 'other', rowKey: 'r' });
  return table;
};

it('deletes the rows of one tenant and reports progress', async () => {
  const table = await fill(33);
  const reported: number[] = [];
  expect(await createLedger(table).deleteAll('t', (rows) => reported.push(rows))).toBe(33);
  expect(reported).toEqual([16, 32, 33]);
  expect(table.size()).toBe(1);
  expect(await createLedger(table).deleteAll('t')).toBe(0);
});

it('deletes a row that a run has changed in the meantime, and ignores one that is gone or has no name', async () => {
  const table = await fill(2);
  const remove = table.remove.bind(table);
  let tries = 0;
  table.remove = async (partitionKey, rowKey, etag) => {
    tries += 1;
    if (tries === 1) await table.replace({ partitionKey, rowKey, status: 'done' }, etag);
    if (tries === 2) await remove(partitionKey, rowKey, etag);
    return remove(partitionKey, rowKey, etag);
  };
  expect(await createLedger(table).deleteAll('t')).toBe(2);
  expect(table.size()).toBe(1);
  const nameless = { list: () => iterate([{ cells: {}, etag: '' }]) };
  expect(await createLedger({ ...table, ...nameless }).deleteAll('t')).toBe(0);
});

async function* iterate<T>(items: T[]) {
  await Promise.resolve();
  yield* items;
}
