import { createDeviceTokens } from '../../../shared/deviceTokens/deviceTokens';
import { createLedger } from '../../../shared/jobs/ledger';
import { isRecord } from '../../../shared/parse';
import { TABLE_NAMES } from '../../../shared/storage/account';
import type { EntityTable, Row } from '../../../shared/storage/entityTable';
import { createTenants } from '../../../shared/tenants/tenants';
import { createWatches } from '../../../shared/watches/watches';
import { createMemoryTable } from '../memoryTable';
import { sampleClock, TENANT, USER } from './ids';

/** The rows of a table, and what they say. */
export interface TableSample {
  rows: Row[];
  /** What a reader has to find in them. Later readers may find more. */
  reads: unknown;
}

/** Reads rows as this build does. @throws when one is not accepted, or for a table without a reader */
export async function readRows(name: string, rows: readonly Row[]): Promise<unknown> {
  const table = createMemoryTable(sampleClock());
  for (const stored of rows) await table.insert(stored);
  switch (name) {
    case TABLE_NAMES.tenants:
      return all(createTenants(table).list());
    case TABLE_NAMES.deviceTokens:
      return all(createDeviceTokens(table).list(undefined));
    case TABLE_NAMES.subscriptions: {
      const { clientStates, listRecords } = createWatches(table);
      const record = await clientStates.read();
      return {
        watches: (await all(listRecords())).map((read) => read.record),
        ...{ keyIds: [...(record?.keyIds ?? [])], revoked: [...(record?.revoked ?? [])] },
      };
    }
    case TABLE_NAMES.printJobs:
      return readLedger(table);
    default:
      throw new Error(`${name}: tests/support/samples/readRows.ts has no reader for it`);
  }
}

async function readLedger(table: EntityTable) {
  const ledger = createLedger(table);
  const listed = await all(ledger.list(TENANT, { onUnreadable: raise }));
  const rows = listed.map(async ({ rowKey }) => ({
    rowKey,
    ...(await ledger.get({ tenantId: TENANT, rowKey }))?.value,
  }));
  const held = await all(ledger.listHeld(TENANT, {}));
  return {
    rows: await Promise.all(rows),
    open: await all(ledger.listOpen(TENANT)),
    held: held.map(({ heldUntil, reference }) => ({ heldUntil, reference })),
    heldByUser: (await all(ledger.listHeld(TENANT, { user: USER }))).map(({ reference }) => reference),
    byDay: (await all(ledger.listByDay(TENANT, { before: '2026-11-29' }))).map(({ reference }) => reference),
  };
}

function raise(error: Error): never {
  throw error;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** The samples of one table in a stored file. */
export function parseTableSample(value: unknown): TableSample {
  if (!isRecord(value) || !Array.isArray(value['rows'])) throw new Error('The samples of a table have no rows');
  return { rows: value['rows'].map(parseRow), reads: value['reads'] };
}

/** A row of plain cells. */
export function parseRow(cells: unknown): Row {
  if (!isRecord(cells)) throw new Error('A row is no object');
  const { partitionKey, rowKey, ...others } = cells;
  if (typeof partitionKey !== 'string' || typeof rowKey !== 'string') throw new Error('A row has no keys');
  const parsed: Row = { partitionKey, rowKey };
  for (const [name, cell] of Object.entries(others)) {
    const isPlain = typeof cell === 'string' || typeof cell === 'number' || typeof cell === 'boolean';
    if (isPlain) parsed[name] = cell;
    else if (cell !== undefined) throw new Error(`The cell ${name} is no text, number or flag`);
  }
  return parsed;
}
