import { ReceiverError } from '../errors';
import { parseText } from '../parse';

/** The values of a cell. */
export type Cell = string | number | boolean;

/** A row to be written: its two keys and its cells. A cell that is undefined is not written. */
export interface Row {
  partitionKey: string;
  rowKey: string;
  [cell: string]: Cell | undefined;
}

/** A row as it was read: from outside, so its cells are unknown until a parser has looked at them. */
export interface StoredRow {
  cells: Readonly<Record<string, unknown>>;
  etag: string;
  /** When the service answered, by its own clock (header Date); milliseconds since 1970. */
  readAt?: number;
}

/**
 * How long ago a row was last written, by the clock of the service alone; milliseconds. 0 where the service did not say it:
 * then the row stays with the run that wrote it.
 */
export function ageOf({ cells, readAt = NaN }: StoredRow): number {
  return Math.max(0, readAt - Date.parse(parseText(cells['timestamp']))) || 0;
}

/** One change of a transaction. `remove` does not look at the ETag: it belongs to a row that the same transaction guards. */
export type TableChange =
  { insert: Row } | { replace: Row; etag: string } | { remove: { partitionKey: string; rowKey: string } };

/**
 * One table. The ledger and the watches rest on three promises: `insert` succeeds for exactly one of many callers,
 * `replace` and `remove` succeed only when the row is unchanged since it was read, and a write that has resolved is seen by
 * every later read. When a write rejects, its outcome is unknown.
 */
export interface EntityTable {
  /** @param cells only these beside the two keys, as in `ListOptions` */
  get(partitionKey: string, rowKey: string, cells?: readonly string[]): Promise<StoredRow | undefined>;
  /** The new ETag, or undefined when a row with these keys exists. */
  insert(row: Row): Promise<string | undefined>;
  /** Replaces the whole row. The new ETag, or undefined when the row has changed since `etag` or is gone. */
  replace(row: Row, etag: string): Promise<string | undefined>;
  /**
   * Replaces up to 100 rows of one partition, each on its own: the new ETags in the order of the rows, undefined for one
   * that has changed since its `etag` or is gone.
   */
  replaceEach(changes: readonly { row: Row; etag: string }[]): Promise<(string | undefined)[]>;
  /**
   * Up to 100 changes of one partition, all or none (Performing entity group transactions): the new ETags in the order of
   * the changes, '' for a removal; undefined when one of the rows has changed, exists already or is gone.
   */
  write(changes: readonly TableChange[]): Promise<string[] | undefined>;
  /** False when the row has changed since `etag` or is gone. */
  remove(partitionKey: string, rowKey: string, etag: string): Promise<boolean>;
  /** Every row of a partition, or of the table, in the order of the keys. */
  list(partitionKey?: string, options?: ListOptions): AsyncIterable<StoredRow>;
}

/** What a listing of one partition may leave out. */
export interface ListOptions {
  /** Only rows whose RowKey begins with this; not empty. */
  rowKeyPrefix?: string;
  /** Only rows whose RowKey comes after this. */
  after?: string;
  /** Only rows whose RowKey comes before this. */
  before?: string;
  /** Only rows that were last written at this time or later, by the clock of the service; ISO 8601. */
  writtenFrom?: string;
  /** Only rows that were last written before this time; ISO 8601. */
  writtenBefore?: string;
  /** The first so many rows alone; 1,000 at most. */
  most?: number;
  /** Only these cells beside the two keys: a ledger row carries its whole job, which most readers do not need. */
  cells?: readonly string[];
}

/** A parsed row and the ETag that guards it. */
export interface Stored<T> {
  value: T;
  etag: string;
}

/** How the rows of one table are read and written. `parse` throws ReceiverError `rowUnreadable`. */
export interface RowFormat<T> {
  /** Undefined for a row that counts as none. */
  parse: (row: StoredRow) => T | undefined;
  format: (value: T) => Row;
}

/** A row that changes under every attempt of one call is contended by a loop elsewhere. */
const MOST_RACES = 5;

/**
 * The one loop for lost races: reads the row, writes what `change` makes of it, and reads again when another writer was
 * first. `change` may therefore run more than once. A row that `change` returns unchanged (the same object) is not written.
 *
 * @param known the row as the caller has read or written it last: saves the first read
 * @returns the row as it is now, or undefined when there is none
 * @throws ReceiverError `rowContended` after five lost races, `rowUnreadable`
 */
export async function updateRow<T>(
  table: Pick<EntityTable, 'get' | 'replace'>,
  { parse, format }: RowFormat<T>,
  key: { partitionKey: string; rowKey: string },
  change: (value: T) => T,
  known?: Stored<T>,
): Promise<Stored<T> | undefined> {
  let current = known;
  for (let race = 0; race < MOST_RACES; race += 1) {
    if (current === undefined) {
      const row = await table.get(key.partitionKey, key.rowKey);
      const value = row && parse(row);
      if (row === undefined || value === undefined) return undefined;
      current = { value, etag: row.etag };
    }
    const value = change(current.value);
    if (value === current.value) return current;
    const etag = await table.replace(format(value), current.etag);
    if (etag !== undefined) return { value, etag };
    current = undefined;
  }
  throw new ReceiverError('rowContended', `The row ${key.rowKey} changed under every attempt to write it`);
}

/**
 * The result of `parse`. When it throws an error of ours, `report` is called with it and the result is undefined. Without
 * `report` the error is thrown.
 */
export function parseOrReport<T>(parse: () => T, report?: (error: ReceiverError) => void): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (!report || !(error instanceof ReceiverError)) throw error;
    report(error);
    return undefined;
  }
}
