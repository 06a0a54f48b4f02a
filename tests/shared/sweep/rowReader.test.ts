import { createLedger } from '../../../shared/jobs/ledger';
import { createRowReader } from '../../../shared/sweep/ledgerRows';
import { createMemoryTable } from '../../support/memoryTable';

const TENANT = '11111111-1111-1111-1111-111111111111';
const fetchable = (id: string) => ({ tenantId: TENANT, kind: 'jobFetchable' as const, id });

/** A ledger of two printers with two jobs each, and how often it is queried. */
async function ledgerOfFour() {
  const table = createMemoryTable();
  for (const rowKey of ['p1_1', 'p1_2', 'p10_1', 'p10_2']) {
    await table.insert({
      partitionKey: TENANT,
      rowKey: `jobFetchable_${rowKey}`,
      status: 'done',
      foundBy: 'graph',
      firstSeenAt: '2026-11-22T00:00:00.000Z',
      attempts: 1,
    });
  }
  const queries: (string | undefined)[] = [];
  const ledger = {
    ...table,
    list: (...[partitionKey, options]: Parameters<typeof table.list>) => {
      queries.push(options?.rowKeyPrefix);
      return table.list(partitionKey, options);
    },
  };
  return { ledger: createLedger(ledger), queries, table };
}
const silent = () => undefined;

describe('createRowReader', () => {
  it('reads a small ledger once, and gives each watch its own rows', async () => {
    const { ledger, queries } = await ledgerOfFour();
    const read = createRowReader({ ledger }, TENANT, silent);
    const [one, ten, none] = await Promise.all(['p1', 'p10', 'p2'].map((id) => read(fetchable(id))));
    expect([...(one?.keys() ?? [])]).toEqual(['jobFetchable_p1_1', 'jobFetchable_p1_2']);
    expect([...(ten?.keys() ?? [])]).toEqual(['jobFetchable_p10_1', 'jobFetchable_p10_2']);
    expect(none?.size).toBe(0);
    expect(queries).toEqual([undefined]);
  });

  it('sends no query before the first watch is read', async () => {
    const { ledger, queries } = await ledgerOfFour();
    createRowReader({ ledger }, TENANT, silent);
    expect(queries).toEqual([]);
  });

  it('reads a larger one watch by watch', async () => {
    const { ledger, queries } = await ledgerOfFour();
    const read = createRowReader({ ledger }, TENANT, silent, 3);
    expect((await read(fetchable('p1'))).size).toBe(2);
    expect((await read(fetchable('p10'))).size).toBe(2);
    expect(queries).toEqual([undefined, 'jobFetchable_p1_', 'jobFetchable_p10_']);
  });

  it('reports an unreadable row when its watch is read, and keeps its key', async () => {
    const { ledger, table } = await ledgerOfFour();
    await table.insert({ partitionKey: TENANT, rowKey: 'jobFetchable_p1_3', status: 'nonsense' });
    const reported: string[] = [];
    const read = createRowReader({ ledger }, TENANT, (error) => reported.push(error.message));
    await read(fetchable('p10'));
    expect(reported).toEqual([]);
    const rows = await read(fetchable('p1'));
    expect([rows.has('jobFetchable_p1_3'), rows.get('jobFetchable_p1_3')]).toEqual([true, undefined]);
    expect(reported).toEqual([expect.stringContaining('jobFetchable_p1_3')]);
  });
});
